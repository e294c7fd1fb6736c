/* SPDX-License-Identifier: Apache-2.0 */
/* Values of flags: the kinds that are not one of a few words. */
#ifndef EXPORTER_CLI_OPTION_VALUES_H
#define EXPORTER_CLI_OPTION_VALUES_H

#include <stdbool.h>
#include <stddef.h>

/* Returns true if `text` is a decimal number from min to max. */
bool value_number(const char *text, size_t min, size_t max, size_t *number);

/* Returns true if `text` can be the path of a request after decoding: it starts with "/", and has no character that
 * ends a path or needs an escape. */
bool value_url_path(const char *text);

#endif
