/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of the command line: defaults, every flag in every form, refused values and their messages. */
#include "exporter/cli/parser.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "exporter/cli/option_values.h"

enum { ARGUMENTS_MAX = 24 };

static struct options options;
static char message[512];

/* Arguments as one string with "|" between them. */
static int parse(const char *line)
{
	static char copy[4096];
	const char *argv[ARGUMENTS_MAX + 1] = {NULL};
	int argc = 0;

	assert_true(strlen(line) < sizeof(copy));
	strcpy(copy, line);
	for (char *at = copy; *line != '\0' && at != NULL;) {
		assert_true(argc < ARGUMENTS_MAX);
		argv[argc++] = at;
		at = strchr(at, '|');
		if (at != NULL)
			*at++ = '\0';
	}
	message[0] = '\0';
	return options_parse(&options, argc, argv, message, sizeof(message));
}

static void accept(const char *line)
{
	int err = parse(line);

	if (err != 0)
		print_error("%s: %s\n", line, message);
	assert_int_equal(err, 0);
	assert_string_equal(message, "");
}

static void test_defaults(void **state)
{
	(void)state;
	accept("");
	assert_int_equal(options.action, ACTION_SERVE);
	assert_int_equal(options.listen_count, 1);
	assert_string_equal(options.listen[0], ":10793");
	assert_string_equal(options.telemetry_path, "/metrics");
	assert_int_equal(options.max_requests, 40);
	assert_false(options.disable_exporter_metrics);
	assert_string_equal(options.backend, "auto");
	assert_null(options.replay_file);
	assert_int_equal(options.local_port, LOCAL_PORT_SERVED);
	assert_int_equal(options.max_series, 10000);
	assert_int_equal(options.labels, 0);
	assert_int_equal(options.naming, NAMING_COMM);
	assert_null(options.include);
	assert_null(options.exclude);
	assert_false(options.all_netns);
	assert_true(options.shared_sockets);
	assert_false(options.closed_owners);
	assert_string_equal(options.procfs, "/proc");
	assert_int_equal(options.log_level, LOG_LEVEL_INFO);
	assert_int_equal(options.log_format, LOG_FORMAT_LOGFMT);
}

/* A value follows after "=" or as the next argument. */
static void test_values(void **state)
{
	static const char *const lines[] = {
	        "--web.listen-address=127.0.0.1:1|--web.listen-address=[::1]:2|--web.telemetry-path=/"
	        "m|--web.max-requests=7|"
	        "--collector.backend=" SYSTEM_BACKEND
	        "|--collector.local-port=none|--collector.max-series=12|--collector.label="
	        "pid|"
	        "--collector.label=local_address|--collector.process-name=cmdline|--collector.process.include=a=b|"
	        "--collector.process.exclude=.*|--collector.netns=all|--path.procfs=/host/proc|--log.level=error|"
	        "--log.format=json",
	        "--web.listen-address|127.0.0.1:1|--web.listen-address|[::1]:2|--web.telemetry-path|/"
	        "m|--web.max-requests|7|"
	        "--collector.backend|" SYSTEM_BACKEND "|--collector.local-port|none|--collector.max-series|12",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		accept(lines[i]);
		assert_int_equal(options.listen_count, 2);
		assert_string_equal(options.listen[0], "127.0.0.1:1");
		assert_string_equal(options.listen[1], "[::1]:2");
		assert_string_equal(options.telemetry_path, "/m");
		assert_int_equal(options.max_requests, 7);
		assert_string_equal(options.backend, SYSTEM_BACKEND);
		assert_int_equal(options.local_port, LOCAL_PORT_NONE);
		assert_int_equal(options.max_series, 12);
	}
	accept(lines[0]);
	assert_int_equal(options.labels, LABEL_BIT(LABEL_PID) | LABEL_BIT(LABEL_LOCAL_ADDRESS));
	assert_int_equal(options.naming, NAMING_CMDLINE);
	assert_string_equal(options.include, "a=b");
	assert_string_equal(options.exclude, ".*");
	assert_true(options.all_netns);
	assert_string_equal(options.procfs, "/host/proc");
	assert_int_equal(options.log_level, LOG_LEVEL_ERROR);
	assert_int_equal(options.log_format, LOG_FORMAT_JSON);
}

static void test_switches(void **state)
{
	(void)state;
	accept("--web.disable-exporter-metrics|--no-collector.shared-sockets");
	assert_true(options.disable_exporter_metrics);
	assert_false(options.shared_sockets);
	accept("--no-web.disable-exporter-metrics|--web.health-without-auth|--collector.closed-owners");
	assert_true(options.closed_owners);
	assert_false(options.disable_exporter_metrics);
	assert_true(options.health_without_auth);
}

static void test_actions(void **state)
{
	(void)state;
	accept("--help");
	assert_int_equal(options.action, ACTION_HELP);
	accept("-h");
	assert_int_equal(options.action, ACTION_HELP);
	accept("--version");
	assert_int_equal(options.action, ACTION_VERSION);
	accept("--print-metrics");
	assert_int_equal(options.action, ACTION_PRINT_METRICS);
	accept("--print-table");
	assert_int_equal(options.action, ACTION_PRINT_TABLE);
	assert_int_equal(options.table.format, TABLE_TEXT);
	accept("--print-table=json");
	assert_int_equal(options.table.format, TABLE_JSON);
	accept("--print-table=replay");
	assert_int_equal(options.table.format, TABLE_REPLAY);
	accept("--service=install|--service|run");
	assert_int_equal(options.action, ACTION_SERVICE);
	assert_int_equal(options.service, SERVICE_RUN);
	accept("--print-table|--log.level=debug");
	assert_int_equal(options.action, ACTION_PRINT_TABLE);
}

static void test_repeatables_add_up(void **state)
{
	(void)state;
	accept("--web.max-requests=0|--collector.label=unit|--collector.label=unit|--collector.label=exe");
	assert_int_equal(options.max_requests, 0);
	assert_int_equal(options.labels, LABEL_BIT(LABEL_UNIT) | LABEL_BIT(LABEL_EXE));
	accept("--collector.process.include=");
	assert_null(options.include);
	accept("--collector.max-series=10000000|--");
	assert_int_equal(options.max_series, 10000000);
}

static void test_replay(void **state)
{
	(void)state;
	accept("--collector.replay=f");
	assert_string_equal(options.backend, "replay");
	assert_string_equal(options.replay_file, "f");
	accept("--collector.backend=replay|--collector.replay=f");
	assert_string_equal(options.backend, "replay");
}

static void test_refused(void **state)
{
	static const struct {
		const char *line, *error;
	} cases[] = {
	        {"--collector.max-series=abc", "--collector.max-series: \"abc\" is not a number from 12 to 10000000"},
	        {"--collector.max-series=11", "--collector.max-series: \"11\" is not a number from 12 to 10000000"},
	        {"--collector.max-series=", "--collector.max-series: \"\" is not a number from 12 to 10000000"},
	        {"--collector.max-series=+99", "--collector.max-series: \"+99\" is not a number from 12 to 10000000"},
	        {"--collector.max-series=99999999999999999999999",
	         "--collector.max-series: \"99999999999999999999999\" is not a number from 12 to 10000000"},
	        {"--web.max-requests=1|--web.max-requests=1", "--web.max-requests: given more than once"},
	        {"--log.level=info|--log.level|x", "--log.level: given more than once"},
	        {"--collector.shared-sockets|--no-collector.shared-sockets",
	         "--collector.shared-sockets: given more than once"},
	        {"--help|--help", "--help: given more than once"},
	        {"--web.max-requests|-1", "--web.max-requests: \"-1\" is not a number from 0 to 10000"},
	        {"--web.max-requests", "--web.max-requests: no value is given, expected a number from 0 to 10000"},
	        {"--log.level|--help", "--log.level: no value is given, expected one of debug, info, warn, error"},
	        {"--log.level=INFO", "--log.level: \"INFO\" is not one of debug, info, warn, error"},
	        {"--log.format=xml", "--log.format: \"xml\" is not one of logfmt, json"},
	        {"--collector.local-port=some", "--collector.local-port: \"some\" is not one of served, all, none"},
	        {"--collector.netns=none", "--collector.netns: \"none\" is not one of own, all"},
	        {"--collector.process.include=(", "--collector.process.include: \"(\" is not a regular expression: "
	                                          "missing closing parenthesis at offset 1"},
	        {"--web.telemetry-path=metrics",
	         "--web.telemetry-path: \"metrics\" is not a path that starts with / and has no space, ?, # or %"},
	        {"--path.procfs=proc", "--path.procfs: \"proc\" is not an absolute path"},
	        {"--collector.replay=", "--collector.replay: \"\" is not the name of a file"},
	        {"--collector.backend=replay",
	         "--collector.backend: \"replay\" needs a recorded snapshot: give --collector.replay"},
	        {"--collector.backend=" SYSTEM_BACKEND "|--collector.replay=f",
	         "--collector.backend: \"" SYSTEM_BACKEND
	         "\" reads no recorded snapshot: leave out --collector.replay"},
	        {"--print-table=xml", "--print-table: \"xml\" is not one of text, json, replay"},
	        {"--print-table|json", "unexpected argument \"json\" (see --help)"},
	        {"--version=1", "--version: unexpected value \"1\""},
	        {"--collector.shared-sockets=false",
	         "--collector.shared-sockets: unexpected value \"false\" (--no-collector.shared-sockets turns it off)"},
	        {"--no-collector.shared-sockets=",
	         "--collector.shared-sockets: unexpected value \"\" (--no-collector.shared-sockets turns it off)"},
	        {"--bogus", "unknown flag \"--bogus\" (see --help)"},
	        {"--bogus=1", "unknown flag \"--bogus=1\" (see --help)"},
	        {"--no-help", "unknown flag \"--no-help\" (see --help)"},
	        {"--no-log.level", "unknown flag \"--no-log.level\" (see --help)"},
	        {"--log.leve=info", "unknown flag \"--log.leve=info\" (see --help)"},
	        {"--log.levels=info", "unknown flag \"--log.levels=info\" (see --help)"},
	        {"-x", "unknown flag \"-x\" (see --help)"},
	        {"-help", "unknown flag \"-help\" (see --help)"},
	        {"--|--help", "unexpected argument \"--help\" (see --help)"},
	        {"--|-h", "unexpected argument \"-h\" (see --help)"},
	        {"-", "unexpected argument \"-\" (see --help)"},
	        {"serve", "unexpected argument \"serve\" (see --help)"},
	        {"--help|x", "unexpected argument \"x\" (see --help)"},
	        {"a\nb\x1b[31m\xc2\x9b\xff",
	         "unexpected argument \"a\\nb\\x1b[31m\\xc2\\x9b\xef\xbf\xbd\" (see --help)"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(parse(cases[i].line), -EINVAL);
		assert_string_equal(message, cases[i].error);
	}
}

static void test_addresses(void **state)
{
	static const char *const good[] = {":0",
	                                   ":65535",
	                                   "0.0.0.0:80",
	                                   "[::]:80",
	                                   "localhost:9",
	                                   "[fe80::1%eth0]:1",
	                                   "[::1%lo]:80",
	                                   "*:80",
	                                   ":http",
	                                   "localhost:postgresql",
	                                   "unix:/run/x.sock"};
	static const char *const bad[] = {"",
	                                  ":",
	                                  "80",
	                                  "host",
	                                  "host:",
	                                  "host:x_y",
	                                  ":65536",
	                                  ":-1",
	                                  ":1 ",
	                                  "::1:80",
	                                  "[::1]80",
	                                  "[::1:80",
	                                  "::1]:80",
	                                  "[]:80",
	                                  "[::1%]:80",

	                                  ":1234567890abcdef",
	                                  "unix:",
	                                  "unix:x",
	                                  "[host]:80",
	                                  ":000080",
	                                  "a]:1"};
	char line[256] = "";

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		strcpy(line, "--web.listen-address=");
		accept(strcat(line, good[i]));
		assert_string_equal(options.listen[0], good[i]);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		strcpy(line, "--web.listen-address=");
		assert_int_equal(parse(strcat(line, bad[i])), -EINVAL);
		assert_non_null(strstr(message, "is not an address like :10793"));
	}
	strcpy(line, "--web.listen-address=unix:/");
	memset(line + strlen(line), 'x', 106);
	accept(line);
	assert_int_equal(parse(strcat(line, "x")), -EINVAL);
	assert_non_null(strstr(message, ": the path has 108 bytes, and the longest has 107"));
}

static void test_too_many_addresses(void **state)
{
	char line[1024] = "";

	(void)state;
	for (int i = 0; i < OPTIONS_MAX_LISTEN; i++)
		strcat(line, i == 0 ? "--web.listen-address=:1" : "|--web.listen-address=:1");
	accept(line);
	assert_int_equal(options.listen_count, OPTIONS_MAX_LISTEN);
	assert_int_equal(parse(strcat(line, "|--web.listen-address=:2")), -EINVAL);
	assert_non_null(strstr(message, "\":2\" is not an address"));
	assert_non_null(strstr(message, "at most 16"));
}

static void test_long_values_are_cut(void **state)
{
	char line[3000];

	(void)state;
	memset(line, 'x', sizeof(line) - 1);
	line[sizeof(line) - 1] = '\0';
	assert_int_equal(parse(line), -EINVAL);
	assert_true(strlen(message) < 160);
	assert_non_null(strstr(message, "xxx...\" (see --help)"));
}

static void test_url_path(void **state)
{
	(void)state;
	assert_true(value_url_path("/"));
	assert_true(value_url_path("/a/b-c_d.e~f"));
	assert_false(value_url_path(""));
	assert_false(value_url_path("metrics"));
	assert_false(value_url_path("/a?b"));
	assert_false(value_url_path("/a#b"));
	assert_false(value_url_path("/a%20"));
	assert_false(value_url_path("/a b"));
	assert_false(value_url_path("/caf\xc3\xa9"));
}

/* The help has every flag and no long line. Its defaults are accepted values. */
static void test_help(void **state)
{
	static const char *const flags[] = {
	        "--web.listen-address=",
	        "--web.telemetry-path=",
	        "--web.max-requests=",
	        "--[no-]web.disable-exporter-metrics",
	        "--collector.backend=",
	        "--collector.replay=",
	        "--collector.local-port=",
	        "--collector.max-series=",
	        "--collector.label=",
	        "--collector.process-name=",
	        "--collector.process.include=",
	        "--collector.process.exclude=",
	        "--log.level=",
	        "--log.format=",
	        "--print-table[=",
	        "--version",
	        "-h, --help",
	};
	struct textbuf out;
	size_t column = 0;

	(void)state;
	textbuf_init(&out, 1 << 16);
	options_help(&out);
	textbuf_putc(&out, '\0');
	assert_int_equal(out.error, 0);
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		assert_non_null(strstr(out.data, flags[i]));
	for (size_t i = 0; i + 1 < out.length; i++) {
		column = out.data[i] == '\n' ? 0 : column + 1;
		assert_true(column <= 100);
		assert_false(out.data[i] == ' ' && out.data[i + 1] == '\n');
	}
	textbuf_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_defaults),
	        cmocka_unit_test(test_values),
	        cmocka_unit_test(test_switches),
	        cmocka_unit_test(test_actions),
	        cmocka_unit_test(test_repeatables_add_up),
	        cmocka_unit_test(test_replay),
	        cmocka_unit_test(test_refused),
	        cmocka_unit_test(test_addresses),
	        cmocka_unit_test(test_too_many_addresses),
	        cmocka_unit_test(test_long_values_are_cut),
	        cmocka_unit_test(test_url_path),
	        cmocka_unit_test(test_help),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
