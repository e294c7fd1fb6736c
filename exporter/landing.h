/* SPDX-License-Identifier: Apache-2.0 */
/* The page at `/`: name, version and links. */
#ifndef EXPORTER_LANDING_H
#define EXPORTER_LANDING_H

#include "metrics/textbuf.h"

/* Writes the page as HTML; texts are escaped. Errors are sticky in `out`. */
void landing_write(struct textbuf *out, const char *version, const char *telemetry_path);

#endif
