/* SPDX-License-Identifier: Apache-2.0 */
/* Values of a web configuration: parses their texts. Each function returns false if the text is no such value. */
#ifndef EXPORTER_WEB_CONFIG_VALUES_H
#define EXPORTER_WEB_CONFIG_VALUES_H

#include <stdbool.h>
#include <stdint.h>

/* Parses the words for true and false of YAML 1.1. */
bool web_value_bool(const char *text, bool *value);

/* Parses a decimal number that a signed 32-bit number holds. */
bool web_value_int(const char *text, int32_t *value);

/* Parses a length of time as Go writes it ("1m30s", "1.5h", "250ms"), or a bare number of nanoseconds: up to 290
 * years, not negative. */
bool web_value_duration(const char *text, uint64_t *nanoseconds);

/* Parses a hash of bcrypt ("$2y$10$...") of a cost from 4 to 31. */
bool web_value_bcrypt(const char *text, unsigned *cost);

#endif
