/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of the snapshot: growth, addresses, texts, states, port sets, and the sort and hash that it uses. */
#include "tests/unit/metrics/rows.h"

#include "metrics/hash.h"
#include "metrics/sort.h"

#include <errno.h>
#include <stdlib.h>

static int setup(void **state)
{
	struct snapshot *snapshot = malloc(sizeof(*snapshot));

	if (!snapshot)
		return -1;
	snapshot_init(snapshot);
	*state = snapshot;
	return 0;
}

static int teardown(void **state)
{
	snapshot_release(*state);
	free(*state);
	return 0;
}

static void test_array_grows_and_keeps_content(void **state)
{
	uint32_t *array = NULL;
	size_t capacity = 0, growths = 0;

	(void)state;
	for (uint32_t i = 0; i < 100000; i++) {
		size_t before = capacity;

		assert_int_equal(array_reserve((void **)&array, &capacity, i + 1, sizeof(*array)), 0);
		growths += capacity != before;
		array[i] = i;
	}
	assert_true(growths < 20);
	for (uint32_t i = 0; i < 100000; i++)
		assert_int_equal(array[i], i);
	/* Neither the number of bytes nor the doubled capacity can overflow. The array stays. */
	assert_int_equal(array_reserve((void **)&array, &capacity, SIZE_MAX, sizeof(*array)), -ENOMEM);
	assert_int_equal(array_reserve((void **)&array, &capacity, SIZE_MAX / 2, sizeof(*array)), -ENOMEM);
	assert_int_equal(array[99999], 99999);
	free(array);
}

static void test_array_reserves_what_is_asked_for(void **state)
{
	uint64_t *array = NULL;
	size_t capacity = 0;

	(void)state;
	assert_int_equal(array_reserve((void **)&array, &capacity, 0, sizeof(*array)), 0);
	assert_null(array);
	assert_int_equal(array_reserve((void **)&array, &capacity, 1000000, sizeof(*array)), 0);
	assert_int_equal(capacity, 1000000);
	free(array);
}

static void test_million_rows_stay_small(void **state)
{
	struct snapshot *snapshot = *state;

	for (uint32_t i = 0; i < 1000000; i++)
		assert_non_null(snapshot_add_socket(snapshot));
	assert_true(snapshot->socket_capacity * sizeof(*snapshot->sockets) <= 40u << 20);
}

static void test_new_row_is_blank(void **state)
{
	const struct snapshot_socket blank = {.owner = OWNER_NONE, .remote = ADDRESS_ABSENT};
	struct snapshot *snapshot = *state;
	struct snapshot_socket *socket;

	for (int round = 0; round < 2; round++) {
		socket = snapshot_add_socket(snapshot);
		assert_non_null(socket);
		assert_int_equal(socket->owner, blank.owner);
		assert_int_equal(socket->remote, blank.remote);
		assert_int_equal(socket->state | socket->flags | socket->local_port | socket->remote_port, 0);
		assert_int_equal(socket->receive_queue | socket->send_queue | socket->quiet_ms, 0);
		memset(socket, 0x55, sizeof(*socket));
		snapshot_reset(snapshot);
		assert_int_equal(snapshot->socket_count, 0);
	}
}

static void test_addresses_are_found_again(void **state)
{
	static const struct {
		uint32_t netns;
		const char *address;
		uint32_t index;
	} cases[] = {
	        {0, "127.0.0.1", 0},        {0, "::1", 1},       {0, "127.0.0.1", 0}, {1, "127.0.0.1", 2},
	        {0, "::ffff:127.0.0.1", 0}, {0, "0.0.0.0", 3},   {0, "::", 4},        {0, "::ffff:0.0.0.0", 3},
	        {0, "::127.0.0.1", 5},      {1, "::1", 6},       {0, "::1", 1},       {0, "7f00:1::", 7},
	        {0, "::fffe:127.0.0.1", 8}, {0, "127.0.0.1", 0}, {0, "::", 4},
	};
	struct snapshot *snapshot = *state;

	for (int round = 0; round < 2; round++) {
		for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
			assert_int_equal(rows_address(snapshot, cases[i].netns, cases[i].address), cases[i].index);
		assert_int_equal(snapshot->address_count, 9);
		assert_int_equal(snapshot->addresses[0].family, 4);
		assert_int_equal(snapshot->addresses[0].bytes[3], 1);
		assert_int_equal(snapshot->addresses[0].bytes[4], 0);
		assert_int_equal(snapshot->addresses[5].family, 6);
		assert_int_equal(snapshot->addresses[6].netns, 1);
		snapshot_reset(snapshot);
	}
}

static void test_many_addresses(void **state)
{
	enum { MANY = 50000 };
	struct snapshot *snapshot = *state;
	uint32_t index;

	/* A large round, small ones that trim the hash, then a large one again. */
	for (int round = 0; round < 4; round++) {
		uint32_t count = round == 0 || round == 3 ? MANY : 10;

		for (uint32_t i = 0; i < 2 * count; i++) {
			uint32_t bytes[4] = {0, 0, 1, i % count};

			assert_int_equal(snapshot_intern_address(snapshot, i % count % 7, 6, bytes, &index), 0);
			assert_int_equal(index, i % count);
		}
		assert_int_equal(snapshot->address_count, count);
		snapshot_reset(snapshot);
	}
}

static void test_last_address_dies_with_the_reset(void **state)
{
	struct snapshot *snapshot = *state;

	rows_address(snapshot, 0, "10.0.0.1");
	snapshot_reset(snapshot);
	assert_int_equal(rows_address(snapshot, 0, "10.0.0.2"), 0);
	assert_int_equal(rows_address(snapshot, 0, "10.0.0.1"), 1);
}

static void test_wildcards(void **state)
{
	static const struct {
		const char *address;
		bool wildcard;
	} cases[] = {{"0.0.0.0", true}, {"::", true}, {"::ffff:0.0.0.0", true}, {"0.0.0.1", false}, {"::1", false}};
	struct snapshot *snapshot = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint32_t index = rows_address(snapshot, 0, cases[i].address);

		assert_int_equal(address_is_wildcard(&snapshot->addresses[index]), cases[i].wildcard);
	}
}

static void test_texts(void **state)
{
	static const char bytes[] = {'a', '\0', '\xff', '\n'};
	struct snapshot *snapshot = *state;
	const struct snapshot_process *process;
	uint32_t first, second;

	assert_int_equal(snapshot_add_process(snapshot, 7, 100, &first), 0);
	assert_int_equal(snapshot_add_process(snapshot, 8, 101, &second), 0);
	assert_int_equal(snapshot_set_text(snapshot, second, PROCESS_USER, NULL, 0), 0);
	assert_int_equal(snapshot_set_text(snapshot, first, PROCESS_NAME, bytes, sizeof(bytes)), 0);
	assert_int_equal(snapshot_set_text(snapshot, second, PROCESS_NAME, "sshd", 4), 0);
	assert_int_equal(snapshot_set_text(snapshot, second, PROCESS_EXE, "x", UINT32_MAX), -ENOMEM);

	process = &snapshot->processes[first];
	assert_int_equal(process->pid, 7);
	assert_int_equal(process->start, 100);
	assert_int_equal(process->text[PROCESS_NAME].length, sizeof(bytes));
	assert_memory_equal(snapshot_text(snapshot, process->text[PROCESS_NAME]), bytes, sizeof(bytes));
	assert_null(snapshot_text(snapshot, process->text[PROCESS_USER]));
	process = &snapshot->processes[second];
	assert_memory_equal(snapshot_text(snapshot, process->text[PROCESS_NAME]), "sshd", 4);
	assert_non_null(snapshot_text(snapshot, process->text[PROCESS_USER]));
	assert_int_equal(process->text[PROCESS_USER].length, 0);
	assert_null(snapshot_text(snapshot, process->text[PROCESS_EXE]));
}

static void test_reset_empties_everything(void **state)
{
	struct snapshot *snapshot = *state;
	struct snapshot_socket *sockets;

	rows_netns(snapshot, 1);
	rows_listener(snapshot, rows_process(snapshot, 1, 1, "init"), "::", 80, 0);
	port_set_add(&snapshot->reserved, 8080);
	snapshot->states = snapshot->facts = 1;
	snapshot->unreadable_processes = snapshot->shared_sockets = snapshot->sockets_ns = snapshot->owners_ns = 1;
	sockets = snapshot->sockets;
	snapshot_reset(snapshot);
	assert_int_equal(snapshot->socket_count + snapshot->address_count + snapshot->process_count, 0);
	assert_int_equal(snapshot->netns_count + snapshot->text_length + snapshot->states + snapshot->facts, 0);
	assert_int_equal(snapshot->unreadable_processes + snapshot->shared_sockets, 0);
	assert_int_equal(snapshot->sockets_ns + snapshot->owners_ns, 0);
	assert_false(port_set_has(&snapshot->reserved, 8080));
	assert_ptr_equal(snapshot->sockets, sockets);
}

static void test_state_names(void **state)
{
	static const char *const names[STATE_COUNT] = {"established", "syn_sent",  "syn_recv", "fin_wait1",
	                                               "fin_wait2",   "time_wait", "closed",   "close_wait",
	                                               "last_ack",    "listen",    "closing",  "delete_tcb"};

	(void)state;
	for (int i = 0; i < STATE_COUNT; i++) {
		assert_string_equal(state_name((enum socket_state)i), names[i]);
		assert_int_equal(state_from_name(names[i], strlen(names[i])), i);
		assert_int_equal(state_from_name(names[i], strlen(names[i]) - 1), STATE_COUNT);
	}
	assert_int_equal(state_from_name("", 0), STATE_COUNT);
	assert_int_equal(state_from_name("LISTEN", 6), STATE_COUNT);
}

static void test_port_sets(void **state)
{
	static const uint16_t ports[] = {0, 1, 63, 64, 32767, 32768, 65535};
	static struct port_set set;
	unsigned members = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(ports) / sizeof(ports[0]); i++) {
		assert_false(port_set_has(&set, ports[i]));
		port_set_add(&set, ports[i]);
		assert_true(port_set_has(&set, ports[i]));
	}
	for (unsigned port = 0; port <= UINT16_MAX; port++)
		members += port_set_has(&set, (uint16_t)port);
	assert_int_equal(members, sizeof(ports) / sizeof(ports[0]));
}

static int by_last_digit(const void *data, uint32_t a, uint32_t b)
{
	const uint32_t *values = data;

	return (int)(values[a] % 10) - (int)(values[b] % 10);
}

/* Items are sorted by key, then by `tie`, then by their old order, for every length around the first runs. */
static void test_sort_is_stable(void **state)
{
	enum { MOST = 70 };
	struct sort_item items[2 * MOST];
	uint32_t values[MOST] = {0};

	(void)state;
	for (uint32_t count = 0; count <= MOST; count++) {
		for (uint32_t i = 0; i < count; i++) {
			values[i] = (uint32_t)(hash_mix(count, i) % 50);
			items[i] = (struct sort_item){values[i] / 25, i};
		}
		sort_items(items, count, by_last_digit, values);
		for (uint32_t i = 1; i < count; i++) {
			const struct sort_item *a = &items[i - 1], *b = &items[i];
			int tie = by_last_digit(values, a->index, b->index);

			assert_true(a->key < b->key || (a->key == b->key && tie <= 0));
			assert_true(a->key < b->key || tie < 0 || a->index < b->index);
			assert_int_equal(b->key, values[b->index] / 25);
		}
	}
}

static bool number_equal(const void *data, uint32_t entry, const void *key)
{
	return ((const uint32_t *)data)[entry] == *(const uint32_t *)key;
}

/* Half of the numbers share their hash with another number. */
static void test_hash_index_grows_and_trims(void **state)
{
	enum { MANY = 1000 };
	static uint32_t numbers[MANY];
	struct hash_index index = {0};

	(void)state;
	for (int round = 0; round < 2; round++) {
		for (uint32_t i = 0; i < MANY; i++) {
			numbers[i] = i;
			assert_int_equal(hash_find(&index, i / 2, number_equal, numbers, &i), HASH_NONE);
			assert_int_equal(hash_index_reserve(&index, i + 1), 0);
			hash_enter(&index, i / 2, i);
		}
		for (uint32_t i = 0; i < MANY; i++)
			assert_int_equal(hash_find(&index, i / 2, number_equal, numbers, &i), i);
		assert_int_equal(index.capacity, 2048);
		hash_index_reset(&index);
	}
	assert_int_equal(hash_index_reserve(&index, SIZE_MAX / 2), -ENOMEM);
	assert_int_equal(index.capacity, 2048);
	hash_index_reset(&index);
	assert_int_equal(index.capacity, 32);
	for (size_t i = 0; i < index.capacity; i++)
		assert_int_equal(index.slots[i].entry, 0);
	hash_index_release(&index);
}

/* Devices beyond the last index are not distinguished. */
static void test_devices(void **state)
{
	struct snapshot *snapshot = *state;
	uint16_t device = 1;

	assert_int_equal(snapshot_intern_device(snapshot, 0, &device), 0);
	assert_int_equal(device, DEVICE_NONE);
	assert_int_equal(snapshot_ifindex(snapshot, device), 0);
	for (int round = 0; round < 2; round++) {
		for (uint32_t i = 1; i < DEVICE_OTHER; i++) {
			assert_int_equal(snapshot_intern_device(snapshot, i * 3, &device), 0);
			assert_int_equal(device, i);
			assert_int_equal(snapshot_ifindex(snapshot, device), i * 3);
		}
	}
	assert_int_equal(snapshot_intern_device(snapshot, 1, &device), 0);
	assert_int_equal(device, DEVICE_OTHER);
	assert_int_equal(snapshot_ifindex(snapshot, device), UINT32_MAX);
	snapshot_reset(snapshot);
	assert_int_equal(snapshot_intern_device(snapshot, 9, &device), 0);
	assert_int_equal(device, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_array_grows_and_keeps_content),
	        cmocka_unit_test(test_array_reserves_what_is_asked_for),
	        cmocka_unit_test_setup_teardown(test_million_rows_stay_small, setup, teardown),
	        cmocka_unit_test_setup_teardown(test_new_row_is_blank, setup, teardown),
	        cmocka_unit_test_setup_teardown(test_addresses_are_found_again, setup, teardown),
	        cmocka_unit_test_setup_teardown(test_many_addresses, setup, teardown),
	        cmocka_unit_test_setup_teardown(test_last_address_dies_with_the_reset, setup, teardown),
	        cmocka_unit_test_setup_teardown(test_wildcards, setup, teardown),
	        cmocka_unit_test_setup_teardown(test_texts, setup, teardown),
	        cmocka_unit_test_setup_teardown(test_reset_empties_everything, setup, teardown),
	        cmocka_unit_test(test_state_names),
	        cmocka_unit_test(test_port_sets),
	        cmocka_unit_test(test_sort_is_stable),
	        cmocka_unit_test(test_hash_index_grows_and_trims),
	        cmocka_unit_test_setup_teardown(test_devices, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
