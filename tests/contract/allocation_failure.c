/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Allocation failures at each allocation of a scrape in turn, with each backend. The scrape is answered, its failure is
 * counted as a memory failure, and the next scrape is complete.
 */
#include <errno.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zlib.h>

#include <cmocka.h>

#include "exporter/platform/linux/bpf/bpf.h"
#include "exporter/platform/linux/procfs/procfs.h"
#include "exporter/scrape/tickets/body.h"
#include "exporter/scrape/scrape.h"
#include "tests/contract/faults.h"
#include "tests/contract/scene.h"
#include "tests/fuzz/exposition_check.h"

#define EVERYTHING (WANT_USER | WANT_EXE | WANT_UNIT | WANT_CONTAINER | WANT_SHARED | WANT_CLOSE_WAIT_AGE)
#define TEXT_MAX   ((size_t)4 * 1024 * 1024)

enum {
	/* More than a scrape makes. The loops end at the first scrape without a failed allocation. */
	ALLOCATIONS_MAX = 5000,
	/* The fewest possible: the table, the census, the text and the body each need some. */
	ALLOCATIONS_MIN = 10,
	ALL_THAT_FOLLOW = 1 << 30,
};

static struct scene scene;

/* A backend that refuses the first read, which a scraper makes at its start. The scrape under test is then the first
 * that needs memory. */
struct platform {
	const struct platform_backend *inner;
	struct platform *platform;
	atomic_uint reads;
};

/* A scraper and the objects that it uses. */
struct subject {
	struct platform_options options;
	struct platform platform;
	struct platform_backend backend;
	struct scraper *scraper;
};

struct form {
	enum exposition_format format;
	bool gzip;
};

static const struct form forms[] = {
        {FORMAT_TEXT, false}, {FORMAT_TEXT, true}, {FORMAT_OPENMETRICS, false}, {FORMAT_OPENMETRICS, true}};

static int read_but_first(struct platform *platform, struct deadline *deadline, struct snapshot *snapshot,
                          struct platform_error *error)
{
	if (atomic_fetch_add(&platform->reads, 1) == 0) {
		platform_error_set(error, "not yet");
		return -EPERM;
	}
	return platform->inner->read(platform->platform, deadline, snapshot, error);
}

static void wait_for_first_read(struct subject *subject)
{
	const struct timespec pause = {0, 100000};
	char reason[256] = "";

	while (!reason[0]) {
		assert_false(scraper_ready(subject->scraper, reason, sizeof(reason)));
		nanosleep(&pause, NULL);
	}
}

/* Returns the backend's options. The BPF iterator needs the real procfs. */
static struct platform_options options_for(const struct platform_backend *backend)
{
	return (struct platform_options){.procfs = strcmp(backend->name, "bpf") == 0 ? "/proc" : scene.procfs,
	                                 .replay_file = scene.recording,
	                                 .want = EVERYTHING};
}

static void start_scraper(struct subject *subject, const struct platform_backend *inner)
{
	struct platform_error error = {{0}};
	struct scraper_options options = {.collector.max_series = 10000, .families = METRICS_ALL};

	*subject = (struct subject){.options = options_for(inner)};
	subject->platform.inner = inner;
	assert_int_equal(inner->open(&subject->platform.platform, &subject->options, &error), 0);
	subject->backend = (struct platform_backend){.name = inner->name, .read = read_but_first};
	options.collector.backend = &subject->backend;
	options.collector.platform = &subject->platform;
	options.collector.census.labels = LABEL_BIT(LABEL_COUNT) - 1;
	options.version = options.revision = options.compiler = "test";
	assert_int_equal(scraper_new(&subject->scraper, &options), 0);
	wait_for_first_read(subject);
}

static void stop_scraper(struct subject *subject)
{
	scraper_free(subject->scraper);
	subject->platform.inner->close(subject->platform.platform);
}

static void on_done(struct scrape_ticket *ticket)
{
	sem_post(ticket->owner);
}

/* Submits the ticket and waits for the answer. The caller frees its body. */
static void scrape(struct subject *subject, const struct form *form, struct scrape_ticket *ticket)
{
	sem_t done;

	assert_int_equal(sem_init(&done, 0, 0), 0);
	*ticket = (struct scrape_ticket){.format = form->format,
	                                 .gzip = form->gzip,
	                                 .families = METRICS_ALL,
	                                 .deadline_ns = UINT64_MAX,
	                                 .done = on_done,
	                                 .owner = &done};
	scraper_submit(subject->scraper, ticket);
	while (sem_wait(&done) < 0)
		assert_int_equal(errno, EINTR);
	sem_destroy(&done);
}

/* Returns the body as text. The caller frees it. */
static char *unpacked(const struct scrape_ticket *ticket, bool gzip, size_t *length)
{
	z_stream stream = {.next_in = (Bytef *)ticket->body, .avail_in = (uInt)ticket->length};
	char *text = malloc(gzip ? TEXT_MAX : ticket->length + 1);

	assert_non_null(text);
	if (!gzip) {
		memcpy(text, ticket->body, ticket->length);
		*length = ticket->length;
		return text;
	}
	assert_int_equal(inflateInit2(&stream, 15 + 16), Z_OK);
	stream.next_out = (Bytef *)text;
	stream.avail_out = (uInt)TEXT_MAX;
	assert_int_equal(inflate(&stream, Z_FINISH), Z_STREAM_END);
	*length = stream.total_out;
	inflateEnd(&stream);
	return text;
}

static void expect_line(const char *text, size_t length, const char *line)
{
	if (!memmem(text, length, line, strlen(line)))
		fail_msg("'%s' is not in\n%.*s", line, (int)length, text);
}

/* Checks the rows of this program's sockets, or of the recording. */
static void expect_rows(const struct subject *subject, const char *text, size_t length, uint64_t sockets)
{
	char line[128];

	if (subject->platform.inner == &platform_replay) {
		assert_int_equal(sockets, SCENE_PROCESSES * SCENE_SOCKETS);
		expect_line(text, length, ",process=\"" SCENE_RECORDED "\",local_port=\"80\"");
		return;
	}
	snprintf(line, sizeof(line), ",process=\"" SCENE_NAME "\",local_port=\"%u\"", scene.port);
	expect_line(text, length, line);
}

/* Checks a 200: well-formed, with every socket counted by process, and with `failures` of memory. */
static void expect_whole(const struct subject *subject, const struct form *form, const struct scrape_ticket *ticket,
                         unsigned failures)
{
	struct exposition_sum sums[] = {{"tcp_connections", 0}, {"tcp_sockets", 0}};
	char line[128];
	size_t length;
	char *text;

	assert_int_equal(ticket->status, 200);
	assert_non_null(ticket->body);
	text = unpacked(ticket, form->gzip, &length);
	exposition_check(text, length, form->format == FORMAT_OPENMETRICS, sums, 2);
	assert_int_equal(sums[0].sum, sums[1].sum);
	expect_rows(subject, text, length, sums[1].sum);
	snprintf(line, sizeof(line), "\ntcp_exporter_scrape_errors_total{cause=\"memory\"} %u\n", failures);
	expect_line(text, length, line);
	free(text);
}

/* Makes a scrape in which allocation number `first` and the `count` - 1 after it fail, then a scrape without failures.
 * Returns true if an allocation failed. */
static bool try(const struct platform_backend *backend, const struct form *form, unsigned first, unsigned count)
{
	struct scrape_ticket ticket;
	struct subject subject;
	unsigned failures = 0;
	bool failed;

	start_scraper(&subject, backend);
	faults_arm(first, count);
	scrape(&subject, form, &ticket);
	failed = faults_disarm();
	if (ticket.status == 503) {
		assert_true(failed);
		assert_true(ticket.body || ticket.length == 0);
		failures = 1;
	} else {
		expect_whole(&subject, form, &ticket, 0);
	}
	body_drop(ticket.body);
	scrape(&subject, form, &ticket);
	expect_whole(&subject, form, &ticket, failures);
	body_drop(ticket.body);
	stop_scraper(&subject);
	return failed;
}

static void fail_at_each(const struct platform_backend *backend, unsigned count)
{
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		unsigned first = 1;

		while (first < ALLOCATIONS_MAX && try(backend, &forms[i], first, count))
			first++;
		assert_in_range(first, ALLOCATIONS_MIN, ALLOCATIONS_MAX - 1);
		print_message("%s: %u allocations\n", backend->name, first - 1);
	}
}

/* Checks that open() either fails as a whole or works. */
static void fail_to_open(const struct platform_backend *backend)
{
	const struct platform_options options = options_for(backend);
	bool failed = true;

	for (unsigned first = 1; failed; first++) {
		struct platform_error error = {{0}};
		struct platform *platform;
		int result;

		assert_true(first < ALLOCATIONS_MAX);
		faults_arm(first, 1);
		result = backend->open(&platform, &options, &error);
		failed = faults_disarm();
		assert_int_equal(result, failed ? -ENOMEM : 0);
		assert_true((platform != NULL) == !failed);
		assert_true(!failed || error.text[0]);
		if (platform)
			backend->close(platform);
	}
}

static int set_up(void **state)
{
	(void)state;
	faults_spare_this_thread(true);
	scene_make(&scene);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	scene_remove(&scene);
	return 0;
}

static void replay_one_allocation_fails(void **state)
{
	(void)state;
	fail_at_each(&platform_replay, 1);
}

/* The error text cannot be allocated either. */
static void replay_all_that_follow_fail(void **state)
{
	(void)state;
	fail_at_each(&platform_replay, ALL_THAT_FOLLOW);
}

static void procfs_one_allocation_fails(void **state)
{
	(void)state;
	fail_at_each(&platform_procfs, 1);
}

static void procfs_all_that_follow_fail(void **state)
{
	(void)state;
	fail_at_each(&platform_procfs, ALL_THAT_FOLLOW);
}

#ifdef TCP_EXPORTER_BPF
static void bpf_one_allocation_fails(void **state)
{
	(void)state;
	fail_at_each(&platform_bpf, 1);
}

static void bpf_all_that_follow_fail(void **state)
{
	(void)state;
	fail_at_each(&platform_bpf, ALL_THAT_FOLLOW);
}
#endif

static void opening_fails_or_works(void **state)
{
	(void)state;
	faults_spare_this_thread(false);
	fail_to_open(&platform_replay);
	fail_to_open(&platform_procfs);
#ifdef TCP_EXPORTER_BPF
	fail_to_open(&platform_bpf);
#endif
	faults_spare_this_thread(true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(replay_one_allocation_fails), cmocka_unit_test(replay_all_that_follow_fail),
	        cmocka_unit_test(procfs_one_allocation_fails), cmocka_unit_test(procfs_all_that_follow_fail),
#ifdef TCP_EXPORTER_BPF
	        cmocka_unit_test(bpf_one_allocation_fails),    cmocka_unit_test(bpf_all_that_follow_fail),
#endif
	        cmocka_unit_test(opening_fails_or_works),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
