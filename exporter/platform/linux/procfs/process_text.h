/* SPDX-License-Identifier: Apache-2.0 */
/* What a process is called, and the other texts that a snapshot may hold of it. */
#ifndef EXPORTER_PLATFORM_LINUX_PROCFS_PROCESS_TEXT_H
#define EXPORTER_PLATFORM_LINUX_PROCFS_PROCESS_TEXT_H

#include "exporter/platform/linux/procfs/process_list.h"
#include "exporter/platform/platform.h"

/* Of every text but command lines: what is looked for is in the first page. PATH_MAX has the same size. */
#define PROCESS_TEXT_SIZE 4096
/* Of a command line: MAX_ARG_STRLEN in include/uapi/linux/binfmts.h, the longest argument there is. */
#define COMMAND_LINE_MAX ((size_t)128 * 1024)
/* Of all texts of a snapshot. Beyond it a command line is cut to PROCESS_TEXT_SIZE bytes, so that no user can fill the
 * memory with a thousand processes that have long ones. */
#define COMMAND_LINES_MAX ((size_t)32 * 1024 * 1024)

struct user_name;

struct process_texts {
	struct user_name *users; /* names by user id, kept for the life of the program */
	size_t user_count, user_capacity;
	char *command_line; /* grows up to COMMAND_LINE_MAX */
	size_t command_line_size;
	char bytes[PROCESS_TEXT_SIZE];
};

void process_texts_init(struct process_texts *texts);
void process_texts_release(struct process_texts *texts);

/*
 * Adds the process, whose directory in procfs is open as `dir`, to the snapshot with the texts that
 * are wanted; what may not be read is absent. 0 and its index; -ESRCH: it is gone; or another -errno.
 */
int process_texts_add(struct process_texts *texts, int dir, const struct process_entry *process,
                      const struct platform_options *options, struct snapshot *snapshot, uint32_t *index) MUST_CHECK;

/* Whether the options ask for more of a process than what the kernel calls it. */
bool process_texts_wanted(const struct platform_options *options);

/*
 * Adds the texts to a process that is in the snapshot, with its comm as PROCESS_NAME, and whose directory
 * in procfs is open as `dir`. That name stays if there is no better one. 0 or -errno.
 */
int process_texts_fill(struct process_texts *texts, int dir, const struct platform_options *options,
                       struct snapshot *snapshot, uint32_t index) MUST_CHECK;

#endif
