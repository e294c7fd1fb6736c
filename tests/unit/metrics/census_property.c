/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Property test of the census: random snapshots, compared with a simple count that writes out each row's labels and
 * finds the group with the same labels. It checks sums, labels, uniqueness, outbound connections and folding. A failure
 * prints the seed. SEED=number runs one seed.
 */
#include "tests/unit/metrics/draw.h"
#include "tests/unit/metrics/groups.h"
#include "tests/unit/metrics/plain_roles.h"

#include "metrics/census/fold.h"

#include <stdlib.h>

enum { SEEDS = 4000 };

struct fixture {
	struct draw draw;
	struct snapshot snapshot;
	struct listeners listeners;
	struct served_ports served;
	struct census census;
	struct fold fold;
	struct textbuf text; /* of names that are repaired in a simple way */
	struct census_options options;
	unsigned asked;
};

static bool keep_some(void *data, const char *name, size_t length)
{
	struct fixture *f = data;

	(void)name;
	f->asked++;
	return length % 5 != f->draw.seed % 5;
}

/* Chooses the options. Over all seeds every set of labels occurs with every mode. */
static void choose_options(struct fixture *f)
{
	static const enum local_port_mode modes[] = {LOCAL_PORT_SERVED, LOCAL_PORT_ALL, LOCAL_PORT_NONE};

	f->options = (struct census_options){
	        .labels = (unsigned)(f->draw.seed % (1u << LABEL_COUNT)),
	        .local_port = modes[f->draw.seed / (1u << LABEL_COUNT) % 3],
	        .remote_port = (enum remote_port_mode)draw(&f->draw, 3),
	        .keep = draw(&f->draw, 3) ? NULL : keep_some,
	        .keep_data = f,
	};
	f->asked = 0;
}

/* The simple count: labels of a row. */

static uint32_t port_of(const struct fixture *f, const struct snapshot_socket *row, bool outbound)
{
	uint16_t port = outbound ? row->remote_port : row->local_port;

	if (outbound ? f->options.remote_port == REMOTE_PORT_NONE : f->options.local_port == LOCAL_PORT_NONE)
		return PORT_ABSENT;
	if (outbound && f->options.remote_port == REMOTE_PORT_SERVICE &&
	    netns_is_ephemeral(plain_netns_of(&f->snapshot, row), port))
		return PORT_EPHEMERAL;
	if (!outbound && f->options.local_port == LOCAL_PORT_SERVED && plain_outbound(&f->snapshot, row))
		return PORT_EPHEMERAL;
	return port;
}

static const char *repaired(struct fixture *f, const struct snapshot_process *process, enum process_text which)
{
	const char *bytes = snapshot_text(&f->snapshot, process->text[which]);

	textbuf_reset(&f->text);
	if (bytes)
		textbuf_put_utf8(&f->text, bytes, process->text[which].length);
	textbuf_append(&f->text, "", 1);
	assert_int_equal(f->text.error, 0);
	return f->text.data;
}

static const char *name_of(struct fixture *f, const struct snapshot_socket *row)
{
	if (row->owner == OWNER_NONE)
		return "(none)";
	if (row->owner == OWNER_UNKNOWN)
		return "(unknown)";
	return repaired(f, &f->snapshot.processes[row->owner], PROCESS_NAME);
}

static int put_process_labels(struct fixture *f, char *line, size_t size, const struct snapshot_process *process)
{
	static const enum census_label labels[] = {LABEL_USER, LABEL_EXE, LABEL_UNIT, LABEL_CONTAINER};
	int at = 0;

	if (f->options.labels & LABEL_BIT(LABEL_PID))
		at += snprintf(line, size, " pid=%" PRIu32, process->pid);
	for (size_t i = 0; i < 4; i++) {
		const char *text = repaired(f, process, (enum process_text)(PROCESS_USER + i));

		if (f->options.labels & LABEL_BIT(labels[i]))
			at += groups_put_text(line + at, size - (size_t)at, census_label_name(labels[i]), text,
			                      strlen(text));
	}
	return at;
}

static void row_labels(struct fixture *f, char line[GROUPS_LINE], const struct snapshot_socket *row, bool outbound)
{
	const struct snapshot_address *local = &f->snapshot.addresses[row->local];
	unsigned labels = f->options.labels;
	size_t size = GROUPS_LINE;
	int at = snprintf(line, size, "%s", name_of(f, row));

	at += groups_put_port(line + at, size - (size_t)at, port_of(f, row, outbound));
	if (row->owner < OWNER_UNKNOWN)
		at += put_process_labels(f, line + at, size - (size_t)at, &f->snapshot.processes[row->owner]);
	if (labels & LABEL_BIT(LABEL_NETNS))
		at += snprintf(line + at, size - (size_t)at, " netns=%" PRIu64, f->snapshot.netns[local->netns].id);
	if (labels & LABEL_BIT(LABEL_FAMILY))
		at += snprintf(line + at, size - (size_t)at, " family=%d", local->family);
	if (labels & LABEL_BIT(LABEL_LOCAL_ADDRESS))
		at += groups_put_address(line + at, size - (size_t)at, local);
}

static bool kept(struct fixture *f, const struct snapshot_socket *row)
{
	const char *name = name_of(f, row);

	return !f->options.keep || f->options.keep(f->options.keep_data, name, strlen(name));
}

/* Subtracts the row's numbers from a copy of its group. The copy must be zero in the end. */
static void take_away(struct census_group *group, const struct snapshot *snapshot, const struct snapshot_socket *row)
{
	bool queues = row->flags & SOCKET_HAS_QUEUES, listens = row->state == STATE_LISTEN;

	group->count[row->state]--;
	group->retransmitting -= row->flags & SOCKET_RETRANSMITTING ? 1 : 0;
	group->zero_window -= row->flags & SOCKET_ZERO_WINDOW ? 1 : 0;
	group->drops -= listens && row->listener ? snapshot->listeners[row->listener - 1].new_drops : 0;
	group->queue_length -= queues && listens ? row->receive_queue : 0;
	group->queue_limit -= queues && listens ? row->send_queue : 0;
	group->receive_bytes -= queues && !listens ? row->receive_queue : 0;
	group->send_bytes -= queues && !listens ? row->send_queue : 0;
	if (row->state != STATE_CLOSE_WAIT || !(row->flags & SOCKET_HAS_QUIET))
		return;
	assert_true(row->quiet_ms <= group->oldest_ms);
	group->aged--;
}

static void assert_nothing_remains(const struct census_group *group)
{
	for (int s = 0; s < STATE_COUNT; s++)
		assert_int_equal(group->count[s], 0);
	assert_int_equal(group->receive_bytes, 0);
	assert_int_equal(group->send_bytes, 0);
	assert_int_equal(group->queue_length, 0);
	assert_int_equal(group->queue_limit, 0);
	assert_int_equal(group->aged, 0);
	assert_int_equal(group->drops, 0);
	assert_int_equal(group->retransmitting, 0);
	assert_int_equal(group->zero_window, 0);
}

static void check_table(struct fixture *f, const struct census_table *table, bool outbound)
{
	static char lines[DRAW_ROWS][GROUPS_LINE];
	struct census_group rest[DRAW_ROWS];

	assert_true(table->count <= DRAW_ROWS);
	for (size_t i = 0; i < table->count; i++) {
		groups_labels(lines[i], &f->census, &f->snapshot, &table->groups[i]);
		rest[i] = table->groups[i];
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(lines[i], lines[j]);
	}
	for (size_t r = 0; r < f->snapshot.socket_count; r++) {
		const struct snapshot_socket *row = &f->snapshot.sockets[r];
		char line[GROUPS_LINE];
		size_t i = 0;

		if (!kept(f, row) || (outbound && !plain_outbound(&f->snapshot, row)))
			continue;
		row_labels(f, line, row, outbound);
		while (i < table->count && strcmp(lines[i], line) != 0)
			i++;
		if (i == table->count)
			fail_msg("no group has the labels \"%s\"", line);
		take_away(&rest[i], &f->snapshot, row);
	}
	for (size_t i = 0; i < table->count; i++)
		assert_nothing_remains(&rest[i]);
}

static int compare_texts(const struct census *census, struct census_text a, struct census_text b)
{
	char left[GROUPS_LINE], right[GROUPS_LINE];

	snprintf(left, sizeof(left), "%.*s", (int)a.length, groups_text(census, a));
	snprintf(right, sizeof(right), "%.*s", (int)b.length, groups_text(census, b));
	return strcmp(left, right);
}

static int compare_numbers(uint64_t a, uint64_t b)
{
	return a < b ? -1 : a > b;
}

static int compare_groups(const struct fixture *f, const struct census_group *a, const struct census_group *b)
{
	const struct census_identity *x = &f->census.identities.items[a->key.identity],
	                             *y = &f->census.identities.items[b->key.identity];
	const struct snapshot_netns *netns = f->snapshot.netns;
	const struct snapshot_address *addresses = f->snapshot.addresses;
	const int orders[] = {
	        compare_texts(&f->census, x->name, y->name),
	        compare_numbers(a->key.port, b->key.port),
	        compare_numbers(x->pid, y->pid),
	        compare_texts(&f->census, x->user, y->user),
	        compare_texts(&f->census, x->exe, y->exe),
	        compare_texts(&f->census, x->unit, y->unit),
	        compare_texts(&f->census, x->container, y->container),
	        a->key.netns == CENSUS_ABSENT ? 0 : compare_numbers(netns[a->key.netns].id, netns[b->key.netns].id),
	        compare_numbers(a->key.family, b->key.family),
	        a->key.address == CENSUS_ABSENT ? 0
	                                        : addresses[a->key.address].family - addresses[b->key.address].family,
	        a->key.address == CENSUS_ABSENT
	                ? 0
	                : memcmp(addresses[a->key.address].bytes, addresses[b->key.address].bytes, 16),
	};

	for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
		if (orders[i])
			return orders[i];
	}
	return 0;
}

static void check_order(const struct fixture *f, const struct census_table *table)
{
	for (size_t i = 1; i < table->count; i++)
		assert_true(compare_groups(f, &table->groups[i - 1], &table->groups[i]) < 0);
}

static uint64_t rows_in(const struct census_group *group)
{
	uint64_t rows = 0;

	for (int s = 0; s < STATE_COUNT; s++)
		rows += group->count[s];
	return rows;
}

static size_t states_shown(const struct census_group *group, const void *data)
{
	size_t shown = 0;

	(void)data;
	for (int s = 0; s < STATE_COUNT; s++)
		shown += group->count[s] != 0;
	return shown;
}

/* Returns a number that grows with the group's rank: single sockets rank last, then CLOSE_WAIT sockets count. */
static uint64_t worth(const struct census_group *group)
{
	return (uint64_t)(rows_in(group) > 1) << 32 | group->count[STATE_CLOSE_WAIT];
}

/* Checks that folding loses no row and keeps the cap, and that no folded group is worth more than a kept one. */
static void check_folding(struct fixture *f, struct census_table *table)
{
	size_t max = FOLD_MIN_SERIES + draw(&f->draw, 40), shown = 0, all = 0;
	struct census_group sum = {0}, other = {0};
	uint64_t least_kept = UINT64_MAX, most_folded = 0;
	struct fold_cut cut;

	assert_int_equal(fold_rank(&f->fold, table, NULL), 0);
	cut = fold_cut(&f->fold, table, states_shown, NULL, STATE_COUNT, max);
	for (size_t i = 0; i < table->count; i++) {
		const struct census_group *group = &table->groups[i];
		bool folded = group->rank >= cut.rank;

		fold_add(folded ? &other : &sum, group);
		all += states_shown(group, NULL);
		shown += folded ? 0 : states_shown(group, NULL);
		if (folded && most_folded < worth(group))
			most_folded = worth(group);
		if (!folded && least_kept > worth(group))
			least_kept = worth(group);
	}
	assert_int_equal(cut.folded, all - shown);
	assert_true(shown + states_shown(&other, NULL) <= max);
	assert_true(least_kept >= most_folded);
	assert_true(cut.rank == UINT32_MAX ? all <= max : all > max);
	fold_add(&sum, &other);
	for (size_t i = 0; i < table->count; i++) {
		for (int s = 0; s < STATE_COUNT; s++)
			sum.count[s] -= table->groups[i].count[s];
	}
	assert_int_equal(rows_in(&sum), 0);
}

static void check_totals(struct fixture *f)
{
	uint64_t states[STATE_COUNT] = {0};
	uint64_t used = 0;
	struct port_set taken = f->snapshot.bound_ports;

	for (size_t i = 0; i < f->snapshot.socket_count; i++) {
		const struct snapshot_socket *row = &f->snapshot.sockets[i];

		states[row->state]++;
		if (plain_netns_of(&f->snapshot, row) == f->snapshot.netns)
			port_set_add(&taken, row->local_port);
	}
	for (unsigned port = 0; port <= UINT16_MAX; port++)
		used += port_set_has(&taken, (uint16_t)port) && !port_set_has(&f->snapshot.reserved, (uint16_t)port) &&
		        netns_is_ephemeral(f->snapshot.netns, (uint16_t)port);
	assert_memory_equal(states, f->census.states, sizeof(states));
	assert_int_equal(used, f->census.ephemeral_used);
}

static void run(struct fixture *f, uint64_t seed)
{
	f->draw = (struct draw){.seed = seed, .snapshot = &f->snapshot};
	draw_snapshot(&f->draw);
	choose_options(f);
	assert_int_equal(listeners_build(&f->listeners, &f->snapshot), 0);
	if (draw(&f->draw, 2))
		listeners_credit(&f->listeners, &f->snapshot);
	served_ports_release(&f->served); /* without the ports of another seed */
	assert_int_equal(served_ports_update(&f->served, &f->snapshot, &f->listeners), 0);
	assert_int_equal(census_take(&f->census, &f->snapshot, &f->served, &f->options), 0);
	assert_true(f->asked <= f->snapshot.process_count + 2);
	check_totals(f);
	check_table(f, &f->census.by_local_port, false);
	check_table(f, &f->census.outbound, true);
	check_order(f, &f->census.by_local_port);
	check_order(f, &f->census.outbound);
	check_folding(f, &f->census.by_local_port);
	check_folding(f, &f->census.outbound);
}

static int setup(void **state)
{
	static struct fixture f;

	snapshot_init(&f.snapshot);
	listeners_init(&f.listeners);
	served_ports_init(&f.served);
	census_init(&f.census);
	fold_init(&f.fold);
	textbuf_init(&f.text, GROUPS_LINE);
	*state = &f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	/* After a failure, the last seed is the seed that failed. */
	print_message("last seed: %" PRIu64 "\n", f->draw.seed);
	snapshot_release(&f->snapshot);
	listeners_release(&f->listeners);
	served_ports_release(&f->served);
	census_release(&f->census);
	fold_release(&f->fold);
	textbuf_release(&f->text);
	return 0;
}

static void test_random_snapshots(void **state)
{
	const char *only = getenv("SEED");

	if (only) {
		run(*state, strtoull(only, NULL, 10));
		return;
	}
	for (uint64_t seed = 0; seed < SEEDS; seed++)
		run(*state, seed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_setup_teardown(test_random_snapshots, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
