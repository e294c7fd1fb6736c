/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of the cap on series: kept groups, folded groups, and exact sums. */
#include "tests/unit/metrics/draw.h"
#include "tests/unit/metrics/report_fixture.h"

/* Adds five processes with 1 to 5 connections. Process b also has a CLOSE_WAIT socket. */
static void fill_five(struct fixture *f, const struct census_options *options, const char *last_name)
{
	const char *names[] = {"a", "b", "c", "d", last_name};

	f->snapshot.states = FEW_STATES;
	f->snapshot.facts = FACT_ACCEPT_QUEUES;
	for (uint32_t i = 0; i < 5; i++) {
		uint32_t process = rows_process(&f->snapshot, i + 1, i, names[i]);

		for (uint32_t n = 0; n <= i; n++)
			rows_socket(&f->snapshot, process, STATE_ESTABLISHED, "10.0.0.1", (uint16_t)(i + 1));
		if (i == 1)
			rows_socket(&f->snapshot, process, STATE_CLOSE_WAIT, "10.0.0.1", (uint16_t)(i + 1));
	}
	take(f, options);
}

static void test_folding(void **state)
{
	static const struct census_options plain = {0};
	const uint64_t families = METRIC_BIT(METRIC_CONNECTIONS) | METRIC_BIT(METRIC_ACCEPT_QUEUE_LENGTH) |
	                          METRIC_BIT(METRIC_FOLDED_SERIES);
	struct fixture *f = *state;

	fill_five(f, &plain, "e");
	/* 15 series are needed and 12 are allowed. */
	assert_families(f, families, 12,
	                "tcp_connections{state=\"established\",process=\"b\",local_port=\"2\"} 2\n"
	                "tcp_connections{state=\"close_wait\",process=\"b\",local_port=\"2\"} 1\n"
	                "tcp_connections{state=\"listen\",process=\"b\",local_port=\"2\"} 0\n"
	                "tcp_connections{state=\"established\",process=\"d\",local_port=\"4\"} 4\n"
	                "tcp_connections{state=\"close_wait\",process=\"d\",local_port=\"4\"} 0\n"
	                "tcp_connections{state=\"listen\",process=\"d\",local_port=\"4\"} 0\n"
	                "tcp_connections{state=\"established\",process=\"e\",local_port=\"5\"} 5\n"
	                "tcp_connections{state=\"close_wait\",process=\"e\",local_port=\"5\"} 0\n"
	                "tcp_connections{state=\"listen\",process=\"e\",local_port=\"5\"} 0\n"
	                "tcp_connections{state=\"established\",process=\"(other)\",local_port=\"other\"} 4\n"
	                "tcp_connections{state=\"close_wait\",process=\"(other)\",local_port=\"other\"} 0\n"
	                "tcp_connections{state=\"listen\",process=\"(other)\",local_port=\"other\"} 0\n"
	                "tcp_exporter_folded_series 6\n");
	assert_families(f, METRIC_BIT(METRIC_FOLDED_SERIES), 12, "tcp_exporter_folded_series 0\n");
}

/* A process can have the name of the folded group. */
static void test_folding_without_ports(void **state)
{
	static const struct census_options options = {.local_port = LOCAL_PORT_NONE};
	struct fixture *f = *state;

	fill_five(f, &options, "(other)");
	assert_families(f, METRIC_BIT(METRIC_CONNECTIONS), 12,
	                "tcp_connections{state=\"established\",process=\"b\"} 2\n"
	                "tcp_connections{state=\"close_wait\",process=\"b\"} 1\n"
	                "tcp_connections{state=\"listen\",process=\"b\"} 0\n"
	                "tcp_connections{state=\"established\",process=\"d\"} 4\n"
	                "tcp_connections{state=\"close_wait\",process=\"d\"} 0\n"
	                "tcp_connections{state=\"listen\",process=\"d\"} 0\n"
	                "tcp_connections{state=\"established\",process=\"(other)\"} 9\n"
	                "tcp_connections{state=\"close_wait\",process=\"(other)\"} 0\n"
	                "tcp_connections{state=\"listen\",process=\"(other)\"} 0\n");
}

/* Random reports. */

enum { ROUNDS = 400 };

#define GROUP_FAMILIES ((METRIC_BIT(METRIC_EPHEMERAL_PORTS_USED) - 1) & ~METRIC_BIT(METRIC_SOCKETS))

/* Sums of the samples of one family. */
struct tally {
	size_t series, other_series; /* all samples, and the folded group's samples */
	uint64_t sum[STATE_COUNT];   /* by state; a family without states uses the first */
};

/* Returns the value of a label within a line, or NULL. */
static const char *find_label(const char *line, const char *label, size_t *length)
{
	const char *value = strstr(line, label);

	if (!value || value > strchr(line, '\n'))
		return NULL;
	value += strlen(label);
	*length = strcspn(value, "\"");
	return value;
}

static enum metric_id tally_line(struct tally tally[METRIC_COUNT], const char *line)
{
	enum metric_id id = catalog_find(line, strcspn(line, "{ "));
	const char *end = strchr(line, '\n'), *value = end, *name;
	size_t length = 0, state = 0;

	assert_in_range(id, 0, METRIC_COUNT - 1);
	while (value[-1] != ' ')
		value--;
	name = find_label(line, "{state=\"", &length);
	if (name)
		state = state_from_name(name, length);
	assert_true(state < STATE_COUNT);
	tally[id].series++;
	tally[id].sum[state] += strtoull(value, NULL, 10);
	name = find_label(line, "process=\"", &length);
	tally[id].other_series += name && length == 7 && !memcmp(name, "(other)", 7);
	return id;
}

static int compare_series(const void *a, const void *b)
{
	const char *left = *(const char *const *)a, *right = *(const char *const *)b;
	size_t length = strcspn(left, "\n"), other = strcspn(right, "\n");

	/* The value follows the last space. */
	while (left[length - 1] != ' ')
		length--;
	while (right[other - 1] != ' ')
		other--;
	return length == other ? memcmp(left, right, length) : length < other ? -1 : 1;
}

/* Adds up a report's samples; no series may be there twice. */
static void tally_report(struct fixture *f, size_t max_series, struct tally tally[METRIC_COUNT])
{
	const struct report_options options = {FORMAT_TEXT, GROUP_FAMILIES | METRIC_BIT(METRIC_FOLDED_SERIES),
	                                       max_series, tick};
	char *text = report_text(f, &self, &options, KEEP_SAMPLES);
	static const char *lines[MANY_SERIES];
	size_t count = 0;

	memset(tally, 0, METRIC_COUNT * sizeof(tally[0]));
	for (const char *line = text; *line; line = strchr(line, '\n') + 1) {
		assert_true(count < MANY_SERIES);
		lines[count++] = line;
		tally_line(tally, line);
	}
	qsort(lines, count, sizeof(lines[0]), compare_series);
	for (size_t i = 1; i < count; i++)
		assert_int_not_equal(compare_series(&lines[i - 1], &lines[i]), 0);
	free(text);
}

static void assert_folded_right(const struct fixture *f, const struct tally *whole, const struct tally *cut,
                                size_t max_series)
{
	uint64_t folded = 0;

	for (int id = 0; id < METRIC_COUNT; id++) {
		if (!(GROUP_FAMILIES & METRIC_BIT(id)))
			continue;
		assert_true(cut[id].series <= max_series);
		if (whole[id].series <= max_series)
			assert_memory_equal(&whole[id], &cut[id], sizeof(cut[id]));
		else if (id != METRIC_CLOSE_WAIT_OLDEST) /* whose folded group may know no age */
			assert_true(cut[id].other_series > 0);
		folded += whole[id].series - (cut[id].series - cut[id].other_series);
		/* The folded group has the greatest age, and ages do not add up. */
		if (id != METRIC_CLOSE_WAIT_OLDEST)
			assert_memory_equal(whole[id].sum, cut[id].sum, sizeof(cut[id].sum));
	}
	assert_int_equal(cut[METRIC_FOLDED_SERIES].sum[0], folded);
	assert_int_equal(whole[METRIC_FOLDED_SERIES].sum[0], 0);
	for (int state = 0; state < STATE_COUNT; state++)
		assert_int_equal(cut[METRIC_CONNECTIONS].sum[state], f->census.states[state]);
}

static void test_sums_stay_exact(void **state)
{
	struct fixture *f = *state;
	unsigned cuts = 0;

	for (uint64_t seed = 0; seed < ROUNDS; seed++) {
		struct tally whole[METRIC_COUNT], cut[METRIC_COUNT];
		struct draw d = {.seed = seed, .snapshot = &f->snapshot};
		struct census_options options = {.labels = draw(&d, 1u << LABEL_COUNT),
		                                 .local_port = (enum local_port_mode)draw(&d, LOCAL_PORT_NONE + 1)};
		size_t max_series = FOLD_MIN_SERIES + draw(&d, 60);

		draw_snapshot(&d);
		f->snapshot.facts = ALL_FACTS;
		f->snapshot.states = draw(&d, 1u << STATE_COUNT);
		take(f, &options);
		tally_report(f, MANY_SERIES, whole);
		tally_report(f, max_series, cut);
		assert_folded_right(f, whole, cut, max_series);
		cuts += cut[METRIC_FOLDED_SERIES].sum[0] > 0;
	}
	assert_in_range(cuts, ROUNDS / 10, ROUNDS - ROUNDS / 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        CENSUS_TEST(test_folding),
	        CENSUS_TEST(test_folding_without_ports),
	        CENSUS_TEST(test_sums_stay_exact),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
