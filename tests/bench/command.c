/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a command to its end, with its output to /dev/null. */
#include "probe.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

struct command {
	char **arguments;
	posix_spawn_file_actions_t files;
};

static void *open_command(char **arguments)
{
	struct command *command = calloc(1, sizeof(*command));

	if (!command)
		return NULL;
	command->arguments = arguments;
	errno = posix_spawn_file_actions_init(&command->files);
	if (errno == 0)
		errno = posix_spawn_file_actions_addopen(&command->files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	if (errno == 0)
		errno = posix_spawn_file_actions_addopen(&command->files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	if (errno != 0) {
		free(command);
		return NULL;
	}
	return command;
}

static uint64_t nanoseconds(struct timeval time)
{
	return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_usec * 1000u;
}

static int run_command(void *state, struct probe_sample *sample)
{
	struct command *command = state;
	struct rusage usage;
	int status;
	pid_t pid;

	errno = posix_spawnp(&pid, command->arguments[0], &command->files, NULL, command->arguments, environ);
	if (errno != 0)
		return -1;
	while (wait4(pid, &status, 0, &usage) < 0) {
		if (errno != EINTR)
			return -1;
	}
	sample->cpu_ns = nanoseconds(usage.ru_utime) + nanoseconds(usage.ru_stime);
	sample->count = (uint64_t)usage.ru_maxrss;
	errno = ECHILD;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -1;
}

static void close_command(void *state)
{
	struct command *command = state;

	posix_spawn_file_actions_destroy(&command->files);
	free(command);
}

const struct probe_kind probe_exec = {.name = "exec",
                                      .arguments = "COMMAND ...",
                                      .argument_count = -1,
                                      .own_cpu = 1,
                                      .open = open_command,
                                      .run = run_command,
                                      .close = close_command};
