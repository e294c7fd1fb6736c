/* SPDX-License-Identifier: Apache-2.0 */
/* Generator of random snapshots. A seed gives the same small snapshots, with all kinds of rows, owners and names. */
#ifndef TESTS_UNIT_METRICS_DRAW_H
#define TESTS_UNIT_METRICS_DRAW_H

#include "tests/unit/metrics/rows.h"

#include "metrics/hash.h"

enum { DRAW_ROWS = 60, DRAW_PROCESSES = 8 };

struct draw {
	uint64_t seed, drawn;
	struct snapshot *snapshot;
};

/* Returns a number from 0 to below - 1. */
static inline uint32_t draw(struct draw *d, uint32_t below)
{
	return (uint32_t)(hash_mix(hash_mix(d->seed, ++d->drawn), 1) >> 20) % below;
}

static inline const char *draw_string(struct draw *d, const char *const *strings, uint32_t count)
{
	return strings[draw(d, count)];
}
#define DRAW_STRING(d, strings) draw_string(d, strings, sizeof(strings) / sizeof(strings[0]))

static inline void draw_netns(struct draw *d)
{
	static const uint64_t ids[] = {4026531840, 7, 4026532000};
	static const uint16_t ranges[][2] = {{32768, 60999}, {1, 0}, {40000, 40001}, {0, 65535}};
	size_t count = 1 + draw(d, 3);

	for (size_t i = 0; i < count; i++) {
		const uint16_t *range = ranges[draw(d, 4)];
		const struct snapshot_netns netns = {ids[i], range[0], range[1]};
		uint32_t index;

		assert_int_equal(snapshot_add_netns(d->snapshot, &netns, &index), 0);
	}
	if (draw(d, 2))
		port_set_add(&d->snapshot->reserved, 40000);
	if (draw(d, 2))
		port_set_add(&d->snapshot->bound_ports, (uint16_t)(39998 + draw(d, 5)));
}

static inline void draw_processes(struct draw *d)
{
	static const char *const names[] = {"nginx",  "nginx",   "a\xff",    "a\xfe", "",
	                                    "(none)", "sshd: x", "\xe2\x82", "nginx2"};
	static const char *const texts[] = {"", "root", "/usr/bin/x", "\xf0\x9f", "u\xff", "u\xc0"};
	uint32_t count = draw(d, DRAW_PROCESSES);

	for (uint32_t i = 0; i < count; i++) {
		uint32_t pid = 1 + draw(d, 12), start = draw(d, 5);
		uint32_t process = rows_process(d->snapshot, pid, start, DRAW_STRING(d, names));

		for (int which = PROCESS_USER; which < PROCESS_TEXT_COUNT; which++) {
			const char *text = DRAW_STRING(d, texts);

			if (draw(d, 3))
				assert_int_equal(snapshot_set_text(d->snapshot, process, (enum process_text)which, text,
				                                   strlen(text)),
				                 0);
		}
	}
}

/* Some listeners' drops are not known. */
static inline void draw_drops(struct draw *d, struct snapshot_socket *socket)
{
	if (draw(d, 3) == 0)
		return;
	rows_drops(d->snapshot, socket, d->snapshot->listener_count, draw(d, 5));
}

static inline void draw_row(struct draw *d)
{
	static const char *const addresses[] = {"0.0.0.0", "::", "10.0.0.1", "::ffff:10.0.0.1", "fe80::1", "9.0.0.1"};
	static const uint16_t ports[] = {22, 80, 32767, 40000, 40001, 50000, 0, 65535};
	const uint32_t owners[] = {OWNER_NONE, OWNER_UNKNOWN};
	uint32_t owner = draw(d, (uint32_t)d->snapshot->process_count + 2);
	uint32_t netns = draw(d, (uint32_t)d->snapshot->netns_count);
	uint32_t local = rows_address(d->snapshot, netns, DRAW_STRING(d, addresses));
	struct snapshot_socket *socket = snapshot_add_socket(d->snapshot);

	assert_non_null(socket);
	socket->owner = owner < d->snapshot->process_count ? owner : owners[owner - d->snapshot->process_count];
	socket->local = local;
	socket->local_port = ports[draw(d, 8)];
	socket->remote_port = ports[draw(d, 8)];
	socket->receive_queue = draw(d, 5);
	socket->send_queue = draw(d, 5);
	socket->state = (uint8_t)(draw(d, 4) ? draw(d, STATE_COUNT) : STATE_LISTEN);
	socket->flags = (uint8_t)(draw(d, 1 << 3) | (draw(d, 3) * SOCKET_RETRANSMITTING));
	if (socket->state == STATE_LISTEN)
		draw_drops(d, socket);
	else
		socket->quiet_ms = draw(d, 5);
}

/* Draws another snapshot in place of the last. */
static inline void draw_snapshot(struct draw *d)
{
	uint32_t rows = draw(d, DRAW_ROWS);

	snapshot_reset(d->snapshot);
	draw_netns(d);
	draw_processes(d);
	for (uint32_t i = 0; i < rows; i++)
		draw_row(d);
}

#endif
