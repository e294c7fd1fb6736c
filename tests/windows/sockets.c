/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The backend of Windows on sockets of this program's own, in every state that a program can put them in and
 * keep them in: each has one row, with both its ends.
 */
#include <sys/socket.h>

#include <windows.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "exporter/platform/host.h"
#include "exporter/platform/socket.h"
#include "exporter/platform/windows/iphlpapi.h"

#define OWN_NAME "windows_sockets.exe"

/* Both ends of a connection over loopback. */
struct pair {
	int client, server;
	uint16_t client_port;
};

static struct snapshot snapshot;
static struct platform *platform;

static int family_length(int family)
{
	return family == AF_INET ? (int)sizeof(struct sockaddr_in) : (int)sizeof(struct sockaddr_in6);
}

static uint16_t port_of(int opened)
{
	struct sockaddr_storage address;
	int length = sizeof(address);

	assert_int_equal(getsockname(opened, (struct sockaddr *)&address, &length), 0);
	return ntohs(((const struct sockaddr_in *)&address)->sin_port); /* in the same place for both families */
}

static struct sockaddr_storage loopback(int family, uint16_t port)
{
	struct sockaddr_storage address = {.ss_family = (short)family};

	if (family == AF_INET) {
		((struct sockaddr_in *)&address)->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		((struct sockaddr_in *)&address)->sin_port = htons(port);
	} else {
		((struct sockaddr_in6 *)&address)->sin6_addr.s6_addr[15] = 1;
		((struct sockaddr_in6 *)&address)->sin6_port = htons(port);
	}
	return address;
}

static int make_listener(int family)
{
	struct sockaddr_storage address = loopback(family, 0);
	int opened = socket(family, SOCK_STREAM, 0);

	assert_true(opened >= 0);
	assert_int_equal(bind(opened, (const struct sockaddr *)&address, family_length(family)), 0);
	assert_int_equal(listen(opened, 5), 0);
	return opened;
}

static struct pair make_pair(int family, int listener)
{
	struct sockaddr_storage address = loopback(family, port_of(listener));
	struct pair pair = {.client = socket(family, SOCK_STREAM, 0)};
	char byte = 'x';

	assert_true(pair.client >= 0);
	assert_int_equal(connect(pair.client, (const struct sockaddr *)&address, family_length(family)), 0);
	pair.server = accept(listener, NULL, NULL);
	assert_true(pair.server >= 0);
	pair.client_port = port_of(pair.client);
	assert_int_equal(send(pair.client, &byte, 1, 0), 1);
	assert_int_equal(recv(pair.server, &byte, 1, 0), 1);
	return pair;
}

static void take_snapshot(void)
{
	struct deadline deadline = {.expires_ns = UINT64_MAX};
	struct platform_error error = {""};

	snapshot_reset(&snapshot);
	if (platform_iphlpapi.read(platform, &deadline, &snapshot, &error) != 0)
		fail_msg("%s", error.text);
}

static bool is_row(const struct snapshot_socket *row, int family, uint16_t local, uint16_t remote)
{
	return snapshot.addresses[row->local].family == (family == AF_INET ? 4 : 6) && row->local_port == local &&
	       row->remote_port == remote;
}

/* Returns the only row with these ends, or NULL without one. */
static const struct snapshot_socket *find(int family, uint16_t local, uint16_t remote)
{
	const struct snapshot_socket *found = NULL;

	for (size_t i = 0; i < snapshot.socket_count; i++) {
		if (!is_row(&snapshot.sockets[i], family, local, remote))
			continue;
		assert_null(found);
		found = &snapshot.sockets[i];
	}
	return found;
}

/* Waits for the row's state, because the last segment needs a moment to reach the other end. */
static void expect(int family, uint16_t local, uint16_t remote, enum socket_state expected)
{
	enum socket_state state = STATE_COUNT;

	for (int tries = 0; tries < 100 && state != expected; tries++) {
		const struct snapshot_socket *row;

		Sleep(tries > 0 ? 20 : 0);
		take_snapshot();
		row = find(family, local, remote);
		state = row != NULL ? (enum socket_state)row->state : STATE_COUNT;
	}
	if (state != expected)
		fail_msg("%u-%u: expected %s, got %s", local, remote, state_name(expected),
		         state < STATE_COUNT ? state_name(state) : "no row");
}

static void assert_loopback(uint32_t index, int family)
{
	static const uint8_t v4[16] = {127, 0, 0, 1}, v6[16] = {[15] = 1};

	assert_true(index < snapshot.address_count);
	assert_memory_equal(snapshot.addresses[index].bytes, family == AF_INET ? v4 : v6, 16);
}

static void check_states(int family)
{
	int listener = make_listener(family);
	uint16_t port = port_of(listener);
	struct pair open = make_pair(family, listener), half = make_pair(family, listener), done;
	const struct snapshot_socket *row;

	assert_int_equal(shutdown(half.client, SHUT_WR), 0);
	expect(family, port, open.client_port, STATE_ESTABLISHED);
	expect(family, open.client_port, port, STATE_ESTABLISHED);
	expect(family, port, half.client_port, STATE_CLOSE_WAIT);
	expect(family, half.client_port, port, STATE_FIN_WAIT2);
	done = make_pair(family, listener);
	host_close_socket(done.client);
	expect(family, port, done.client_port, STATE_CLOSE_WAIT);
	host_close_socket(done.server);
	expect(family, done.client_port, port, STATE_TIME_WAIT);
	assert_null(find(family, port, done.client_port)); /* its other end has no row */

	row = find(family, port, open.client_port);
	assert_loopback(row->local, family);
	assert_loopback(row->remote, family);
	row = find(family, port, 0);
	assert_non_null(row);
	assert_int_equal(row->state, STATE_LISTEN);
	assert_loopback(row->local, family);
	assert_int_equal((row->flags & SOCKET_V6_ONLY) != 0, family == AF_INET6);
	assert_int_equal(find(family, done.client_port, port)->owner, OWNER_NONE);
	host_close_socket(open.client);
	host_close_socket(open.server);
	host_close_socket(half.client);
	host_close_socket(half.server);
	host_close_socket(listener);
}

static void test_v4(void **state)
{
	(void)state;
	check_states(AF_INET);
}

static void test_v6(void **state)
{
	(void)state;
	check_states(AF_INET6);
}

/* The row has the PID of this process, and the process its name. Wine reports the PID of sockets that were not
 * accepted. */
static void test_owner(void **state)
{
	int listener = make_listener(AF_INET);
	struct pair pair = make_pair(AF_INET, listener);
	const struct snapshot_process *owner;
	const struct snapshot_socket *row;

	(void)state;
	take_snapshot();
	row = find(AF_INET, pair.client_port, port_of(listener));
	assert_non_null(row);
	assert_true(row->owner < snapshot.process_count);
	owner = &snapshot.processes[row->owner];
	assert_int_equal(owner->pid, GetCurrentProcessId());
	assert_int_not_equal(owner->start, 0);
	assert_int_equal(owner->text[PROCESS_NAME].length, strlen(OWN_NAME));
	assert_memory_equal(snapshot_text(&snapshot, owner->text[PROCESS_NAME]), OWN_NAME, strlen(OWN_NAME));
	host_close_socket(pair.client);
	host_close_socket(pair.server);
	host_close_socket(listener);
}

/* Closes by a reset, which leaves no TIME_WAIT, because Wine needs long for each row of a table. */
static void close_for_good(const struct pair *pair)
{
	const struct linger linger = {.l_onoff = 1};

	assert_int_equal(setsockopt(pair->client, SOL_SOCKET, SO_LINGER, (const char *)&linger, sizeof(linger)), 0);
	host_close_socket(pair->client);
	host_close_socket(pair->server);
}

/* The table has more rows than the first buffer holds. */
static void test_growth(void **state)
{
	enum { PAIRS = 400 };
	static struct pair pairs[PAIRS];
	int listener = make_listener(AF_INET);
	uint16_t port = port_of(listener);

	(void)state;
	for (size_t i = 0; i < PAIRS; i++)
		pairs[i] = make_pair(AF_INET, listener);
	take_snapshot();
	for (size_t i = 0; i < PAIRS; i++) {
		assert_non_null(find(AF_INET, port, pairs[i].client_port));
		assert_non_null(find(AF_INET, pairs[i].client_port, port));
	}
	for (size_t i = 0; i < PAIRS; i++)
		close_for_good(&pairs[i]);
	host_close_socket(listener);
}

/* The exporter's own pairs are not counted. */
static void test_pairs(void **state)
{
	int ends[2];

	(void)state;
	assert_int_equal(host_socket_pair(ends, 0), 0);
	take_snapshot();
	assert_null(find(AF_INET, port_of(ends[0]), port_of(ends[1])));
	assert_null(find(AF_INET, port_of(ends[1]), 0));
	host_close_socket(ends[1]);
	host_close_socket(ends[0]);
}

static void test_facts(void **state)
{
	(void)state;
	take_snapshot();
	assert_int_equal(snapshot.states, STATE_BIT(STATE_COUNT) - 1);
	assert_int_equal(snapshot.facts, FACT_UNDESCRIBED);
	assert_int_equal(snapshot.netns_count, 1);
	assert_int_equal(snapshot.netns[0].id, 0);
	assert_true(snapshot.netns[0].ephemeral_low < snapshot.netns[0].ephemeral_high);
	for (size_t i = 0; i < snapshot.socket_count; i++)
		assert_int_equal(snapshot.sockets[i].flags & (SOCKET_HAS_QUEUES | SOCKET_HAS_QUIET), 0);
}

static void test_deadline(void **state)
{
	int listener = make_listener(AF_INET);
	struct deadline deadline = {.expires_ns = 0};
	struct platform_error error = {""};

	(void)state;
	snapshot_reset(&snapshot);
	assert_int_equal(platform_iphlpapi.read(platform, &deadline, &snapshot, &error), -ETIMEDOUT);
	assert_string_not_equal(error.text, "");
	deadline.cancelled = true;
	snapshot_reset(&snapshot);
	assert_int_equal(platform_iphlpapi.read(platform, &deadline, &snapshot, &error), -ECANCELED);
	host_close_socket(listener);
}

static int set_up(void **state)
{
	static const struct platform_options options = {
	        .procfs = "/proc", .want = WANT_REMOTE_ADDRESSES | WANT_EXE | WANT_USER | WANT_UNIT};
	struct platform_error error;

	(void)state;
	snapshot_init(&snapshot);
	return platform_iphlpapi.open(&platform, &options, &error);
}

static int tear_down(void **state)
{
	(void)state;
	platform_iphlpapi.close(platform);
	snapshot_release(&snapshot);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_v4),       cmocka_unit_test(test_v6),    cmocka_unit_test(test_owner),
	        cmocka_unit_test(test_growth),   cmocka_unit_test(test_pairs), cmocka_unit_test(test_facts),
	        cmocka_unit_test(test_deadline),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
