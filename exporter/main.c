/* SPDX-License-Identifier: Apache-2.0 */
/* Main program: parses the flags, runs the action that they name, and returns the exit code. */
#include <errno.h>
#include <stdio.h>

#include "exporter/cli/arguments.h"
#include "exporter/cli/parser.h"
#include "exporter/cli/print.h"
#include "exporter/platform/host.h"
#include "exporter/platform/service.h"
#include "exporter/serve.h"

enum { EXIT_DONE = 0, EXIT_RUNTIME = 1, EXIT_USAGE = 2 };

static const struct build_info build = {
        .version = TCP_EXPORTER_VERSION,
        .revision = TCP_EXPORTER_REVISION,
        .compiler = TCP_EXPORTER_COMPILER,
};

static int print_text(struct textbuf *text, struct platform_error *error)
{
	int err = text->error;

	if (err != 0)
		platform_error_set(error, "out of memory");
	else
		err = print_bytes(text->data, text->length, error);
	textbuf_release(text);
	return err;
}

static int print_help(struct platform_error *error)
{
	struct textbuf text;

	textbuf_init(&text, 1 << 16);
	options_help(&text);
	return print_text(&text, error);
}

static int print_version(struct platform_error *error)
{
	struct textbuf text;

	textbuf_init(&text, 1 << 12);
	textbuf_printf(&text, "tcp_exporter, version %s (revision: %s)\n", build.version, build.revision);
	textbuf_printf(&text, "  compiler:         %s\n", build.compiler);
	textbuf_printf(&text, "  platform:         %s\n", TCP_EXPORTER_PLATFORM);
	textbuf_printf(&text, "  features:         %s\n", TCP_EXPORTER_FEATURES);
	return print_text(&text, error);
}

static int serve_as_service(void *data, struct platform_error *error)
{
	const struct options *options = data;

	return serve(options, &build, error);
}

static int check_service(void *data, struct platform_error *error)
{
	return serve_check(data, error);
}

static int act_as_service(struct options *options, struct platform_error *error)
{
	const struct service_work work = {serve_as_service, options}, check = {check_service, options};

	switch (options->service) {
	case SERVICE_INSTALL:
		return service_install("--service=run", &check, error); /* the last --service counts */
	case SERVICE_REMOVE:
		return service_remove(error);
	case SERVICE_RUN:
		break;
	}
	return service_run(&work, error);
}

static int act(struct options *options, struct platform_error *error)
{
	switch (options->action) {
	case ACTION_HELP:
		return print_help(error);
	case ACTION_VERSION:
		return print_version(error);
	case ACTION_PRINT_TABLE:
		return print_table(options, error);
	case ACTION_PRINT_METRICS:
		return print_metrics(options, &build, error);
	case ACTION_SERVICE:
		return act_as_service(options, error);
	case ACTION_SERVE:
		break;
	}
	return serve(options, &build, error);
}

static int refuse(const struct options *options, struct platform_error *error)
{
	platform_error_set(error, "%s does not work on %s", options->foreign, platform_system);
	return -ENOTSUP;
}

/* Reports the error: in the log if the server could not start, and on stderr for a command, or for a flag that cannot
 * work on this system. */
static void tell(const struct options *options, int err, const struct platform_error *error)
{
	if (options->action == ACTION_SERVE && err != -ENOTSUP)
		log_message(LOG_LEVEL_ERROR, "cannot start", "error", error->text, NULL);
	else
		fprintf(stderr, "tcp_exporter: %s\n", error->text);
}

static int run(struct options *options)
{
	struct platform_error error = {""};
	int err;

	log_configure(options->log_level, options->log_format);
	err = options->foreign[0] == '\0' ? act(options, &error) : refuse(options, &error);
	if (err == 0)
		return EXIT_DONE;
	tell(options, err, &error);
	return err == -ENOTSUP ? EXIT_USAGE : EXIT_RUNTIME; /* a flag that cannot work on this system */
}

/* Parses the arguments, and runs the action. Returns the exit code. */
static int parse_and_run(int argc, char **argv)
{
	struct arguments arguments;
	struct options options;
	char usage[512];
	int code = EXIT_USAGE, err;

	err = arguments_read(&arguments, argc - 1, (const char *const *)(argv + 1), usage, sizeof(usage));
	if (err == 0)
		err = options_parse(&options, arguments.count, arguments.items, usage, sizeof(usage));
	if (err == 0)
		code = run(&options);
	else
		fprintf(stderr, "tcp_exporter: %s\n", usage);
	arguments_release(&arguments);
	return code;
}

int main(int argc, char **argv)
{
	struct platform_error error = {""};

	if (host_prepare(&argc, &argv, &error) == 0)
		return parse_and_run(argc, argv);
	fprintf(stderr, "tcp_exporter: %s\n", error.text);
	return EXIT_RUNTIME;
}
