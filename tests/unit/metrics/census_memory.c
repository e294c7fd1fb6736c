/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests in which each allocation from rows to ranked groups fails once: the call returns the error, nothing leaks, and
 * the next attempt on the same memory is right. Linked with realloc() wrapped.
 */
#include "tests/unit/metrics/groups.h"

#include "metrics/history/accept_drops.h"
#include "metrics/census/fold_memory.h"

#include <errno.h>
#include <stdlib.h>

/* Number of allocations that succeed before one fails. Negative: none fails. */
static int allocations_left = -1;

void *__real_realloc(void *memory, size_t size);
void *__wrap_realloc(void *memory, size_t size);

void *__wrap_realloc(void *memory, size_t size)
{
	if (allocations_left == 0)
		return NULL;
	if (allocations_left > 0)
		allocations_left--;
	return __real_realloc(memory, size);
}

struct road {
	struct snapshot snapshot;
	struct listeners listeners;
	struct served_ports served;
	struct accept_drops drops;
	struct census census;
	struct fold fold;
	struct fold_memory memory;
};

static const struct census_options options = {
        .labels = LABEL_BIT(LABEL_PID) | LABEL_BIT(LABEL_EXE) | LABEL_BIT(LABEL_LOCAL_ADDRESS),
        .local_port = LOCAL_PORT_ALL,
};

static void init(struct road *road)
{
	snapshot_init(&road->snapshot);
	listeners_init(&road->listeners);
	served_ports_init(&road->served);
	accept_drops_init(&road->drops, false);
	census_init(&road->census);
	fold_init(&road->fold);
	fold_memory_init(&road->memory);
}

static void release(struct road *road)
{
	snapshot_release(&road->snapshot);
	listeners_release(&road->listeners);
	served_ports_release(&road->served);
	accept_drops_release(&road->drops);
	census_release(&road->census);
	fold_release(&road->fold);
	fold_memory_release(&road->memory);
}

/* Enough rows for each array and hash to grow more than once. */
enum { ROWS = 100 };

static int add_row(struct snapshot *snapshot, uint32_t i)
{
	const uint32_t bytes[4] = {1, 2, 3, i};
	struct snapshot_socket *socket;
	uint32_t process, local;
	int ret = snapshot_add_process(snapshot, i + 1, i, &process);

	if (ret)
		return ret;
	ret = snapshot_set_text(snapshot, process, PROCESS_NAME, "nginx: worker", 13);
	if (ret)
		return ret;
	ret = snapshot_intern_address(snapshot, i % 3, 6, bytes, &local);
	if (ret)
		return ret;
	socket = snapshot_add_socket(snapshot);
	if (!socket)
		return -ENOMEM;
	socket->local = local;
	socket->local_port = (uint16_t)i;
	socket->remote_port = (uint16_t)(ROWS_LOW + i); /* the role of half of the rows is open */
	socket->owner = i % 5 ? process : OWNER_NONE;
	socket->state = (uint8_t)(i % 2 ? STATE_LISTEN : STATE_CLOSE_WAIT);
	ret = snapshot_intern_device(snapshot, i % 7, &socket->device);
	return ret || socket->state != STATE_LISTEN ? ret : snapshot_set_drops(snapshot, socket, i, i);
}

static int travel(struct road *road)
{
	int ret = 0;

	snapshot_reset(&road->snapshot);
	for (uint64_t i = 0; !ret && i < 3; i++) {
		const struct snapshot_netns netns = {i, ROWS_LOW, ROWS_HIGH};
		uint32_t index;

		ret = snapshot_add_netns(&road->snapshot, &netns, &index);
	}
	for (uint32_t i = 0; !ret && i < ROWS; i++)
		ret = add_row(&road->snapshot, i);
	if (!ret)
		ret = listeners_build(&road->listeners, &road->snapshot);
	if (!ret)
		ret = served_ports_update(&road->served, &road->snapshot, &road->listeners);
	accept_drops_compare(&road->drops, &road->snapshot);
	if (!ret)
		ret = census_take(&road->census, &road->snapshot, &road->served, &options);
	if (!ret)
		ret = accept_drops_add(&road->drops, &road->snapshot, &road->census, 0);
	if (!ret)
		ret = fold_memory_rank(&road->memory, &road->fold, &road->snapshot, &road->census.identities,
		                       &road->census.by_local_port);
	return ret;
}

static void assert_same(const struct road *a, const struct road *b)
{
	char expected[GROUPS_LINE], actual[GROUPS_LINE];

	assert_int_equal(a->census.by_local_port.count, b->census.by_local_port.count);
	assert_int_equal(a->census.outbound.count, b->census.outbound.count);
	assert_memory_equal(a->census.states, b->census.states, sizeof(a->census.states));
	for (size_t i = 0; i < a->census.by_local_port.count; i++) {
		groups_labels(expected, &a->census, &a->snapshot, &a->census.by_local_port.groups[i]);
		groups_labels(actual, &b->census, &b->snapshot, &b->census.by_local_port.groups[i]);
		assert_string_equal(actual, expected);
		assert_int_equal(a->census.by_local_port.groups[i].rank, b->census.by_local_port.groups[i].rank);
		assert_int_equal(a->census.by_local_port.groups[i].drops, b->census.by_local_port.groups[i].drops);
	}
}

static void test_each_allocation_fails_once(void **state)
{
	struct road whole, road;
	int failures = 0;
	bool done = false;

	(void)state;
	init(&whole);
	assert_int_equal(travel(&whole), 0);
	for (; !done; failures++) {
		init(&road);
		allocations_left = failures;
		done = !travel(&road);
		allocations_left = -1;
		assert_int_equal(travel(&road), 0);
		assert_same(&whole, &road);
		release(&road);
	}
	release(&whole);
	assert_true(failures > 40);
}

/* A second census of the same snapshot allocates nothing. */
static void test_steady_state_allocates_nothing(void **state)
{
	struct road road;

	(void)state;
	init(&road);
	assert_int_equal(travel(&road), 0);
	allocations_left = 0;
	assert_int_equal(travel(&road), 0);
	assert_int_equal(travel(&road), 0);
	allocations_left = -1;
	release(&road);
}

/* Allocations that succeeded before a failure are kept, so that repeated attempts succeed in the end. */
static void test_memory_comes_one_piece_at_a_time(void **state)
{
	struct road whole, road;
	int attempts = 0, ret;

	(void)state;
	init(&whole);
	assert_int_equal(travel(&whole), 0);
	init(&road);
	do {
		allocations_left = 1;
		ret = travel(&road);
		allocations_left = -1;
		assert_true(ret == 0 || ret == -ENOMEM);
		assert_true(++attempts < 1000);
	} while (ret);
	assert_true(attempts > 20);
	assert_same(&whole, &road);
	release(&road);
	release(&whole);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_each_allocation_fails_once),
	        cmocka_unit_test(test_steady_state_allocates_nothing),
	        cmocka_unit_test(test_memory_comes_one_piece_at_a_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
