/* SPDX-License-Identifier: Apache-2.0 */
/* Value parsers of the web configuration. Each returns false if the text is not such a value. */
#ifndef EXPORTER_WEB_CONFIG_VALUES_H
#define EXPORTER_WEB_CONFIG_VALUES_H

#include <stdbool.h>
#include <stdint.h>

/* Reads a word for true or false of YAML 1.1. */
bool web_value_bool(const char *text, bool *value);

/* Reads a decimal number that fits a signed 32-bit integer. */
bool web_value_int(const char *text, int32_t *value);

/* Reads a duration of Go ("1m30s", "1.5h", "250ms") or a bare number of nanoseconds: 0 to 290 years. */
bool web_value_duration(const char *text, uint64_t *nanoseconds);

/* Reads the cost, 4 to 31, of a bcrypt hash ("$2y$10$..."). */
bool web_value_bcrypt(const char *text, unsigned *cost);

#endif
