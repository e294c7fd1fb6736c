/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzzes the acceptor's request head checker: an input is what a client sends. Each byte 255 ends a segment and is left
 * out. The output does not depend on the segments. It passes the checker again unchanged, up to a refusal.
 */
#include "tests/fuzz/fuzz.h"

#include "exporter/http/acceptor/inward.h"

#define SEGMENT 255

struct output {
	size_t length;
	char *bytes;
};

static void take_all(struct inward *inward, struct output *output)
{
	const char *bytes;
	size_t length = inward_ready(inward, &bytes);

	output->bytes = realloc(output->bytes, output->length + length + 1);
	CHECK(output->bytes);
	memcpy(output->bytes + output->length, bytes, length);
	output->length += length;
	inward_take(inward, length);
	CHECK(!inward_is_ready(inward));
}

static void add(struct inward *inward, struct output *output, const char *bytes, size_t length)
{
	while (length > 0) {
		char *to;
		size_t room = inward_reserve(inward, &to), some = length < room ? length : room;

		CHECK(some > 0);
		memcpy(to, bytes, some);
		inward_add(inward, some, false);
		take_all(inward, output);
		bytes += some;
		length -= some;
	}
}

/* Passes the bytes through, in segments or without them. */
static struct output pass(const char *bytes, size_t length, bool segments, bool *refused)
{
	struct inward *inward = calloc(1, sizeof(*inward));
	struct output output = {0, NULL};
	char *plain = malloc(length + 1);
	size_t count = 0;

	CHECK(inward && plain);
	take_all(inward, &output);
	for (size_t i = 0; i < length; i++) {
		if ((unsigned char)bytes[i] != SEGMENT) {
			plain[count++] = bytes[i];
		} else if (segments) {
			add(inward, &output, plain, count);
			count = 0;
		}
	}
	add(inward, &output, plain, count);
	*refused = inward->deaf;
	free(plain);
	free(inward);
	return output;
}

static bool same(const struct output *a, const struct output *b)
{
	return a->length == b->length && memcmp(a->bytes, b->bytes, a->length) == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	bool refused, again;
	struct output first = pass((const char *)bytes, length, true, &refused);
	struct output second = pass((const char *)bytes, length, false, &again);

	CHECK(refused == again);
	CHECK(same(&first, &second));
	free(second.bytes);
	if (!refused) {
		second = pass(first.bytes, first.length, false, &again);
		CHECK(!again && same(&first, &second));
		free(second.bytes);
	}
	free(first.bytes);
	return 0;
}
