/* SPDX-License-Identifier: Apache-2.0 */
/* The values of a web configuration as texts. */
#ifndef EXPORTER_WEB_CONFIG_VALUES_H
#define EXPORTER_WEB_CONFIG_VALUES_H

#include <stdbool.h>
#include <stdint.h>

/* The words for true and false in YAML 1.1. False: it is none of them. */
bool web_value_bool(const char *text, bool *value);

/* A decimal number that a signed 32-bit number holds. */
bool web_value_int(const char *text, int32_t *value);

/* A length of time as Go writes it ("1m30s", "1.5h", "250ms"), or a bare number of nanoseconds. Up to 290 years; not
 * negative. */
bool web_value_duration(const char *text, uint64_t *nanoseconds);

/* Whether the text is a hash of bcrypt ("$2y$10$..."), of a cost from 4 to 31, which *cost tells. */
bool web_value_bcrypt(const char *text, unsigned *cost);

#endif
