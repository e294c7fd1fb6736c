/* SPDX-License-Identifier: Apache-2.0 */
/* Values of flags: paths of requests. */
#ifndef EXPORTER_CLI_OPTION_VALUES_H
#define EXPORTER_CLI_OPTION_VALUES_H

#include <stdbool.h>

/* Returns true if `text` can be the path of a request after decoding: it starts with "/", and has no character that
 * ends a path or needs an escape. */
bool value_url_path(const char *text);

#endif
