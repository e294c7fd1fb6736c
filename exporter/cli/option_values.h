/* SPDX-License-Identifier: Apache-2.0 */
/* Values of flags: the kinds that take more than one of a few words. */
#ifndef EXPORTER_CLI_OPTION_VALUES_H
#define EXPORTER_CLI_OPTION_VALUES_H

#include <stdbool.h>
#include <stddef.h>

/* Whether `text` is a decimal number from min to max and nothing else. */
bool value_number(const char *text, size_t min, size_t max, size_t *number);

/* Whether `text` can stand for the path of a request, as it is after decoding: it starts with "/" and
 * has nothing that would end a path or need an escape. */
bool value_url_path(const char *text);

#endif
