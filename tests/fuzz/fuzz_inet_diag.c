/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzzes the decoder of inet_diag dumps: rows lie within the datagram, and bytes outside it have no effect. */
#include "tests/fuzz/fuzz.h"

#include <errno.h>

#include "exporter/platform/linux/netlink/inet_diag.h"

/* The sequence number that the seeds have. */
#define SEQUENCE 77
/* Bytes after the datagram in the receive buffer: the rest of an older datagram, with any values. */
enum { SLACK = 64 };

struct seen {
	const char *begin, *end;
	uint64_t digest; /* of the rows and of the results */
	size_t rows, refuse_at;
};

static void mix(struct seen *seen, uint64_t value)
{
	seen->digest = (seen->digest ^ value) * UINT64_C(0x100000001b3);
}

static int see(void *data, const struct inet_diag_row *row)
{
	struct seen *seen = data;
	const char *msg = (const char *)row->msg;

	CHECK(msg >= seen->begin);
	CHECK(seen->end - msg >= (ptrdiff_t)sizeof(*row->msg));
	CHECK(row->has_quiet || row->quiet_ms == 0);
	CHECK(row->has_drops || row->drops == 0);
	for (size_t i = 0; i < sizeof(*row->msg); i++)
		mix(seen, (unsigned char)msg[i]);
	mix(seen, (uint64_t)row->drops << 32 | row->quiet_ms);
	mix(seen, (uint64_t)row->has_drops << 2 | (uint64_t)row->has_quiet << 1 | row->v6_only);
	seen->rows++;
	return seen->rows == seen->refuse_at ? -ENOMEM : 0;
}

static struct seen decode(const char *bytes, size_t length, size_t refuse_at)
{
	struct seen seen = {.begin = bytes, .end = bytes + length, .refuse_at = refuse_at};
	struct inet_diag_sink sink = {.row = see, .data = &seen, .tcp_info = true};
	int result = inet_diag_decode(bytes, length, SEQUENCE, &sink);

	CHECK(result <= 1);
	CHECK(result != -EINVAL || length > 0);
	if (refuse_at > 0 && seen.rows == refuse_at)
		CHECK(result == -ENOMEM);
	mix(&seen, (uint64_t)result);
	return seen;
}

/* Decodes in a receive buffer that is larger than the datagram and has `filler` after it. */
static struct seen decode_before(const uint8_t *bytes, size_t length, int filler)
{
	char *buffer = malloc(length + SLACK);
	struct seen seen;

	CHECK(buffer);
	if (length > 0)
		memcpy(buffer, bytes, length);
	memset(buffer + length, filler, SLACK);
	seen = decode(buffer, length, 0);
	free(buffer);
	return seen;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	char *copy = exact_copy(bytes, length);
	struct seen all = decode(copy, length, 0);

	if (all.rows > 1)
		CHECK(decode(copy, length, all.rows - 1).rows == all.rows - 1);
	free(copy);
	CHECK(decode_before(bytes, length, 0x00).digest == decode_before(bytes, length, 0xff).digest);
	CHECK(decode_before(bytes, length, 0x04).digest == decode_before(bytes, length, 0x0b).digest);
	return 0;
}
