/* SPDX-License-Identifier: Apache-2.0 */
/* Process list, read from procfs. */
#include "exporter/platform/linux/procfs/process_list.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "exporter/platform/linux/procfs/parse.h"

/* /proc/PID/stat has 52 numbers and a comm of at most 64 bytes (PROC_NUMBUF and TASK_COMM_LEN). */
#define STAT_SIZE 2048

bool process_is_init(bool nested, const char *comm, size_t length)
{
	static const char *const names[] = {"systemd", "init"};

	if (!nested)
		return true;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (length == strlen(names[i]) && memcmp(comm, names[i], length) == 0)
			return true;
	return false;
}

void process_list_init(struct process_list *list)
{
	*list = (struct process_list){0};
}

void process_list_release(struct process_list *list)
{
	free(list->items);
	process_list_init(list);
}

static int append(struct process_list *list, const struct process_entry *entry)
{
	int result = array_reserve((void **)&list->items, &list->capacity, list->count + 1, sizeof(*list->items));

	if (result == 0)
		list->items[list->count++] = *entry;
	return result;
}

/* Adds the process unless it has no files or is gone. */
static int add_process(struct process_list *list, int procfs, uint32_t pid)
{
	struct proc_stat stat;
	char path[32], bytes[STAT_SIZE];
	long length;
	bool zombie;

	snprintf(path, sizeof(path), "%u/stat", pid);
	length = read_file_at(procfs, path, bytes, sizeof(bytes));
	if (is_denied(length))
		list->denied++;
	if (length <= 0)
		return is_gone(length) || is_denied(length) ? 0 : (int)length;
	if (!parse_stat(bytes, (size_t)length, &stat))
		return -EBADMSG;
	zombie = stat.state == 'Z' || stat.state == 'X';
	if ((stat.flags & PF_KTHREAD) || (zombie && stat.threads <= 1))
		return 0;
	return append(list, &(struct process_entry){.start = stat.start, .pid = pid, .leader_gone = zombie});
}

static int by_age(const void *a, const void *b)
{
	const struct process_entry *left = a, *right = b;

	if (left->start != right->start)
		return left->start < right->start ? -1 : 1;
	return (left->pid > right->pid) - (left->pid < right->pid);
}

int process_list_read(struct process_list *list, int procfs, struct dirents *dirents, struct deadline *deadline,
                      struct platform_error *error)
{
	const char *name;
	uint32_t pid;
	int result;

	list->count = 0;
	list->denied = 0;
	if (lseek(procfs, 0, SEEK_SET) < 0) {
		result = -errno;
		goto out;
	}
	dirents_begin(dirents, procfs);
	while ((result = dirents_next(dirents, &name)) > 0) {
		if (!parse_pid(name, &pid))
			continue;
		result = deadline_check(deadline);
		if (result == 0)
			result = add_process(list, procfs, pid);
		if (result != 0)
			break;
	}
	if (result == 0 && list->count > 0)
		qsort(list->items, list->count, sizeof(*list->items), by_age);
out:
	if (result != 0)
		platform_error_set(error, "cannot list the processes: %s", strerror(-result));
	return result;
}
