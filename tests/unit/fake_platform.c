/* SPDX-License-Identifier: Apache-2.0 */
/* Fake backend: its table is in memory. */
#include "tests/unit/fake_platform.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

struct platform {
	pthread_mutex_t lock;
	bool blocked, deaf;
	int error;
	unsigned reads, connections;
};

static void pause_ms(long ms)
{
	const struct timespec time = {0, ms * 1000000};

	nanosleep(&time, NULL);
}

static int fill(struct snapshot *snapshot, unsigned connections)
{
	static const unsigned char loopback[4] = {127, 0, 0, 1};
	const struct snapshot_netns netns = {.ephemeral_low = 32768, .ephemeral_high = 60999};
	uint32_t index, address, process;
	int result = snapshot_add_netns(snapshot, &netns, &index);

	if (!result)
		result = snapshot_intern_address(snapshot, index, 4, loopback, &address);
	if (!result)
		result = snapshot_add_process(snapshot, 42, 1, &process);
	if (!result)
		result = snapshot_set_text(snapshot, process, PROCESS_NAME, "server", 6);
	for (unsigned i = 0; !result && i <= connections; i++) {
		struct snapshot_socket *row = snapshot_add_socket(snapshot);

		if (!row)
			return -ENOMEM;
		row->owner = process;
		row->local = address;
		row->local_port = 80;
		row->remote_port = i ? (uint16_t)(40000 + i) : 0;
		row->state = i ? STATE_CLOSE_WAIT : STATE_LISTEN;
		row->flags = SOCKET_HAS_QUEUES;
	}
	snapshot->states = (1u << (STATE_CLOSING + 1)) - 1;
	snapshot->facts = FACT_QUEUES | FACT_ACCEPT_QUEUES;
	return result;
}

static int fake_open(struct platform **platform, const struct platform_options *options, struct platform_error *error)
{
	(void)options;
	*platform = NULL;
	platform_error_set(error, "the fake platform is made by fake_new()");
	return -ENOTSUP;
}

static int fake_read(struct platform *fake, struct deadline *deadline, struct snapshot *snapshot,
                     struct platform_error *error)
{
	bool blocked, deaf;
	unsigned connections;
	int result = 0, failure;

	pthread_mutex_lock(&fake->lock);
	fake->reads++;
	pthread_mutex_unlock(&fake->lock);
	do {
		pthread_mutex_lock(&fake->lock);
		blocked = fake->blocked;
		deaf = fake->deaf;
		failure = fake->error;
		connections = fake->connections;
		pthread_mutex_unlock(&fake->lock);
		if (blocked)
			pause_ms(1);
		if (!deaf)
			result = deadline_check(deadline);
	} while (blocked && !result);
	if (!result)
		result = -failure;
	if (result)
		platform_error_set(error, "cannot read the fake table \"x\": %s", strerror(-result));
	return result ? result : fill(snapshot, connections);
}

static void fake_close(struct platform *fake)
{
	(void)fake;
}

const struct platform_backend fake_backend = {
        .name = "fake", .open = fake_open, .read = fake_read, .close = fake_close};

struct platform *fake_new(void)
{
	struct platform *fake = calloc(1, sizeof(*fake));

	assert_non_null(fake);
	pthread_mutex_init(&fake->lock, NULL);
	fake->connections = 3;
	return fake;
}

void fake_free(struct platform *fake)
{
	pthread_mutex_destroy(&fake->lock);
	free(fake);
}

static void set_blocked(struct platform *fake, bool blocked, bool deaf)
{
	pthread_mutex_lock(&fake->lock);
	fake->blocked = blocked;
	fake->deaf = deaf;
	pthread_mutex_unlock(&fake->lock);
}

void fake_block(struct platform *fake, bool deaf)
{
	set_blocked(fake, true, deaf);
}

void fake_release(struct platform *fake)
{
	set_blocked(fake, false, false);
}

void fake_fail(struct platform *fake, int error)
{
	pthread_mutex_lock(&fake->lock);
	fake->error = error;
	pthread_mutex_unlock(&fake->lock);
}

unsigned fake_reads(struct platform *fake)
{
	unsigned reads;

	pthread_mutex_lock(&fake->lock);
	reads = fake->reads;
	pthread_mutex_unlock(&fake->lock);
	return reads;
}

void fake_wait_reads(struct platform *fake, unsigned count)
{
	for (int tries = 0; fake_reads(fake) < count; tries++) {
		if (tries == 10000)
			fail_msg("only %u of %u reads began", fake_reads(fake), count);
		pause_ms(1);
	}
}

void fake_connections(struct platform *fake, unsigned count)
{
	pthread_mutex_lock(&fake->lock);
	fake->connections = count;
	pthread_mutex_unlock(&fake->lock);
}
