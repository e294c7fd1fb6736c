/* SPDX-License-Identifier: Apache-2.0 */
/* Gzip by zlib's deflate with the gzip wrapper. */
#define ZLIB_CONST
#include "exporter/scrape/gzip.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <zlib.h>

/* Measured on an exposition of 1 MB: level 1 needs 3 ms for 79 kB, level 6 needs 14 ms for 72 kB. The time is part of
 * every scrape, and matters more than 7 kB on the network. */
enum { GZIP_LEVEL = 1 };
/* zlib's defaults for window and memory. Adding 16 selects the gzip wrapper. */
enum { WINDOW_BITS = 15 + 16, MEMORY_LEVEL = 8 };
/* Bytes of the buffer on the stack: a few pages. */
enum { CHUNK = 16 * 1024 };

static int start(struct gzip *gzip)
{
	int result;

	if (gzip->stream)
		return deflateReset(gzip->stream) == Z_OK ? 0 : -ENOMEM;
	gzip->stream = calloc(1, sizeof(*gzip->stream));
	if (!gzip->stream)
		return -ENOMEM;
	result = deflateInit2(gzip->stream, GZIP_LEVEL, Z_DEFLATED, WINDOW_BITS, MEMORY_LEVEL, Z_DEFAULT_STRATEGY);
	if (result == Z_OK)
		return 0;
	free(gzip->stream);
	gzip->stream = NULL;
	return -ENOMEM;
}

/* Compresses the whole input of the stream. */
static int drain(z_stream *stream, struct textbuf *out)
{
	unsigned char chunk[CHUNK];
	int result;

	do {
		stream->next_out = chunk;
		stream->avail_out = sizeof(chunk);
		result = deflate(stream, Z_FINISH);
		if (result == Z_STREAM_ERROR)
			return -EINVAL;
		textbuf_append(out, chunk, sizeof(chunk) - stream->avail_out);
	} while (stream->avail_out == 0 && !out->error);
	return out->error;
}

void gzip_init(struct gzip *gzip)
{
	gzip->stream = NULL;
}

void gzip_release(struct gzip *gzip)
{
	if (gzip->stream)
		deflateEnd(gzip->stream);
	free(gzip->stream);
	gzip->stream = NULL;
}

int gzip_write(struct gzip *gzip, struct textbuf *out, const void *bytes, size_t length)
{
	int result = start(gzip);

	if (result)
		return result;
	if (length > UINT_MAX) /* zlib counts in unsigned int */
		return -EFBIG;
	gzip->stream->next_in = bytes;
	gzip->stream->avail_in = (uInt)length;
	return drain(gzip->stream, out);
}
