/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzzes the command line: an error has one readable line, and accepted fields are within their ranges. */
#include "tests/fuzz/fuzz.h"

#include <errno.h>

#include "exporter/cli/option_table.h"
#include "exporter/cli/parser.h"
#include "metrics/census/fold.h"

enum {
	ARGUMENTS_MAX = 64,
	/* Sizes that any message fits into, and that most do not. */
	ERROR_SIZE = 512,
	ERROR_SMALL = 24,
};

/* Checks that the message is one line without control bytes. */
static void check_line(const char *error, size_t size)
{
	size_t length = strnlen(error, size);

	CHECK(length > 0 && length < size);
	for (size_t i = 0; i < length; i++)
		CHECK((unsigned char)error[i] >= ' ' && error[i] != 0x7f);
}

/* Checks that a message that was not cut names the flag, or quotes the argument that is no flag. */
static void check_error(const char *error)
{
	check_line(error, ERROR_SIZE);
	CHECK(strchr(error, '"') || strncmp(error, "--", 2) == 0);
	CHECK(strlen(error) < ERROR_SIZE - 1);
}

static void check_options(const struct options *options)
{
	CHECK(options->action >= ACTION_SERVE && options->action <= ACTION_VERSION);
	CHECK(options->table.format >= TABLE_TEXT && options->table.format <= TABLE_REPLAY);
	CHECK(options->listen_count >= 1 && options->listen_count <= OPTIONS_MAX_LISTEN);
	for (size_t i = 0; i < options->listen_count; i++)
		CHECK(options->listen[i] && strchr(options->listen[i], ':'));
	CHECK(options->telemetry_path && options->telemetry_path[0] == '/');
	CHECK(!strpbrk(options->telemetry_path, " ?#%"));
	CHECK(options->max_requests <= 10000);
	CHECK(options->local_port >= LOCAL_PORT_SERVED && options->local_port <= LOCAL_PORT_NONE);
	CHECK(options->remote_port >= REMOTE_PORT_ALL && options->remote_port <= REMOTE_PORT_NONE);
	CHECK(options->max_series >= FOLD_MIN_SERIES);
	CHECK(options->labels < LABEL_BIT(LABEL_COUNT));
	CHECK(options->naming >= NAMING_COMM && options->naming <= NAMING_CMDLINE);
	CHECK(options->name_pattern_count <= OPTIONS_MAX_NAME_PATTERNS);
	CHECK(options->procfs && options->procfs[0] == '/');
	CHECK(options->log_level >= LOG_LEVEL_DEBUG && options->log_level <= LOG_LEVEL_ERROR);
	CHECK(options->log_format >= LOG_FORMAT_LOGFMT && options->log_format <= LOG_FORMAT_JSON);
	CHECK(options->backend);
	CHECK((strcmp(options->backend, platform_replay.name) == 0) == (options->replay_file != NULL));
}

static void parse(int argc, const char *const *argv)
{
	char *error = malloc(ERROR_SIZE), *small = malloc(ERROR_SMALL);
	struct options options, again;
	int result;

	CHECK(error && small);
	result = options_parse(&options, argc, argv, error, ERROR_SIZE);
	CHECK(result == 0 || result == -EINVAL);
	CHECK(options_parse(&again, argc, argv, small, ERROR_SMALL) == result);
	if (result == 0) {
		check_options(&options);
	} else {
		check_error(error);
		check_line(small, ERROR_SMALL);
		CHECK(strncmp(error, small, strlen(small)) == 0);
	}
	free(error);
	free(small);
}

/* An input has one argument per line. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	char *text = terminated_copy(bytes, length);
	const char *argv[ARGUMENTS_MAX + 1] = {NULL};
	int argc = 0;

	for (char *at = text, *newline; argc < ARGUMENTS_MAX && *at; at = newline + 1) {
		newline = strchr(at, '\n');
		argv[argc++] = at;
		if (!newline)
			break;
		*newline = '\0';
	}
	parse(argc, argv);
	free(text);
	return 0;
}
