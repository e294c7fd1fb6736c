/* SPDX-License-Identifier: Apache-2.0 */
/* What a process is called, and the other texts that a snapshot may hold of it. */
#ifndef EXPORTER_PLATFORM_LINUX_PROCFS_PROCESS_TEXT_H
#define EXPORTER_PLATFORM_LINUX_PROCFS_PROCESS_TEXT_H

#include "exporter/platform/linux/procfs/process_list.h"
#include "exporter/platform/platform.h"

/* Of a command line: the kernel's classic limit, a page. A longer one is cut there. */
#define PROCESS_TEXT_SIZE 4096

struct user_name;

struct process_texts {
	struct user_name *users; /* names by user id, kept for the life of the program */
	size_t user_count, user_capacity;
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
