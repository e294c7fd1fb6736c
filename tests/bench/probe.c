/* SPDX-License-Identifier: Apache-2.0 */
/* Times one kind of work: one run per line of standard input. Prints "nanoseconds cpu_nanoseconds count" per run, or
 * "timeout". */
#include "probe.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static const struct probe_kind *const kinds[] = {
        &probe_dump,     &probe_dump_one_walk, &probe_walk, &probe_get, &probe_exec,
#ifdef TCP_EXPORTER_BPF
        &probe_bpf_walk,
#endif
};
#define KIND_COUNT (sizeof(kinds) / sizeof(kinds[0]))

static uint64_t now_ns(clockid_t clock)
{
	struct timespec time;

	clock_gettime(clock, &time);
	return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static int serve(const struct probe_kind *kind, void *state)
{
	char line[16];

	while (fgets(line, sizeof(line), stdin)) {
		struct probe_sample sample = {0};
		const uint64_t cpu = now_ns(CLOCK_PROCESS_CPUTIME_ID), start = now_ns(CLOCK_MONOTONIC);
		const int result = kind->run(state, &sample);
		const uint64_t elapsed = now_ns(CLOCK_MONOTONIC) - start;

		if (result < 0 && errno == ETIME) {
			puts("timeout");
			fflush(stdout);
			continue;
		}
		if (result < 0) {
			fprintf(stderr, "probe: %s: %s\n", kind->name, strerror(errno));
			return 1;
		}
		if (!kind->own_cpu)
			sample.cpu_ns = now_ns(CLOCK_PROCESS_CPUTIME_ID) - cpu;
		printf("%llu %llu %llu\n", (unsigned long long)elapsed, (unsigned long long)sample.cpu_ns,
		       (unsigned long long)sample.count);
		fflush(stdout);
	}
	return 0;
}

static const struct probe_kind *find(int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < KIND_COUNT; i++) {
		const int given = argc - 2, wanted = kinds[i]->argument_count;

		if (strcmp(argv[1], kinds[i]->name) == 0 && (wanted < 0 ? given > 0 : given == wanted))
			return kinds[i];
	}
	return NULL;
}

int main(int argc, char **argv)
{
	const struct probe_kind *kind = find(argc, argv);
	void *state;
	int status;

	if (!kind) {
		fputs("usage: probe KIND [ARGUMENT ...], where KIND is one of\n", stderr);
		for (size_t i = 0; i < KIND_COUNT; i++)
			fprintf(stderr, "  %s %s\n", kinds[i]->name, kinds[i]->arguments);
		return 2;
	}
	state = kind->open(argv + 2);
	if (!state) {
		fprintf(stderr, "probe: %s: %s\n", kind->name, strerror(errno));
		return 1;
	}
	status = serve(kind, state);
	kind->close(state);
	return status;
}
