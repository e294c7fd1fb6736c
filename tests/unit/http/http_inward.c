/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of the inward half of a relay: it passes on whole requests, and segments do not matter. */
#include "exporter/http/acceptor/inward.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define HEALTH      "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
#define POST(count) "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: " #count "\r\n\r\n"
#define BAD         "HEAD / HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n"

/* The output of an inward buffer. */
struct output {
	size_t length;
	char bytes[4 * HEAD_BYTES_MAX];
};

static void take_some(struct inward *inward, struct output *output, size_t most)
{
	const char *bytes;
	size_t length = inward_ready(inward, &bytes);

	assert_int_equal(length > 0, inward_is_ready(inward));
	if (length > most)
		length = most;
	memcpy(output->bytes + output->length, bytes, length);
	output->length += length;
	inward_take(inward, length);
}

/* Adds the text in steps of `in` bytes, and removes `out` bytes after each step. */
static void pass(struct inward *inward, struct output *output, const char *text, size_t length, size_t in, size_t out)
{
	while (length > 0) {
		char *bytes;
		size_t room = inward_reserve(inward, &bytes), some = length < in ? length : in;

		assert_int_equal(room > 0, inward_has_room(inward));
		if (some > room)
			some = room;
		memcpy(bytes, text, some);
		if (some > 0)
			inward_add(inward, some, false);
		text += some;
		length -= some;
		take_some(inward, output, out);
	}
	while (inward_is_ready(inward))
		take_some(inward, output, out);
}

static void check(const char *text, const char *expected)
{
	static const size_t sizes[] = {1, 2, 7, 100, HEAD_BYTES_MAX};

	for (size_t i = 0; i < 5; i++) {
		for (size_t j = 0; j < 5; j++) {
			struct inward *inward = calloc(1, sizeof(*inward));
			struct output *output = calloc(1, sizeof(*output));

			assert_non_null(inward);
			assert_non_null(output);
			pass(inward, output, text, strlen(text), sizes[i], sizes[j]);
			assert_string_equal(output->bytes, expected);
			free(inward);
			free(output);
		}
	}
}

static void test_requests(void **state)
{
	(void)state;
	check(HEALTH, HEALTH);
	check(HEALTH HEALTH HEALTH, HEALTH HEALTH HEALTH);
	check("\r\n\n\r\n" HEALTH "\r\n" HEALTH, HEALTH HEALTH);
	check(HEALTH "GET / HTTP/1.1\r\nHost: x\r\n", HEALTH); /* not whole */
	check("", "");
}

static void test_bodies(void **state)
{
	(void)state;
	check(POST(5) "\r\n\r\n\n" HEALTH, POST(5) "\r\n\r\n\n" HEALTH);
	check(POST(37) BAD HEALTH, POST(37) BAD HEALTH); /* the text that resembles a bad head is a body */
	check(POST(5) "ab", POST(5) "ab");
}

static void test_nothing_comes_after_a_bad_head(void **state)
{
	char refusal[INWARD_FAULT_MAX];

	(void)state;
	snprintf(refusal, sizeof(refusal), "HEAD / HTTP/1.1\r\nHost: x\r\n(fault): %d\r\n\r\n", (int)HEAD_HOST);
	check(BAD HEALTH, refusal);
	snprintf(refusal, sizeof(refusal), HEALTH "GET / HTTP/1.1\r\nHost: x\r\n(fault): %d\r\n\r\n",
	         (int)HEAD_NO_HOST);
	check(HEALTH "GET / HTTP/1.1\r\n\r\n" HEALTH, refusal);
}

static void test_nothing_comes_after_a_body_without_length(void **state)
{
	static const char head[] = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
	char text[200];

	(void)state;
	snprintf(text, sizeof(text), "%s0\r\n\r\n%s", head, HEALTH);
	check(text, head);
}

static void test_large_heads(void **state)
{
	static char text[HEAD_BYTES_MAX + 1];
	struct inward *inward = calloc(1, sizeof(*inward));
	struct output *output = calloc(1, sizeof(*output));
	char refusal[INWARD_FAULT_MAX];

	(void)state;
	assert_non_null(inward);
	assert_non_null(output);
	memset(text, 'a', HEAD_BYTES_MAX);
	memcpy(text, "GET / HTTP/1.1\r\nHost: x\r\nA: ", 28);
	memcpy(text + HEAD_BYTES_MAX - 4, "\r\n\r\n", 4);
	check(text, text); /* the largest head */
	text[HEAD_BYTES_MAX - 4] = 'a';
	memcpy(text + HEAD_BYTES_MAX - 3, "\r\n\r", 3);
	pass(inward, output, text, HEAD_BYTES_MAX, HEAD_BYTES_MAX, HEAD_BYTES_MAX);
	snprintf(refusal, sizeof(refusal), "GET / HTTP/1.1\r\nHost: x\r\n(fault): %d\r\n\r\n", (int)HEAD_TOO_LARGE);
	assert_string_equal(output->bytes, refusal);
	free(inward);
	free(output);
}

static void test_needs_tls(void **state)
{
	struct inward *inward = calloc(1, sizeof(*inward));
	struct output *output = calloc(1, sizeof(*output));
	char refusal[INWARD_FAULT_MAX], *bytes;

	(void)state;
	assert_non_null(inward);
	assert_non_null(output);
	inward_reserve(inward, &bytes);
	memcpy(bytes, HEALTH, strlen(HEALTH));
	inward_add(inward, strlen(HEALTH), true);
	take_some(inward, output, SIZE_MAX);
	snprintf(refusal, sizeof(refusal), "GET / HTTP/1.1\r\nHost: x\r\n(fault): %d\r\n\r\n", (int)HEAD_NEEDS_TLS);
	assert_string_equal(output->bytes, refusal);
	free(inward);
	free(output);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_requests),
	        cmocka_unit_test(test_bodies),
	        cmocka_unit_test(test_nothing_comes_after_a_bad_head),
	        cmocka_unit_test(test_nothing_comes_after_a_body_without_length),
	        cmocka_unit_test(test_large_heads),
	        cmocka_unit_test(test_needs_tls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
