/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of the decoder of inet_diag dumps, with messages made by hand. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <linux/tcp.h>

#include <cmocka.h>

#include "exporter/platform/linux/netlink/inet_diag.h"

#define SEQUENCE 77

/* The datagram under construction. */
static struct {
	_Alignas(8) char bytes[4096];
	size_t length;
} datagram;

static struct {
	unsigned rows;
	struct inet_diag_row last;
	int answer;
} seen;

static int see(void *data, const struct inet_diag_row *row)
{
	(void)data;
	seen.rows++;
	seen.last = *row;
	return seen.answer;
}

static int decode(struct inet_diag_sink *sink)
{
	*sink = (struct inet_diag_sink){.row = see, .tcp_info = true};
	return inet_diag_decode(datagram.bytes, datagram.length, SEQUENCE, sink);
}

static int set_up(void **state)
{
	(void)state;
	memset(&datagram, 0, sizeof(datagram));
	memset(&seen, 0, sizeof(seen));
	return 0;
}

static struct nlmsghdr *put(uint16_t type, uint16_t flags, const void *payload, size_t length)
{
	struct nlmsghdr *header = (struct nlmsghdr *)(void *)(datagram.bytes + datagram.length);

	*header = (struct nlmsghdr){.nlmsg_len = (uint32_t)(NLMSG_HDRLEN + length),
	                            .nlmsg_type = type,
	                            .nlmsg_flags = flags,
	                            .nlmsg_seq = SEQUENCE};
	if (length > 0)
		memcpy(datagram.bytes + datagram.length + NLMSG_HDRLEN, payload, length);
	datagram.length += NLMSG_ALIGN(header->nlmsg_len);
	return header;
}

/* Adds a row with one attribute of `length` bytes. */
static void put_row(uint16_t attribute, const void *payload, size_t length)
{
	struct {
		struct inet_diag_msg msg;
		struct nlattr attribute;
		char payload[512];
	} row = {.msg = {.idiag_state = 8, .idiag_inode = 5}};

	row.attribute = (struct nlattr){.nla_len = (uint16_t)(sizeof(row.attribute) + length), .nla_type = attribute};
	if (length > 0)
		memcpy(row.payload, payload, length);
	put(TCPDIAG_GETSOCK, NLM_F_MULTI, &row, sizeof(row.msg) + sizeof(row.attribute) + (length + 3) / 4 * 4);
}

static void rows_and_done(void **state)
{
	struct inet_diag_msg msg = {.idiag_inode = 9};
	struct inet_diag_sink sink;
	int zero = 0;

	(void)state;
	put(SOCK_DIAG_BY_FAMILY, NLM_F_MULTI, &msg, sizeof(msg));
	put(TCPDIAG_GETSOCK, NLM_F_MULTI, &msg, sizeof(msg));
	assert_int_equal(decode(&sink), 0);
	put(NLMSG_DONE, NLM_F_MULTI, &zero, sizeof(zero));
	assert_int_equal(decode(&sink), 1);
	assert_int_equal(seen.rows, 4);
	assert_int_equal(seen.last.msg->idiag_inode, 9);
	assert_false(seen.last.has_quiet || seen.last.has_drops || seen.last.v6_only);
}

static void attributes(void **state)
{
	struct tcp_info info = {.tcpi_last_ack_recv = 1234};
	const uint32_t memory[SK_MEMINFO_VARS] = {[SK_MEMINFO_DROPS] = 36};
	const char yes = 1, no = 0;
	struct inet_diag_sink sink;

	(void)state;
	put_row(INET_DIAG_INFO, &info, sizeof(info));
	assert_int_equal(decode(&sink), 0);
	assert_true(seen.last.has_quiet);
	assert_int_equal(seen.last.quiet_ms, 1234);
	put_row(INET_DIAG_SKV6ONLY, &yes, 1);
	assert_int_equal(decode(&sink), 0);
	assert_true(seen.last.v6_only);
	put_row(INET_DIAG_SKV6ONLY, &no, 1);
	assert_int_equal(decode(&sink), 0);
	assert_false(seen.last.v6_only);
	put_row(INET_DIAG_SKMEMINFO, memory, sizeof(memory));
	assert_int_equal(decode(&sink), 0);
	assert_true(seen.last.has_drops);
	assert_int_equal(seen.last.drops, 36);
	/* So are drops on kernels before 4.7, which have a shorter list. */
	put_row(INET_DIAG_SKMEMINFO, memory, SK_MEMINFO_DROPS * sizeof(memory[0]));
	assert_int_equal(decode(&sink), 0);
	assert_false(seen.last.has_drops);
	/* quiet_ms is absent, not 0, with the shorter tcp_info of an old kernel. */
	put_row(INET_DIAG_INFO, &info, offsetof(struct tcp_info, tcpi_last_ack_recv));
	assert_int_equal(decode(&sink), 0);
	assert_false(seen.last.has_quiet);
}

static void errors(void **state)
{
	struct nlmsgerr refused = {.error = -ENOENT}, acknowledged = {.error = 0};
	struct inet_diag_sink sink;
	int failed = -ENOMEM;

	(void)state;
	put(NLMSG_ERROR, 0, &refused, sizeof(refused));
	assert_int_equal(decode(&sink), -ENOENT);
	set_up(NULL);
	put(NLMSG_ERROR, 0, &acknowledged, sizeof(acknowledged));
	assert_int_equal(decode(&sink), -EBADMSG);
	set_up(NULL);
	put(NLMSG_DONE, 0, &failed, sizeof(failed));
	assert_int_equal(decode(&sink), -ENOMEM);
	set_up(NULL);
	put(NLMSG_OVERRUN, 0, NULL, 0);
	assert_int_equal(decode(&sink), -ENOBUFS);
	set_up(NULL);
	put(999, 0, NULL, 0);
	assert_int_equal(decode(&sink), -EBADMSG);
}

static void consumer_gives_up(void **state)
{
	struct inet_diag_sink sink;

	(void)state;
	put_row(INET_DIAG_MARK, NULL, 0);
	put_row(INET_DIAG_MARK, NULL, 0);
	seen.answer = -ENOMEM;
	assert_int_equal(decode(&sink), -ENOMEM);
	assert_int_equal(seen.rows, 1);
}

static void other_sequences_are_not_ours(void **state)
{
	struct inet_diag_msg msg = {0};
	struct inet_diag_sink sink;

	(void)state;
	put(TCPDIAG_GETSOCK, 0, &msg, sizeof(msg))->nlmsg_seq = SEQUENCE - 1;
	put(NLMSG_DONE, 0, NULL, 0)->nlmsg_seq = SEQUENCE - 1;
	assert_int_equal(decode(&sink), 0);
	assert_int_equal(seen.rows, 0);
}

static void lengths_that_lie(void **state)
{
	struct inet_diag_msg msg = {0};
	struct inet_diag_sink sink;

	(void)state;
	put(TCPDIAG_GETSOCK, 0, &msg, sizeof(msg) - 1);
	assert_int_equal(decode(&sink), -EBADMSG);
	set_up(NULL);
	put(TCPDIAG_GETSOCK, 0, &msg, sizeof(msg))->nlmsg_len = 4000;
	assert_int_equal(decode(&sink), -EBADMSG);
	set_up(NULL);
	put(NLMSG_ERROR, 0, NULL, 0);
	assert_int_equal(decode(&sink), -EBADMSG);
	set_up(NULL);
	put(NLMSG_DONE, 0, NULL, 0);
	datagram.length = 8; /* cut within a header */
	assert_int_equal(decode(&sink), -EBADMSG);
	assert_int_equal(seen.rows, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_setup(rows_and_done, set_up),
	        cmocka_unit_test_setup(attributes, set_up),
	        cmocka_unit_test_setup(errors, set_up),
	        cmocka_unit_test_setup(consumer_gives_up, set_up),
	        cmocka_unit_test_setup(other_sequences_are_not_ours, set_up),
	        cmocka_unit_test_setup(lengths_that_lie, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
