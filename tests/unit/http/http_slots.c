/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of the slots of connections: their order and their networks. No slot is ever lost. */
#include "exporter/http/limits/slots.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

enum { ROOM = 5 };

static int set_up(void **state)
{
	struct http_slots *slots = malloc(sizeof(*slots));

	assert_non_null(slots);
	assert_int_equal(http_slots_init(slots, ROOM), 0);
	*state = slots;
	return 0;
}

static int tear_down(void **state)
{
	http_slots_release(*state);
	free(*state);
	return 0;
}

static void assert_order(const struct http_slots *slots, struct http_connection *const *expected, size_t count)
{
	const struct http_connection *at = slots->oldest, *before = NULL;

	for (size_t i = 0; i < count; i++, before = at, at = at->next) {
		assert_ptr_equal(at, expected[i]);
		assert_ptr_equal(at->previous, before);
	}
	assert_null(at);
	assert_ptr_equal(slots->newest, before);
}

static void drop(struct http_slots *slots, struct http_connection *connection)
{
	http_slots_leave(slots, connection);
	assert_null(connection->network);
	http_slots_put(slots, connection);
}

static void test_order_of_progress(void **state)
{
	struct http_slots *slots = *state;
	struct http_connection *a = http_slots_take(slots, 1), *b = http_slots_take(slots, 2);
	struct http_connection *c = http_slots_take(slots, 1);

	assert_order(slots, (struct http_connection *[]){a, b, c}, 3);
	http_slots_renew(slots, a);
	assert_order(slots, (struct http_connection *[]){b, c, a}, 3);
	http_slots_renew(slots, a);
	http_slots_renew(slots, c);
	assert_order(slots, (struct http_connection *[]){b, a, c}, 3);
	drop(slots, a);
	assert_order(slots, (struct http_connection *[]){b, c}, 2);
	drop(slots, b);
	drop(slots, c);
	assert_order(slots, NULL, 0);
}

static void test_networks_are_counted(void **state)
{
	struct http_slots *slots = *state;
	struct http_connection *a = http_slots_take(slots, 7), *b = http_slots_take(slots, 8);
	struct http_connection *c = http_slots_take(slots, 7);

	assert_ptr_equal(a->network, c->network);
	assert_ptr_not_equal(a->network, b->network);
	assert_int_equal(a->network->connections, 2);
	assert_int_equal(b->network->connections, 1);
	http_slots_leave(slots, a);
	assert_int_equal(c->network->connections, 1); /* it exists and is not counted */
	assert_order(slots, (struct http_connection *[]){a, b, c}, 3);
	http_slots_put(slots, a);
	drop(slots, c);
	drop(slots, b);
	a = http_slots_take(slots, 7);
	assert_int_equal(a->network->connections, 1);
	assert_int_equal(a->network->scrapes, 0);
	drop(slots, a);
}

static void test_room(void **state)
{
	struct http_slots *slots = *state;
	struct http_connection *taken[ROOM];

	for (uint64_t round = 0; round < 3; round++) { /* other networks in each round */
		for (uint64_t i = 0; i < ROOM; i++) {
			taken[i] = http_slots_take(slots, round * ROOM + i);
			assert_non_null(taken[i]);
			assert_int_equal(taken[i]->network->id, round * ROOM + i);
			taken[i]->socket = 1;
			taken[i]->network->scrapes = 1;
		}
		assert_null(http_slots_take(slots, 0));
		for (size_t i = 0; i < ROOM; i++)
			drop(slots, taken[(i * 2) % ROOM]);
		assert_null(slots->networks);
	}
	taken[0] = http_slots_take(slots, 1);
	assert_int_equal(taken[0]->socket, 0);
	assert_int_equal(taken[0]->progress, PROGRESS_NONE);
	assert_false(taken[0]->scrapes);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(test_order_of_progress),
	        TEST(test_networks_are_counted),
	        TEST(test_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
