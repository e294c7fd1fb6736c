/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of the fold memory: groups keep their ranks from scrape to scrape, although their indexes change. */
#include "tests/unit/metrics/census_fixture.h"

#include "metrics/census/fold_memory.h"

enum { MOST = 64 };

struct memory_fixture {
	struct fixture census;
	struct fold fold;
	struct fold_memory memory;
};

static int setup_memory(void **state)
{
	struct memory_fixture *f = calloc(1, sizeof(*f));

	if (!f)
		return -1;
	snapshot_init(&f->census.snapshot);
	listeners_init(&f->census.listeners);
	served_ports_init(&f->census.served);
	census_init(&f->census.census);
	fold_init(&f->fold);
	fold_memory_init(&f->memory);
	*state = f;
	return 0;
}

static int teardown_memory(void **state)
{
	struct memory_fixture *f = *state;

	snapshot_release(&f->census.snapshot);
	listeners_release(&f->census.listeners);
	served_ports_release(&f->census.served);
	census_release(&f->census.census);
	fold_release(&f->fold);
	fold_memory_release(&f->memory);
	free(f);
	return 0;
}

/* Ranks a snapshot with a process "aX" for each byte "a" of `names`. Each process has two connections. */
static void scrape(struct memory_fixture *f, const char *names)
{
	const struct census_options options = {.labels = LABEL_BIT(LABEL_NETNS) | LABEL_BIT(LABEL_LOCAL_ADDRESS)};

	snapshot_reset(&f->census.snapshot);
	rows_netns(&f->census.snapshot, 100);
	for (uint32_t i = 0; names[i]; i++) {
		uint32_t process = rows_process(&f->census.snapshot, i + 1, i, (const char[]){names[i], 'X', 0});

		add_client(&f->census, process, STATE_ESTABLISHED, 40000, 443);
		add_client(&f->census, process, STATE_ESTABLISHED, 40001, 443);
	}
	take(&f->census, &options);
	assert_int_equal(fold_memory_rank(&f->memory, &f->fold, &f->census.snapshot, &f->census.census.identities,
	                                  &f->census.census.outbound),
	                 0);
}

/* Compares the first bytes of the names, in the order of ranks. */
static void assert_ranks(struct memory_fixture *f, const char *names)
{
	const struct census *census = &f->census.census;
	char actual[MOST] = "";

	for (size_t i = 0; i < census->outbound.count; i++) {
		const struct census_group *group = &census->outbound.groups[i];

		actual[group->rank] = *groups_text(census, census->identities.items[group->key.identity].name);
	}
	assert_string_equal(actual, names);
}

static void test_newcomers_come_after(void **state)
{
	struct memory_fixture *f = *state;

	scrape(f, "mnop");
	assert_ranks(f, "mnop");
	scrape(f, "zaponm"); /* with other indexes */
	assert_ranks(f, "mnopaz");
	scrape(f, "zaponm"); /* a second scrape keeps the ranks */
	assert_ranks(f, "mnopaz");
	scrape(f, "amb");
	assert_ranks(f, "mab");
	scrape(f, "abmno"); /* a group that was absent is new */
	assert_ranks(f, "mabno");
}

static void test_a_table_that_is_ranked_again_keeps_its_ranks(void **state)
{
	struct memory_fixture *f = *state;

	scrape(f, "cd");
	scrape(f, "abcd");
	assert_ranks(f, "cdab");
	assert_int_equal(fold_memory_rank(&f->memory, &f->fold, &f->census.snapshot, &f->census.census.identities,
	                                  &f->census.census.outbound),
	                 0);
	assert_ranks(f, "cdab");
}

/* Ranks tables of 5,000 groups, of no group, and of 5,000 groups again. */
static void test_large_tables(void **state)
{
	enum { LARGE = 5000 };
	struct memory_fixture *f = *state;
	struct census_table *table = &f->census.census.outbound;

	for (int round = 0; round < 3; round++) {
		snapshot_reset(&f->census.snapshot);
		rows_netns(&f->census.snapshot, 100);
		for (uint16_t i = 0; round != 1 && i < 2 * LARGE; i++)
			add_client(&f->census, OWNER_NONE, STATE_TIME_WAIT, 40000, 1 + i % LARGE);
		take(&f->census, &(struct census_options){0});
		assert_int_equal(fold_memory_rank(&f->memory, &f->fold, &f->census.snapshot,
		                                  &f->census.census.identities, table),
		                 0);
		assert_int_equal(table->count, round == 1 ? 0 : LARGE);
		for (uint32_t i = 0; i < table->count; i++)
			assert_int_equal(table->groups[i].rank, i);
	}
}

static void test_empty_tables(void **state)
{
	struct memory_fixture *f = *state;

	scrape(f, "");
	scrape(f, "ba");
	assert_ranks(f, "ab");
	scrape(f, "");
	assert_ranks(f, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_setup_teardown(test_newcomers_come_after, setup_memory, teardown_memory),
	        cmocka_unit_test_setup_teardown(test_a_table_that_is_ranked_again_keeps_its_ranks, setup_memory,
	                                        teardown_memory),
	        cmocka_unit_test_setup_teardown(test_large_tables, setup_memory, teardown_memory),
	        cmocka_unit_test_setup_teardown(test_empty_tables, setup_memory, teardown_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
