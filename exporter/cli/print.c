/* SPDX-License-Identifier: Apache-2.0 */
/* Print: writes one snapshot to standard output. */
#include "exporter/cli/print.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "exporter/cli/table.h"
#include "exporter/platform/privilege.h"
#include "exporter/scrape/backend.h"
#include "exporter/scrape/collector.h"
#include "exporter/scrape/counting.h"
#include "exporter/scrape/names.h"
#include "metrics/census/listeners.h"

/* Ten million sockets. */
#define TABLE_BYTES_MAX (SIZE_MAX < UINT64_C(1) << 32 ? (size_t)1 << 30 : (size_t)1 << 31)

int print_bytes(const char *bytes, size_t length, struct platform_error *error)
{
	int err;

	errno = 0;
	if ((length == 0 || fwrite(bytes, 1, length, stdout) == length) && fflush(stdout) == 0)
		return 0;
	err = errno != 0 ? -errno : -EIO;
	platform_error_set(error, "cannot write to standard output: %s", strerror(-err));
	return err;
}

/* Gives the sockets that no process holds to the process that the system's own tools show for them. */
static int show_nobody(struct snapshot *snapshot, const char *name)
{
	uint32_t nobody;
	int err = snapshot_add_process(snapshot, 0, 0, &nobody);

	if (err == 0)
		err = snapshot_set_text(snapshot, nobody, PROCESS_NAME, name, strlen(name));
	for (size_t i = 0; err == 0 && i < snapshot->socket_count; i++)
		if (snapshot->sockets[i].owner == OWNER_NONE)
			snapshot->sockets[i].owner = nobody;
	return err;
}

/* Credits unheld sockets to their listeners, as /metrics does. A record has the rows that the platform saw. */
static int credit(struct snapshot *snapshot)
{
	struct listeners listeners;
	int err;

	listeners_init(&listeners);
	err = listeners_build(&listeners, snapshot);
	if (err == 0)
		listeners_credit(&listeners, snapshot);
	listeners_release(&listeners);
	return err;
}

int print_snapshot(struct snapshot *snapshot, const struct table_options *options, const char *nobody,
                   struct platform_error *error)
{
	struct textbuf out;
	int err = 0;

	if (options->format != TABLE_REPLAY)
		err = nobody != NULL ? show_nobody(snapshot, nobody) : credit(snapshot);
	textbuf_init(&out, TABLE_BYTES_MAX);
	if (err == 0)
		err = table_write(&out, snapshot, options);
	if (err == 0)
		err = out.error;
	if (err != 0)
		platform_error_set(error, "cannot make the table: %s", strerror(-err));
	else
		err = print_bytes(out.data, out.length, error);
	textbuf_release(&out);
	return err;
}

/* Reads a snapshot with the names that the patterns find. A record has the names that the platform saw. */
static int read_snapshot(const struct open_backend *open, struct snapshot *snapshot, struct platform_error *error)
{
	const struct options *options = open->options;
	struct deadline deadline = {.expires_ns = UINT64_MAX};
	struct names *names;
	int err = names_new(&names, options->name_patterns,
	                    options->table.format != TABLE_REPLAY ? options->name_pattern_count : 0, error);

	if (err == 0)
		err = open->backend->read(open->platform, &deadline, snapshot, error);
	if (err == 0)
		err = names_apply(names, snapshot, &deadline, error);
	names_free(names);
	return err;
}

/* Opens the backend, and drops the privileges that only the opening needs. The caller closes it, after an error too. */
static int open_backend(struct open_backend *open, const struct options *options, unsigned want,
                        struct platform_error *error)
{
	struct platform_rights rights;
	char kept[PRIVILEGE_TEXT_MAX];
	int err = backend_open(open, options, want, error);

	if (err != 0)
		return err;
	rights = backend_rights(open);
	return privilege_drop(&rights, kept, sizeof(kept), error);
}

int print_table(const struct options *options, struct platform_error *error)
{
	struct open_backend open;
	struct snapshot snapshot;
	int err = open_backend(&open, options, backend_wants_to_print(options), error);

	snapshot_init(&snapshot);
	if (err == 0)
		err = read_snapshot(&open, &snapshot, error);
	if (err == 0)
		err = print_snapshot(&snapshot, &options->table, open.backend->nobody, error);
	snapshot_release(&snapshot);
	backend_close(&open);
	return err;
}

static int print_scrape(struct collector *collector, const struct options *options, const struct build_info *build,
                        struct platform_error *error)
{
	const struct collector_form form = {.format = FORMAT_TEXT,
	                                    .families = counting_families(options) & ~METRICS_OF_SERVER};
	struct deadline deadline = {.expires_ns = UINT64_MAX};
	struct report_self self = {
	        .version = build->version,
	        .revision = build->revision,
	        .compiler = build->compiler,
	        .backend = collector->options.backend->name,
	};
	const char *bytes;
	size_t length;
	int err = collector_take(collector, &deadline, error);

	if (err == 0)
		err = collector_write(collector, &form, &self, &bytes, &length, error);
	return err != 0 ? err : print_bytes(bytes, length, error);
}

int print_metrics(const struct options *options, const struct build_info *build, struct platform_error *error)
{
	static struct collector collector; /* too large for a stack */
	struct collector_options settings;
	struct open_backend open;
	struct counting counting = {NULL, NULL};
	int err = open_backend(&open, options, backend_wants_to_serve(options), error);

	if (err == 0)
		err = counting_init(&counting, options, error);
	if (err == 0) {
		settings = counting_collector(&counting, &open);
		settings.past_drops = true;
		collector_init(&collector, &settings);
		err = print_scrape(&collector, options, build, error);
		collector_release(&collector);
	}
	counting_release(&counting);
	backend_close(&open);
	return err;
}
