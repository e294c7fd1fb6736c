/* SPDX-License-Identifier: Apache-2.0 */
/*
 * render text|openmetrics SNAPSHOT [FLAG...]: prints a recorded snapshot as the exporter serves it with these flags.
 * Numbers that are not of the snapshot are constant.
 */
#include <stdio.h>
#include <string.h>

#include "exporter/cli/parser.h"
#include "exporter/cli/print.h"
#include "exporter/platform/host.h"
#include "exporter/platform/replay/parse.h"
#include "exporter/scrape/backend.h"
#include "exporter/scrape/filter.h"
#include "exporter/scrape/names.h"
#include "metrics/history/accept_drops.h"
#include "metrics/report/report.h"

enum {
	/* Far larger than any snapshot of the tests. */
	SNAPSHOT_BYTES_MAX = 1 << 20,
	EXPOSITION_BYTES_MAX = 1 << 24,
};

struct render {
	struct options options;
	struct snapshot snapshot;
	struct listeners listeners;
	struct served_ports served;
	struct accept_drops drops;
	struct census census;
	struct report_folding folding;
	struct filter *filter;
	struct names *names;
};

static uint64_t stopped_clock(void)
{
	return 0;
}

/* Distinct numbers, so that an exchange of two is found. */
static const struct report_self self = {
        .version = "1.2.3",
        .revision = "abc",
        .compiler = "cc \"4\"",
        .backend = "replay",
        .scrapes = 21,
        .scrape_errors = {1, 2, 3, 5, 6},
        .http_requests = {7, 8, 9},
        .aggregate_ns = 123456789,
        .process =
                {
                        .cpu_us = 1250000,
                        .resident_bytes = 11111111,
                        .virtual_bytes = 22222222,
                        .virtual_max_bytes = SELF_ABSENT,
                        .open_fds = 13,
                        .max_fds = 1024,
                        .start_ms = 1760000000123,
                },
};

static int read_snapshot(struct render *render, const char *path)
{
	static char bytes[SNAPSHOT_BYTES_MAX];
	struct replay_fault fault;
	FILE *file = fopen(path, "rb");
	size_t length;
	int err;

	if (file == NULL) {
		perror(path);
		return -1;
	}
	length = fread(bytes, 1, sizeof(bytes), file);
	fclose(file);
	err = replay_parse(bytes, length, NULL, &render->snapshot, &fault);
	if (err != 0)
		fprintf(stderr, "%s:%zu: %s\n", path, fault.line, fault.reason);
	return err;
}

static int rename_processes(struct render *render)
{
	struct deadline deadline = {.expires_ns = UINT64_MAX};
	struct platform_error error;
	int err = names_new(&render->names, render->options.name_patterns, render->options.name_pattern_count, &error);

	return err != 0 ? err : names_apply(render->names, &render->snapshot, &deadline, &error);
}

static int count(struct render *render)
{
	struct census_options options = {
	        .labels = render->options.labels,
	        .local_port = render->options.local_port,
	        .remote_port = render->options.remote_port,
	};
	int err = 0;

	if (render->options.include != NULL || render->options.exclude != NULL) {
		err = filter_new(&render->filter, render->options.include, render->options.exclude);
		options.keep = filter_keep;
		options.keep_data = render->filter;
	}
	if (err == 0)
		err = listeners_build(&render->listeners, &render->snapshot);
	if (err != 0)
		return err;
	listeners_credit(&render->listeners, &render->snapshot);
	err = served_ports_update(&render->served, &render->snapshot, &render->listeners);
	accept_drops_compare(&render->drops, &render->snapshot);
	if (err == 0)
		err = census_take(&render->census, &render->snapshot, &render->served, &options);
	return err ? err : accept_drops_add(&render->drops, &render->snapshot, &render->census, 0);
}

static int write_report(struct render *render, enum exposition_format format)
{
	const struct report_input input = {&render->snapshot, &render->census, &self};
	const struct report_options options = {
	        .format = format,
	        .families = render->options.disable_exporter_metrics ? METRICS_ALL & ~METRICS_OF_EXPORTER : METRICS_ALL,
	        .max_series = render->options.max_series,
	        .now_ns = stopped_clock,
	};
	struct platform_error error;
	struct textbuf out;
	int err;

	textbuf_init(&out, EXPOSITION_BYTES_MAX);
	err = report_write(&out, &input, &render->folding, &options);
	if (err == 0)
		err = print_bytes(out.data, out.length, &error);
	textbuf_release(&out);
	return err;
}

static void release(struct render *render)
{
	names_free(render->names);
	filter_free(render->filter);
	report_folding_release(&render->folding);
	census_release(&render->census);
	accept_drops_release(&render->drops);
	served_ports_release(&render->served);
	listeners_release(&render->listeners);
	snapshot_release(&render->snapshot);
}

int main(int argc, char **argv)
{
	static struct render render;
	struct platform_error unprepared;
	char error[512] = "";
	bool openmetrics;
	int err;

	if (argc < 3) {
		fprintf(stderr, "usage: render text|openmetrics SNAPSHOT [FLAG...]\n");
		return 2;
	}
	if (host_prepare(&argc, &argv, &unprepared) != 0) {
		fprintf(stderr, "render: %s\n", unprepared.text);
		return 2;
	}
	openmetrics = strcmp(argv[1], "openmetrics") == 0;
	err = options_parse(&render.options, argc - 3, (const char *const *)(argv + 3), error, sizeof(error));
	if (err != 0) {
		fprintf(stderr, "render: %s\n", error);
		return 2;
	}
	snapshot_init(&render.snapshot);
	listeners_init(&render.listeners);
	served_ports_init(&render.served);
	census_init(&render.census);
	report_folding_init(&render.folding);
	err = read_snapshot(&render, argv[2]);
	if (err == 0)
		err = rename_processes(&render);
	if (err == 0)
		err = count(&render);
	if (err == 0)
		err = write_report(&render, openmetrics ? FORMAT_OPENMETRICS : FORMAT_TEXT);
	release(&render);
	return err != 0;
}
