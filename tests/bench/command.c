/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a command with its output to /dev/null, and kills it at a time limit. */
#include "probe.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* The time of `ss -tanpH` grows with the square of the number of sockets: many minutes at a million. */
#define TIME_LIMIT_SECONDS 120

extern char **environ;

struct command {
	char **arguments;
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes; /* the signals as they were */
};

/* Blocks SIGCHLD, so that sigtimedwait() can wait for the end of a command with a limit. */
static int block_sigchld(sigset_t *before)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	return sigprocmask(SIG_BLOCK, &set, before);
}

static int prepare(struct command *command)
{
	sigset_t before;
	int error = block_sigchld(&before) < 0 ? errno : 0;

	if (error == 0)
		error = posix_spawnattr_init(&command->attributes);
	if (error == 0)
		error = posix_spawnattr_setsigmask(&command->attributes, &before);
	if (error == 0)
		error = posix_spawnattr_setflags(&command->attributes, POSIX_SPAWN_SETSIGMASK);
	if (error == 0)
		error = posix_spawn_file_actions_init(&command->files);
	if (error == 0)
		error = posix_spawn_file_actions_addopen(&command->files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	if (error == 0)
		error = posix_spawn_file_actions_addopen(&command->files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	return error;
}

static void *open_command(char **arguments)
{
	struct command *command = calloc(1, sizeof(*command));

	if (!command)
		return NULL;
	command->arguments = arguments;
	errno = prepare(command);
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

/* Waits for the end of the child, and kills it at the time limit. Returns false if it killed the child. */
static bool wait_or_kill(pid_t pid)
{
	const struct timespec limit = {.tv_sec = TIME_LIMIT_SECONDS};
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	if (sigtimedwait(&set, NULL, &limit) == SIGCHLD)
		return true;
	kill(pid, SIGKILL);
	return false;
}

static int run_command(void *state, struct probe_sample *sample)
{
	struct command *command = state;
	struct rusage usage;
	bool in_time;
	int status;
	pid_t pid;

	errno = posix_spawnp(&pid, command->arguments[0], &command->files, &command->attributes, command->arguments,
	                     environ);
	if (errno != 0)
		return -1;
	in_time = wait_or_kill(pid);
	while (wait4(pid, &status, 0, &usage) < 0) {
		if (errno != EINTR)
			return -1;
	}
	sample->cpu_ns = nanoseconds(usage.ru_utime) + nanoseconds(usage.ru_stime);
	sample->count = (uint64_t)usage.ru_maxrss;
	errno = in_time ? ECHILD : ETIME;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -1;
}

static void close_command(void *state)
{
	struct command *command = state;

	posix_spawn_file_actions_destroy(&command->files);
	posix_spawnattr_destroy(&command->attributes);
	free(command);
}

const struct probe_kind probe_exec = {.name = "exec",
                                      .arguments = "COMMAND ...",
                                      .argument_count = -1,
                                      .own_cpu = 1,
                                      .open = open_command,
                                      .run = run_command,
                                      .close = close_command};
