/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of the reader of request heads by RFC 9112: good heads, and the faults of others. */
#include "exporter/http/acceptor/head.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define GET  "GET / HTTP/1.1\r\n"
#define HOST "Host: x\r\n"
#define GOOD GET HOST

struct example {
	const char *bytes;
	size_t length;
	enum head_fault fault;
};
#define EXAMPLE(text, fault)                                                                                           \
	{                                                                                                              \
		(text), sizeof(text) - 1, (fault)                                                                      \
	}

/* Reads a copy of the text that has no byte more, so that a sanitizer sees every read beyond it. */
static struct head read_bytes(const char *bytes, size_t length)
{
	char *copy = malloc(length);
	struct head head;
	size_t searched = 0;

	assert_non_null(copy);
	memcpy(copy, bytes, length);
	assert_int_equal(head_find_end(copy, length, &searched), length);
	head_read(&head, copy, length);
	free(copy);
	return head;
}

static void check_all(const struct example *examples, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct head head = read_bytes(examples[i].bytes, examples[i].length);

		if (head.fault != examples[i].fault)
			fail_msg("expected fault %d, got %d in\n%s", (int)examples[i].fault, (int)head.fault,
			         examples[i].bytes);
	}
}

static void test_request_lines(void **state)
{
	static const struct example examples[] = {
	        EXAMPLE(GOOD "\r\n", HEAD_GOOD),
	        EXAMPLE("GET / HTTP/1.1\nHost: x\n\n", HEAD_GOOD),
	        EXAMPLE("OPTIONS * HTTP/1.1\r\n" HOST "\r\n", HEAD_GOOD),
	        EXAMPLE("GET http://x/ HTTP/1.1\r\n" HOST "\r\n", HEAD_GOOD),
	        EXAMPLE("GET /\xc3\xa9 HTTP/1.1\r\n" HOST "\r\n", HEAD_GOOD),
	        EXAMPLE("GET / HTTP/1.0\r\n\r\n", HEAD_GOOD),
	        EXAMPLE("GET / HTTP/1.2\r\n" HOST "\r\n", HEAD_GOOD), /* RFC 9110, 2.5 */
	        EXAMPLE("GET / HTTP/2.0\r\n" HOST "\r\n", HEAD_VERSION),
	        EXAMPLE("GET / HTTP/9.1\r\n" HOST "\r\n", HEAD_VERSION),
	        EXAMPLE("GET / HTTP/1.10\r\n" HOST "\r\n", HEAD_REQUEST_LINE),
	        EXAMPLE("GET / http/1.1\r\n" HOST "\r\n", HEAD_REQUEST_LINE),
	        EXAMPLE("GET /\r\n\r\n", HEAD_REQUEST_LINE),
	        EXAMPLE("GET  / HTTP/1.1\r\n" HOST "\r\n", HEAD_REQUEST_LINE),
	        EXAMPLE("GET / HTTP/1.1 \r\n" HOST "\r\n", HEAD_REQUEST_LINE),
	        EXAMPLE("GET /a b HTTP/1.1\r\n" HOST "\r\n", HEAD_REQUEST_LINE),
	        EXAMPLE("GET /\0x HTTP/1.1\r\n" HOST "\r\n", HEAD_REQUEST_LINE),
	        EXAMPLE("GET /\x7f HTTP/1.1\r\n" HOST "\r\n", HEAD_REQUEST_LINE),
	        EXAMPLE("G(T / HTTP/1.1\r\n" HOST "\r\n", HEAD_REQUEST_LINE),
	        EXAMPLE(" GET / HTTP/1.1\r\n" HOST "\r\n", HEAD_REQUEST_LINE),
	        EXAMPLE("GET\t/ HTTP/1.1\r\n" HOST "\r\n", HEAD_REQUEST_LINE),
	        EXAMPLE("GET /\rx HTTP/1.1\r\n" HOST "\r\n", HEAD_BARE_CR),
	        EXAMPLE("GET / HTTP/1.1\r\r\n" HOST "\r\n", HEAD_BARE_CR),
	};

	(void)state;
	check_all(examples, sizeof(examples) / sizeof(examples[0]));
}

static void test_fields(void **state)
{
	static const struct example examples[] = {
	        EXAMPLE(GOOD "A:\r\nB: \r\nC:\tx\t\r\n\r\n", HEAD_GOOD),
	        EXAMPLE(GOOD "A: \xff\xfe \"q\" (c)\r\n\r\n", HEAD_GOOD),
	        EXAMPLE(GOOD "A: b\r\n c\r\n\r\n", HEAD_FOLDED),
	        EXAMPLE(GOOD "Content-Length: 5\r\n\t6\r\n\r\n", HEAD_FOLDED),
	        EXAMPLE(GET " A: b\r\n" HOST "\r\n", HEAD_FOLDED),
	        EXAMPLE(GOOD "A\r\n\r\n", HEAD_FIELD_NAME),
	        EXAMPLE(GOOD "A : b\r\n\r\n", HEAD_FIELD_NAME),
	        EXAMPLE(GOOD "Transfer-Encoding : chunked\r\n\r\n", HEAD_FIELD_NAME),
	        EXAMPLE(GOOD ": b\r\n\r\n", HEAD_FIELD_NAME),
	        EXAMPLE(GOOD "(fault): 1\r\n\r\n", HEAD_FIELD_NAME),
	        EXAMPLE(GOOD "A\0: b\r\n\r\n", HEAD_FIELD_NAME),
	        EXAMPLE(GOOD "A: b\0c\r\n\r\n", HEAD_FIELD_VALUE),
	        EXAMPLE(GOOD "A: \x1b[0m\r\n\r\n", HEAD_FIELD_VALUE),
	        EXAMPLE(GOOD "A: b\rc\r\n\r\n", HEAD_BARE_CR),
	        EXAMPLE(GOOD "A: b\r\r\n\r\n", HEAD_BARE_CR),
	};

	(void)state;
	check_all(examples, sizeof(examples) / sizeof(examples[0]));
}

static void test_host(void **state)
{
	static const struct example examples[] = {
	        EXAMPLE(GET "Host:\r\n\r\n", HEAD_GOOD), /* RFC 9112, 3.2: of a target without authority */
	        EXAMPLE(GET "hOST: a.example:80\r\n\r\n", HEAD_GOOD),
	        EXAMPLE(GET "Host: [::1]:80\r\n\r\n", HEAD_GOOD),
	        EXAMPLE(GET "\r\n", HEAD_NO_HOST),
	        EXAMPLE(GOOD HOST "\r\n", HEAD_HOST),
	        EXAMPLE(GOOD "Host: y\r\n\r\n", HEAD_HOST),
	        EXAMPLE(GET "Host: a b\r\n\r\n", HEAD_HOST),
	        EXAMPLE(GET "Host: a/b\r\n\r\n", HEAD_HOST),
	        EXAMPLE("GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n", HEAD_HOST),
	};

	(void)state;
	check_all(examples, sizeof(examples) / sizeof(examples[0]));
}

static void test_framing(void **state)
{
	static const struct example examples[] = {
	        EXAMPLE(GOOD "Content-Length: 5\r\n\r\n", HEAD_GOOD),
	        EXAMPLE(GOOD "Content-Length: 5 \r\n\r\n", HEAD_GOOD),
	        EXAMPLE(GOOD "Content-Length: -1\r\n\r\n", HEAD_LENGTH),
	        EXAMPLE(GOOD "Content-Length: +5\r\n\r\n", HEAD_LENGTH),
	        EXAMPLE(GOOD "Content-Length: 0x5\r\n\r\n", HEAD_LENGTH),
	        EXAMPLE(GOOD "Content-Length: 5, 5\r\n\r\n", HEAD_LENGTH),
	        EXAMPLE(GOOD "Content-Length: 99999999999999999999\r\n\r\n", HEAD_LENGTH_TOO_LARGE),
	        EXAMPLE(GOOD "Content-Length:\r\n\r\n", HEAD_LENGTH),
	        EXAMPLE(GOOD "Content-Length: 5\r\nContent-Length: 5\r\n\r\n", HEAD_LENGTH),
	        EXAMPLE(GOOD "Content-Length: 5\r\nContent-Length: 6\r\n\r\n", HEAD_LENGTH),
	        EXAMPLE(GOOD "Transfer-Encoding: chunked\r\n\r\n", HEAD_GOOD),
	        EXAMPLE(GOOD "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n", HEAD_LENGTH),
	        EXAMPLE(GOOD "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", HEAD_LENGTH),
	        EXAMPLE("GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", HEAD_CODING),
	};

	(void)state;
	check_all(examples, sizeof(examples) / sizeof(examples[0]));
}

static struct head read_text(const char *text)
{
	return read_bytes(text, strlen(text));
}

static void test_bodies(void **state)
{
	(void)state;
	assert_int_equal(read_text(GOOD "\r\n").length, 0);
	assert_int_equal(read_text(GOOD "Content-Length: 065\r\n\r\n").length, 65);
	assert_false(read_text(GOOD "Content-Length: 1\r\n\r\n").endless);
	assert_true(read_text(GOOD "Transfer-Encoding: gzip, chunked\r\n\r\n").endless);
	assert_true(read_text("HEAD / HTTP/1.1\r\n" HOST "\r\n").to_head);
	assert_false(read_text("HEADS / HTTP/1.1\r\n" HOST "\r\n").to_head);
}

/* Blanks after a value are moved before it. */
static void test_blanks_are_moved(void **state)
{
	char text[] = GOOD "Content-Length: 5 \t\r\n\r\n";
	struct head head;

	(void)state;
	head_read(&head, text, sizeof(text) - 1);
	assert_string_equal(text, GOOD "Content-Length:   5\r\n\r\n");
}

/* The end of a head is found at once and byte by byte, and only in a whole head. */
static void test_end(void **state)
{
	static const char *const heads[] = {"G\r\n\r\n", "G\n\n", "G\r\nA: b\r\n\n", "G\nA: b\n\r\n"};

	(void)state;
	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
		size_t length = strlen(heads[i]), searched = 0;

		for (size_t end = 0; end < length; end++)
			assert_int_equal(head_find_end(heads[i], end, &searched), 0);
		assert_int_equal(head_find_end(heads[i], length, &searched), length);
		assert_int_equal(searched, 0);
	}
}

static size_t repeat(char *text, size_t length, const char *part, size_t times)
{
	for (size_t i = 0; i < times; i++)
		length += (size_t)sprintf(text + length, "%s", part);
	return length;
}

static void test_parts(void **state)
{
	static char text[HEAD_BYTES_MAX + 100];
	struct head head;

	(void)state;
	for (size_t more = 0; more <= 1; more++) {
		const enum head_fault fault = more ? HEAD_TOO_LARGE : HEAD_GOOD;
		size_t length = (size_t)sprintf(text, GOOD);

		length = repeat(text, length, "A: b\r\n", HEAD_PARTS_MAX - 1 + more); /* and Host */
		length = repeat(text, length, "\r\n", 1);
		head_read(&head, text, length);
		assert_int_equal(head.fault, fault);

		length = (size_t)sprintf(text, GOOD "Cookie: a=b");
		length = repeat(text, length, ";a=b", HEAD_PARTS_MAX - 2 + more);
		length = repeat(text, length, "\r\n\r\n", 1);
		head_read(&head, text, length);
		assert_int_equal(head.fault, fault);

		length = (size_t)sprintf(text, "GET /?a");
		length = repeat(text, length, "&a", HEAD_PARTS_MAX - 1 + more);
		length = repeat(text, length, " HTTP/1.1\r\n" HOST "\r\n", 1);
		head_read(&head, text, length);
		assert_int_equal(head.fault, fault);
	}
}

static void test_too_large(void **state)
{
	struct head head;

	(void)state;
	head_read_too_large(&head, "GET /aaaa", 9);
	assert_int_equal(head.fault, HEAD_TARGET_TOO_LONG);
	head_read_too_large(&head, "HEAD /aa HTTP/1.1\r\nA", 20);
	assert_int_equal(head.fault, HEAD_TOO_LARGE);
	assert_true(head.to_head);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_request_lines), cmocka_unit_test(test_fields),
	        cmocka_unit_test(test_host),          cmocka_unit_test(test_framing),
	        cmocka_unit_test(test_bodies),        cmocka_unit_test(test_blanks_are_moved),
	        cmocka_unit_test(test_end),           cmocka_unit_test(test_parts),
	        cmocka_unit_test(test_too_large),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
