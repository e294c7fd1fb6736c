/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of the fold: ranks, cuts and sums. */
#include "tests/unit/metrics/rows.h"

#include "metrics/census/fold.h"

#include <stdlib.h>

enum { GROUPS = 6 };

/* Per group: sockets in CLOSE_WAIT, all sockets, expected rank. */
static const uint32_t numbers[GROUPS][3] = {
        {0, 50, 4}, {3, 3, 1}, {0, 50, 5}, {9, 9, 0}, {0, 900, 3}, {1, 700, 2},
};

struct fixture {
	struct census_group groups[GROUPS];
	struct census_table table;
	struct fold fold;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	if (!f)
		return -1;
	for (int i = 0; i < GROUPS; i++) {
		f->groups[i].count[STATE_CLOSE_WAIT] = numbers[i][0];
		f->groups[i].count[STATE_ESTABLISHED] = (numbers[i][1] - numbers[i][0]) / 2;
		f->groups[i].count[STATE_LISTEN] =
		        numbers[i][1] - numbers[i][0] - f->groups[i].count[STATE_ESTABLISHED];
	}
	f->table.groups = f->groups;
	f->table.count = GROUPS;
	fold_init(&f->fold);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	fold_release(&f->fold);
	free(f);
	return 0;
}

static void test_ranks(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(fold_rank(&f->fold, &f->table, NULL), 0);
	for (int i = 0; i < GROUPS; i++)
		assert_int_equal(f->groups[i].rank, numbers[i][2]);
}

static void test_close_wait_outranks_any_number_of_others(void **state)
{
	struct fixture *f = *state;

	f->groups[4].count[STATE_TIME_WAIT] = UINT32_MAX - 2000;
	assert_int_equal(fold_rank(&f->fold, &f->table, NULL), 0);
	assert_int_equal(f->groups[5].rank, 2);
	assert_int_equal(f->groups[4].rank, 3);
}

/* A group of one socket ranks after a group of two, in every state. */
static void test_single_sockets_rank_last(void **state)
{
	struct fixture *f = *state;

	f->groups[1] = (struct census_group){.count[STATE_CLOSE_WAIT] = 1};
	f->groups[2] = (struct census_group){.count[STATE_ESTABLISHED] = 1};
	f->groups[0] = (struct census_group){.count[STATE_TIME_WAIT] = 2};
	assert_int_equal(fold_rank(&f->fold, &f->table, NULL), 0);
	assert_int_equal(f->groups[0].rank, 3);
	assert_int_equal(f->groups[1].rank, 4);
	assert_int_equal(f->groups[2].rank, 5);
}

/* Last ranks decide only between groups of the same power of two. */
static void test_last_ranks(void **state)
{
	static const uint32_t sockets[GROUPS] = {33, 32, 63, 64, 40, 31};
	static const uint32_t last[GROUPS] = {FOLD_NEW, 1, 0, 7, FOLD_NEW, 0};
	static const uint32_t ranks[GROUPS] = {4, 2, 1, 0, 3, 5};
	struct fixture *f = *state;

	for (int i = 0; i < GROUPS; i++)
		f->groups[i] = (struct census_group){.count[STATE_ESTABLISHED] = sockets[i]};
	assert_int_equal(fold_rank(&f->fold, &f->table, last), 0);
	for (int i = 0; i < GROUPS; i++)
		assert_int_equal(f->groups[i].rank, ranks[i]);
}

static size_t two_series(const struct census_group *group, const void *data)
{
	(void)group;
	(void)data;
	return 2;
}

/* Returns 1 for groups with CLOSE_WAIT sockets: ranks 0 to 2. */
static size_t close_wait_series(const struct census_group *group, const void *data)
{
	return group->count[STATE_CLOSE_WAIT] ? *(const size_t *)data : 0;
}

static void test_cuts(void **state)
{
	static const struct {
		size_t series, other, max; /* series 0: two for every group; else for those with CLOSE_WAIT */
		struct fold_cut cut;
	} cases[] = {
	        {0, 2, 12, {UINT32_MAX, 0}}, {0, 2, 100, {UINT32_MAX, 0}},
	        {0, 2, 11, {4, 4}},          {0, 2, 10, {4, 4}},
	        {0, 2, 9, {3, 6}},           {0, 1, 9, {4, 4}},
	        {0, 0, 11, {5, 2}},          {0, 2, 2, {0, 12}},
	        {0, 3, 2, {0, 12}},          {4, 4, 12, {UINT32_MAX, 0}},
	        {4, 4, 11, {1, 8}},          {4, 3, 11, {2, 4}},
	};
	struct fixture *f = *state;

	assert_int_equal(fold_rank(&f->fold, &f->table, NULL), 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fold_cut cut = fold_cut(&f->fold, &f->table, cases[i].series ? close_wait_series : two_series,
		                               &cases[i].series, cases[i].other, cases[i].max);

		assert_int_equal(cut.rank, cases[i].cut.rank);
		assert_int_equal(cut.folded, cases[i].cut.folded);
	}
}

static void test_tables_are_ranked_in_turn(void **state)
{
	struct fixture *f = *state;
	struct census_group group = {.count[STATE_LISTEN] = 1};
	struct census_table other = {.groups = &group, .count = 1};
	struct census_table empty = {0};
	struct fold_cut cut;

	assert_int_equal(fold_rank(&f->fold, &f->table, NULL), 0);
	assert_int_equal(fold_rank(&f->fold, &other, NULL), 0);
	assert_int_equal(fold_rank(&f->fold, &empty, NULL), 0);
	cut = fold_cut(&f->fold, &f->table, close_wait_series, &(size_t){4}, 4, 11);
	assert_int_equal(cut.rank, 1);
	assert_int_equal(cut.folded, 8);
	cut = fold_cut(&f->fold, &other, two_series, NULL, 2, 2);
	assert_int_equal(cut.rank, UINT32_MAX);
	cut = fold_cut(&f->fold, &empty, two_series, NULL, 2, 2);
	assert_int_equal(cut.rank, UINT32_MAX);
}

static void test_empty_table_before_any_other(void **state)
{
	struct fixture *f = *state;
	struct census_table empty = {0};

	assert_int_equal(fold_rank(&f->fold, &empty, NULL), 0);
	assert_int_equal(fold_cut(&f->fold, &empty, two_series, NULL, 2, 2).folded, 0);
}

static void test_sums(void **state)
{
	struct census_group sum = {.key.identity = 7, .count[STATE_LISTEN] = 1, .oldest_ms = 5, .aged = 1};
	const struct census_group group = {
	        .key.identity = 8,
	        .count = {[STATE_LISTEN] = 2, [STATE_DELETE_TCB] = 3},
	        .aged = 2,
	        .oldest_ms = 4,
	        .receive_bytes = UINT64_C(1) << 40,
	        .send_bytes = 2,
	        .queue_length = 3,
	        .queue_limit = 4,
	        .drops = UINT64_C(1) << 41,
	        .retransmitting = 5,
	        .zero_window = 6,
	};

	(void)state;
	fold_add(&sum, &group);
	fold_add(&sum, &group);
	assert_int_equal(sum.key.identity, 7);
	assert_int_equal(sum.count[STATE_LISTEN], 5);
	assert_int_equal(sum.count[STATE_DELETE_TCB], 6);
	assert_int_equal(sum.aged, 5);
	assert_int_equal(sum.oldest_ms, 5);
	assert_int_equal(sum.receive_bytes, UINT64_C(1) << 41);
	assert_int_equal(sum.send_bytes, 4);
	assert_int_equal(sum.queue_length, 6);
	assert_int_equal(sum.queue_limit, 8);
	assert_int_equal(sum.drops, UINT64_C(1) << 42);
	assert_int_equal(sum.retransmitting, 10);
	assert_int_equal(sum.zero_window, 12);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_setup_teardown(test_ranks, setup, teardown),
	        cmocka_unit_test_setup_teardown(test_close_wait_outranks_any_number_of_others, setup, teardown),
	        cmocka_unit_test_setup_teardown(test_single_sockets_rank_last, setup, teardown),
	        cmocka_unit_test_setup_teardown(test_last_ranks, setup, teardown),
	        cmocka_unit_test_setup_teardown(test_cuts, setup, teardown),
	        cmocka_unit_test_setup_teardown(test_tables_are_ranked_in_turn, setup, teardown),
	        cmocka_unit_test_setup_teardown(test_empty_table_before_any_other, setup, teardown),
	        cmocka_unit_test(test_sums),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
