/* SPDX-License-Identifier: Apache-2.0 */
/* Gzip: compresses one body after another, and keeps the compressor's memory between them. */
#ifndef EXPORTER_SCRAPE_GZIP_H
#define EXPORTER_SCRAPE_GZIP_H

#include <stddef.h>

#include "metrics/textbuf.h"

struct gzip {
	struct z_stream_s *stream; /* NULL until the first body */
};

void gzip_init(struct gzip *gzip);
void gzip_release(struct gzip *gzip);

/* Appends the bytes to `out` as one gzip member (RFC 1952). Returns 0, -ENOMEM, or -EFBIG over the limit of `out`.
 * After an error `out` can hold a part of the member. */
int gzip_write(struct gzip *gzip, struct textbuf *out, const void *bytes, size_t length) MUST_CHECK;

#endif
