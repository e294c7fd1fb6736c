/* SPDX-License-Identifier: Apache-2.0 */
/* Strict reader of expositions. */
#include "tests/fuzz/exposition_check.h"

#include "tests/fuzz/fuzz.h"

enum { LABELS_MAX = 16 };

struct span {
	const char *at;
	size_t length;
};

struct checker {
	const char *at, *end;
	bool openmetrics, ended;
	struct span family, help, type, unit; /* the open one's */
	bool sampled;                         /* the open family has samples */
	struct span *families;                /* all families that were opened */
	size_t family_count;
	struct span *series; /* of each sample, its name and labels */
	size_t series_count, capacity;
	struct exposition_sum *sums;
	size_t sum_count;
};

static bool is(struct span span, const char *text)
{
	return span.length == strlen(text) && memcmp(span.at, text, span.length) == 0;
}

static bool equal(struct span a, struct span b)
{
	return a.length == b.length && memcmp(a.at, b.at, a.length) == 0;
}

/* Returns the length of the sequence at `at` (the Unicode Standard, table 3-7). */
static size_t utf8_length(const unsigned char *at, size_t left)
{
	unsigned low = 0x80, high = 0xbf;
	size_t more = at[0] < 0x80 ? 0 : at[0] < 0xe0 ? 1 : at[0] < 0xf0 ? 2 : 3;

	CHECK(at[0] < 0x80 || (at[0] >= 0xc2 && at[0] <= 0xf4));
	CHECK(more < left);
	if (at[0] == 0xe0)
		low = 0xa0;
	else if (at[0] == 0xf0)
		low = 0x90;
	else if (at[0] == 0xed)
		high = 0x9f;
	else if (at[0] == 0xf4)
		high = 0x8f;
	for (size_t i = 1; i <= more; i++, low = 0x80, high = 0xbf)
		CHECK(at[i] >= low && at[i] <= high);
	return more + 1;
}

static void check_utf8(const char *text, size_t length)
{
	for (size_t i = 0; i < length;)
		i += utf8_length((const unsigned char *)text + i, length - i);
}

static void take(struct checker *checker, const char *text)
{
	size_t length = strlen(text);

	CHECK((size_t)(checker->end - checker->at) >= length && memcmp(checker->at, text, length) == 0);
	checker->at += length;
}

static bool next_is(const struct checker *checker, const char *text)
{
	size_t length = strlen(text);

	return (size_t)(checker->end - checker->at) >= length && memcmp(checker->at, text, length) == 0;
}

/* Reads one or more bytes of `set`. */
static struct span take_some(struct checker *checker, const char *set)
{
	struct span span = {checker->at, 0};

	while (checker->at < checker->end && *checker->at && strchr(set, *checker->at))
		checker->at++;
	span.length = (size_t)(checker->at - span.at);
	CHECK(span.length > 0);
	return span;
}

static struct span take_name(struct checker *checker)
{
	struct span name = take_some(checker, "abcdefghijklmnopqrstuvwxyz_0123456789");

	CHECK(name.at[0] < '0' || name.at[0] > '9');
	return name;
}

/* Reads to the end of the line. */
static struct span take_rest(struct checker *checker)
{
	const char *newline = memchr(checker->at, '\n', (size_t)(checker->end - checker->at));
	struct span rest = {checker->at, 0};

	CHECK(newline && newline > checker->at);
	rest.length = (size_t)(newline - checker->at);
	checker->at = newline;
	return rest;
}

static void open_family(struct checker *checker, struct span name)
{
	for (size_t i = 0; i < checker->family_count; i++)
		CHECK(!equal(checker->families[i], name));
	checker->families = realloc(checker->families, (checker->family_count + 1) * sizeof(*checker->families));
	CHECK(checker->families);
	checker->families[checker->family_count++] = name;
	checker->family = name;
	checker->help = checker->type = checker->unit = (struct span){NULL, 0};
	checker->sampled = false;
}

/* Reads the rest of a HELP, TYPE or UNIT line. Each line comes once, before the samples. */
static void take_described(struct checker *checker, struct span *what)
{
	struct span name = take_name(checker);

	if (checker->family_count == 0 || !equal(name, checker->family))
		open_family(checker, name);
	CHECK(!what->at && !checker->sampled);
	take(checker, " ");
	*what = take_rest(checker);
}

static void take_comment(struct checker *checker)
{
	take(checker, "# ");
	if (next_is(checker, "EOF")) {
		take(checker, "EOF");
		CHECK(checker->openmetrics);
		checker->ended = true;
	} else if (next_is(checker, "HELP ")) {
		take(checker, "HELP ");
		take_described(checker, &checker->help);
	} else if (next_is(checker, "UNIT ")) {
		take(checker, "UNIT ");
		CHECK(checker->openmetrics);
		take_described(checker, &checker->unit);
	} else {
		take(checker, "TYPE ");
		take_described(checker, &checker->type);
		CHECK(is(checker->type, "gauge") || is(checker->type, "counter") ||
		      (checker->openmetrics && is(checker->type, "info")));
	}
}

/* Reads a label's value between its quotes. It is not empty, and has no raw byte that must be escaped. */
static void take_value(struct checker *checker)
{
	const char *start;

	take(checker, "\"");
	for (start = checker->at; checker->at < checker->end && *checker->at != '"'; checker->at++) {
		CHECK(*checker->at != '\n');
		if (*checker->at != '\\')
			continue;
		checker->at++;
		CHECK(checker->at < checker->end);
		CHECK(*checker->at == '\\' || *checker->at == '"' || *checker->at == 'n');
	}
	CHECK(checker->at > start);
	take(checker, "\"");
}

static void take_labels(struct checker *checker)
{
	struct span names[LABELS_MAX];
	size_t count = 0;

	take(checker, "{");
	do {
		if (count > 0)
			take(checker, ",");
		CHECK(count < LABELS_MAX);
		names[count] = take_name(checker);
		for (size_t i = 0; i < count; i++)
			CHECK(!equal(names[i], names[count]));
		count++;
		take(checker, "=");
		take_value(checker);
	} while (next_is(checker, ","));
	take(checker, "}");
}

static void remember(struct checker *checker, struct span series)
{
	if (checker->series_count == checker->capacity) {
		checker->capacity = checker->capacity > 0 ? 2 * checker->capacity : 64;
		checker->series = realloc(checker->series, checker->capacity * sizeof(*checker->series));
		CHECK(checker->series);
	}
	checker->series[checker->series_count++] = series;
}

/* Checks a sample's name. OpenMetrics names a family without the suffix of its samples. */
static void check_sample_name(struct checker *checker, struct span name)
{
	const char *suffix = "";
	struct span base = name;

	CHECK(checker->type.at && checker->help.at);
	checker->sampled = true;
	if (checker->openmetrics && is(checker->type, "counter"))
		suffix = "_total";
	else if (checker->openmetrics && is(checker->type, "info"))
		suffix = "_info";
	CHECK(name.length > strlen(suffix));
	base.length -= strlen(suffix);
	CHECK(equal(base, checker->family));
	CHECK(memcmp(name.at + base.length, suffix, strlen(suffix)) == 0);
}

static void take_sample(struct checker *checker)
{
	struct span name = take_name(checker), series = name, value;

	check_sample_name(checker, name);
	if (next_is(checker, "{"))
		take_labels(checker);
	series.length = (size_t)(checker->at - series.at);
	remember(checker, series);
	take(checker, " ");
	value = take_some(checker, "0123456789.");
	CHECK(value.at[0] != '.' && value.at[value.length - 1] != '.');
	for (size_t i = 0; i < checker->sum_count; i++)
		if (is(name, checker->sums[i].family))
			checker->sums[i].sum += strtoull(value.at, NULL, 10);
}

static int compare(const void *a, const void *b)
{
	const struct span *left = a, *right = b;
	size_t shorter = left->length < right->length ? left->length : right->length;
	int order = memcmp(left->at, right->at, shorter);

	if (order != 0)
		return order;
	return (left->length > right->length) - (left->length < right->length);
}

static void check_unique(const struct checker *checker)
{
	if (checker->series_count > 0)
		qsort(checker->series, checker->series_count, sizeof(*checker->series), compare);
	for (size_t i = 1; i < checker->series_count; i++)
		CHECK(compare(&checker->series[i - 1], &checker->series[i]) != 0);
}

void exposition_check(const char *text, size_t length, bool openmetrics, struct exposition_sum *sums, size_t count)
{
	struct checker checker = {
	        .at = text, .end = text + length, .openmetrics = openmetrics, .sums = sums, .sum_count = count};

	for (size_t i = 0; i < count; i++)
		sums[i].sum = 0;
	check_utf8(text, length);
	while (checker.at < checker.end) {
		CHECK(!checker.ended);
		if (*checker.at == '#')
			take_comment(&checker);
		else
			take_sample(&checker);
		take(&checker, "\n");
	}
	CHECK(checker.ended == openmetrics);
	check_unique(&checker);
	free(checker.series);
	free(checker.families);
}
