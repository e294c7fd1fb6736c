/* SPDX-License-Identifier: Apache-2.0 */
/* Process texts: reads names and labels of a process from its directory in procfs. */
#include "exporter/platform/linux/procfs/process_text.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exporter/platform/linux/procfs/parse.h"

/* getpwuid_r() needs room for a whole passwd entry. sysconf(_SC_GETPW_R_SIZE_MAX) is only a hint. */
#define PASSWD_SIZE 4096
/* useradd(8) allows 32 bytes. Other user directories allow more. */
#define USER_NAME_SIZE 64

struct user_name {
	uint32_t uid;
	char name[USER_NAME_SIZE];
};

void process_texts_init(struct process_texts *texts)
{
	*texts = (struct process_texts){0};
}

void process_texts_release(struct process_texts *texts)
{
	free(texts->users);
	free(texts->command_line);
	process_texts_init(texts);
}

/* Returns 0 for errors that make a text absent: no permission, or no such file. Returns other errors. */
static int optional(long result)
{
	return is_gone(result) || is_denied(result) ? 0 : (int)result;
}

static int read_comm(struct process_texts *texts, int dir, size_t *length)
{
	long got = read_file_at(dir, "comm", texts->bytes, sizeof(texts->bytes));

	if (got < 0)
		return is_gone(got) ? -ESRCH : (int)got;
	/* The kernel ends the comm with a newline. Other newlines belong to the comm. */
	*length = got > 0 && texts->bytes[got - 1] == '\n' ? (size_t)got - 1 : (size_t)got;
	return 0;
}

/* Reads the executable's path. The length is 0 if it cannot be read. */
static int read_exe(struct process_texts *texts, int dir, size_t *length)
{
	long got = read_link_at(dir, "exe", texts->bytes, sizeof(texts->bytes));

	*length = got > 0 ? parse_exe_link(texts->bytes, (size_t)got) : 0;
	return got < 0 && got != -ENAMETOOLONG ? optional(got) : 0;
}

/* Reads at most `max` bytes of the command line. A line that fills the buffer is read again into a larger one. */
static int read_command_line(struct process_texts *texts, int dir, size_t max, size_t *length)
{
	size_t need = PROCESS_TEXT_SIZE, room;
	long got;

	*length = 0;
	do {
		if (array_reserve((void **)&texts->command_line, &texts->command_line_size, need, 1) != 0)
			return -ENOMEM;
		room = texts->command_line_size < max ? texts->command_line_size : max;
		got = read_file_at(dir, "cmdline", texts->command_line, room);
		if (got < 0)
			return optional(got);
		need = room + 1;
	} while ((size_t)got == room && room < max);
	*length = parse_cmdline(texts->command_line, (size_t)got);
	return 0;
}

/* Reads the name that `naming` selects. The length is 0 if the process has no such name, or for NAMING_COMM. */
static int read_better_name(struct process_texts *texts, int dir, enum process_naming naming,
                            const struct snapshot *snapshot, const char **name, size_t *length)
{
	const char *slash;
	int result;

	*name = texts->bytes;
	*length = 0;
	if (naming == NAMING_CMDLINE) {
		result = read_command_line(
		        texts, dir, snapshot->text_length < COMMAND_LINES_MAX ? COMMAND_LINE_MAX : PROCESS_TEXT_SIZE,
		        length);
		*name = texts->command_line;
		return result;
	}
	if (naming != NAMING_EXE)
		return 0;
	result = read_exe(texts, dir, length);
	slash = memrchr(texts->bytes, '/', *length);
	if (slash) {
		*length -= (size_t)(slash + 1 - *name);
		*name = slash + 1;
	}
	return result;
}

static int set_name(struct process_texts *texts, int dir, enum process_naming naming, struct snapshot *snapshot,
                    uint32_t index)
{
	const char *name;
	size_t length;
	int result = read_better_name(texts, dir, naming, snapshot, &name, &length);

	if (result == 0 && length == 0) {
		name = texts->bytes;
		result = read_comm(texts, dir, &length);
	}
	return result != 0 ? result : snapshot_set_text(snapshot, index, PROCESS_NAME, name, length);
}

/* Returns true if the user database has answered, even with "no such user". A temporary failure is no answer. */
static bool is_answer(int error)
{
	return error == 0 || error == ENOENT || error == ESRCH || error == EBADF || error == EPERM; /* getpwnam(3) */
}

/* Returns the name of a user id, or its number as text. Looks each id up once. Returns NULL if memory is short. */
static const char *user_name(struct process_texts *texts, uint32_t uid)
{
	struct passwd entry, *found = NULL;
	char buffer[PASSWD_SIZE];
	struct user_name *user;
	int error;

	for (size_t i = 0; i < texts->user_count; i++) {
		if (texts->users[i].uid == uid)
			return texts->users[i].name;
	}
	if (array_reserve((void **)&texts->users, &texts->user_capacity, texts->user_count + 1,
	                  sizeof(*texts->users)) != 0)
		return NULL;
	user = &texts->users[texts->user_count];
	user->uid = uid;
	error = getpwuid_r(uid, &entry, buffer, sizeof(buffer), &found);
	if (error == 0 && found && strlen(found->pw_name) < sizeof(user->name))
		memcpy(user->name, found->pw_name, strlen(found->pw_name) + 1);
	else
		snprintf(user->name, sizeof(user->name), "%u", uid);
	if (is_answer(error))
		texts->user_count++;
	return user->name;
}

static int set_user(struct process_texts *texts, int dir, struct snapshot *snapshot, uint32_t index)
{
	long length = read_file_at(dir, "status", texts->bytes, sizeof(texts->bytes));
	const char *name;
	uint32_t uid;

	if (length < 0)
		return optional(length);
	if (!parse_status_uid(texts->bytes, (size_t)length, &uid))
		return 0;
	name = user_name(texts, uid);
	return name ? snapshot_set_text(snapshot, index, PROCESS_USER, name, strlen(name)) : -ENOMEM;
}

static int set_exe(struct process_texts *texts, int dir, struct snapshot *snapshot, uint32_t index)
{
	size_t length;
	int result = read_exe(texts, dir, &length);

	if (result != 0 || length == 0)
		return result;
	return snapshot_set_text(snapshot, index, PROCESS_EXE, texts->bytes, length);
}

static int set_cgroup(struct process_texts *texts, int dir, unsigned want, struct snapshot *snapshot, uint32_t index)
{
	long length = read_file_at(dir, "cgroup", texts->bytes, sizeof(texts->bytes));
	struct parsed_text unit, container;
	int result = 0;

	if (length < 0)
		return optional(length);
	unit = parse_cgroup_unit(texts->bytes, (size_t)length);
	container = parse_cgroup_container(texts->bytes, (size_t)length);
	if ((want & WANT_UNIT) && unit.length > 0)
		result = snapshot_set_text(snapshot, index, PROCESS_UNIT, unit.bytes, unit.length);
	if (result == 0 && (want & WANT_CONTAINER) && container.length > 0)
		result = snapshot_set_text(snapshot, index, PROCESS_CONTAINER, container.bytes, container.length);
	return result;
}

/* Sets every text but the name. */
static int set_labels(struct process_texts *texts, int dir, unsigned want, struct snapshot *snapshot, uint32_t index)
{
	int result = 0;

	if (want & WANT_USER)
		result = set_user(texts, dir, snapshot, index);
	if (result == 0 && (want & WANT_EXE))
		result = set_exe(texts, dir, snapshot, index);
	if (result == 0 && (want & (WANT_UNIT | WANT_CONTAINER)))
		result = set_cgroup(texts, dir, want, snapshot, index);
	return result;
}

int process_texts_add(struct process_texts *texts, int dir, const struct process_entry *process,
                      const struct platform_options *options, struct snapshot *snapshot, uint32_t *index)
{
	int result = snapshot_add_process(snapshot, process->pid, process->start, index);

	if (result != 0)
		return result;
	result = set_name(texts, dir, options->naming, snapshot, *index);
	if (result == 0)
		result = set_labels(texts, dir, options->want, snapshot, *index);
	if (result != 0)
		snapshot->process_count--; /* removes the new process, to which nothing refers yet */
	return result;
}

bool process_texts_wanted(const struct platform_options *options)
{
	return options->naming != NAMING_COMM ||
	       (options->want & (WANT_USER | WANT_EXE | WANT_UNIT | WANT_CONTAINER)) != 0;
}

int process_texts_fill(struct process_texts *texts, int dir, const struct platform_options *options,
                       struct snapshot *snapshot, uint32_t index)
{
	const char *name;
	size_t length;
	int result = read_better_name(texts, dir, options->naming, snapshot, &name, &length);

	if (result == 0 && length > 0)
		result = snapshot_set_text(snapshot, index, PROCESS_NAME, name, length);
	return result != 0 ? result : set_labels(texts, dir, options->want, snapshot, index);
}
