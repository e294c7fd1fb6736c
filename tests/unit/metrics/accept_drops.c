/* SPDX-License-Identifier: Apache-2.0 */
/* Drops of listeners as counters: listeners that come and go, and how long their drops are remembered. */
#include "tests/unit/metrics/census_fixture.h"

#include "metrics/history/accept_drops.h"

#define HOUR_NS (UINT64_C(3600) * 1000 * 1000 * 1000)

struct scene {
	struct fixture *f;
	struct accept_drops drops;
	uint64_t now_ns;
	uint32_t process;
};

/* The next snapshot, with one process. */
static void begin(struct scene *scene, const char *process)
{
	snapshot_reset(&scene->f->snapshot);
	rows_netns(&scene->f->snapshot, 100);
	scene->process = rows_process(&scene->f->snapshot, 1, 1, process);
}

static void listener(struct scene *scene, uint16_t port, uint64_t identity, uint32_t drops)
{
	struct snapshot *snapshot = &scene->f->snapshot;

	rows_drops(snapshot, rows_listener(snapshot, scene->process, "0.0.0.0", port, 0), identity, drops);
}

/* Returns the drops of the only group with that port. */
static uint64_t total(const struct scene *scene, uint16_t port)
{
	const struct census_table *table = &scene->f->census.by_local_port;
	const struct census_group *found = NULL;

	for (size_t i = 0; i < table->count; i++) {
		if (table->groups[i].key.port != port)
			continue;
		assert_null(found);
		found = &table->groups[i];
	}
	assert_non_null(found);
	return found->drops;
}

static void count(struct scene *scene)
{
	static const struct census_options plain = {0};

	accept_drops_compare(&scene->drops, &scene->f->snapshot);
	take(scene->f, &plain);
	assert_int_equal(
	        accept_drops_add(&scene->drops, &scene->f->snapshot, &scene->f->census, scene->now_ns += HOUR_NS / 60),
	        0);
}

static struct scene scene_of(void **state, bool from_now)
{
	struct scene scene = {.f = *state};

	accept_drops_init(&scene.drops, from_now);
	return scene;
}

static void test_the_first_snapshot_begins(void **state)
{
	struct scene scene = scene_of(state, true);

	begin(&scene, "web");
	listener(&scene, 80, 1, 1000);
	count(&scene);
	assert_int_equal(total(&scene, 80), 0);
	begin(&scene, "web");
	listener(&scene, 80, 1, 1003);
	listener(&scene, 81, 2, 7); /* all of these were dropped since */
	count(&scene);
	assert_int_equal(total(&scene, 80), 3);
	assert_int_equal(total(&scene, 81), 7);
	accept_drops_release(&scene.drops);
}

static void test_earlier_drops_count_if_asked_for(void **state)
{
	struct scene scene = scene_of(state, false);

	begin(&scene, "web");
	listener(&scene, 80, 1, 1000);
	count(&scene);
	assert_int_equal(total(&scene, 80), 1000);
	accept_drops_release(&scene.drops);
}

/* Two listeners share a port, as SO_REUSEPORT has it. Each is replaced once, and the process restarts. */
static void test_the_sum_never_falls(void **state)
{
	static const struct {
		uint64_t identities[2];
		uint32_t drops[2];
		uint64_t total;
	} steps[] = {
	        {{1, 2}, {0, 0}, 0},     {{1, 2}, {5, 2}, 7},
	        {{1, 3}, {5, 1}, 8},     {{1, 3}, {6, 1}, 9},
	        {{4, 3}, {0, 1}, 9},     {{4, 3}, {10, 1}, 19},
	        {{5, 6}, {0, 0}, 19},    {{5, 6}, {0, 100}, 119},
	        {{6, 5}, {100, 1}, 120}, {{5, 6}, {1, UINT32_MAX}, UINT64_C(4294967315)},
	};
	struct scene scene = scene_of(state, true);

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		begin(&scene, "web");
		listener(&scene, 80, steps[i].identities[0], steps[i].drops[0]);
		listener(&scene, 80, steps[i].identities[1], steps[i].drops[1]);
		count(&scene);
		assert_int_equal(total(&scene, 80), steps[i].total);
	}
	accept_drops_release(&scene.drops);
}

/* An identity that comes again with fewer drops is another listener's. */
static void test_an_identity_that_is_used_again(void **state)
{
	struct scene scene = scene_of(state, true);

	for (uint32_t drops = 50; drops > 0; drops -= 10) {
		begin(&scene, "web");
		listener(&scene, 80, 1, drops);
		count(&scene);
	}
	assert_int_equal(total(&scene, 80), 40 + 30 + 20 + 10);
	accept_drops_release(&scene.drops);
}

static void test_processes_have_their_own(void **state)
{
	struct scene scene = scene_of(state, true);

	begin(&scene, "web");
	listener(&scene, 80, 1, 0);
	count(&scene);
	begin(&scene, "web");
	listener(&scene, 80, 1, 5);
	count(&scene);
	begin(&scene, "proxy"); /* it took the listener over */
	listener(&scene, 80, 1, 6);
	count(&scene);
	assert_int_equal(total(&scene, 80), 1);
	accept_drops_release(&scene.drops);
}

/* The listener is missing for `minutes` snapshots, one each minute. Returns the total of its successor. */
static uint64_t total_after(void **state, int minutes)
{
	struct scene scene = scene_of(state, true);
	uint64_t after;

	begin(&scene, "web");
	count(&scene);
	begin(&scene, "web");
	listener(&scene, 80, 1, 5);
	count(&scene);
	for (int i = 0; i < minutes; i++) {
		begin(&scene, "web");
		listener(&scene, 443, 2, 0);
		count(&scene);
	}
	begin(&scene, "web");
	listener(&scene, 80, 3, 1);
	count(&scene);
	after = total(&scene, 80);
	accept_drops_release(&scene.drops);
	return after;
}

static void test_a_pair_is_forgotten_after_an_hour(void **state)
{
	assert_int_equal(total_after(state, 0), 6);
	assert_int_equal(total_after(state, 60), 6);
	assert_int_equal(total_after(state, 61), 1);
}

/* A snapshot that misses a listener once does not count it again. */
static void test_a_listener_that_comes_back(void **state)
{
	struct scene scene = scene_of(state, true);

	for (int i = 0; i < 3; i++) {
		begin(&scene, "web");
		if (i != 1)
			listener(&scene, 80, 1, 5);
		count(&scene);
	}
	assert_int_equal(total(&scene, 80), 0);
	accept_drops_release(&scene.drops);
}

/* Ports with `drops` each, then none. */
static size_t remembered(void **state, uint32_t drops)
{
	enum { PORTS = 6000 };
	struct scene scene = scene_of(state, true);
	size_t listeners, totals;

	begin(&scene, "web");
	count(&scene);
	begin(&scene, "web");
	for (uint16_t port = 1; port <= PORTS; port++)
		listener(&scene, port, port, drops);
	count(&scene);
	assert_int_equal(scene.drops.listeners.count, PORTS);
	assert_int_equal(scene.drops.totals.count, PORTS);
	begin(&scene, "web");
	count(&scene);
	listeners = scene.drops.listeners.count;
	totals = scene.drops.totals.count;
	assert_int_equal(listeners, totals);
	begin(&scene, "web");
	listener(&scene, PORTS, PORTS + 1, 2); /* the last of them is among those that are remembered */
	count(&scene);
	assert_int_equal(total(&scene, PORTS), drops + 2);
	accept_drops_release(&scene.drops);
	return totals;
}

static void test_memory_is_bounded(void **state)
{
	assert_int_equal(remembered(state, 1), 4096);
	assert_int_equal(remembered(state, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        CENSUS_TEST(test_the_first_snapshot_begins),  CENSUS_TEST(test_earlier_drops_count_if_asked_for),
	        CENSUS_TEST(test_the_sum_never_falls),        CENSUS_TEST(test_an_identity_that_is_used_again),
	        CENSUS_TEST(test_processes_have_their_own),   CENSUS_TEST(test_a_pair_is_forgotten_after_an_hour),
	        CENSUS_TEST(test_a_listener_that_comes_back), CENSUS_TEST(test_memory_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
