/* SPDX-License-Identifier: Apache-2.0 */
/* Process texts: the name of a process, and the other texts that a snapshot may hold of it. */
#ifndef EXPORTER_PLATFORM_LINUX_PROCFS_PROCESS_TEXT_H
#define EXPORTER_PLATFORM_LINUX_PROCFS_PROCESS_TEXT_H

#include "exporter/platform/linux/procfs/process_list.h"
#include "exporter/platform/platform.h"

/* The size of every text but command lines. Files are searched in their first page only. PATH_MAX has the same size. */
#define PROCESS_TEXT_SIZE 4096
/* The size of a command line: execve(2) allows a quarter of the stack limit, which is 8 MiB unless it is raised. */
#define COMMAND_LINE_MAX ((size_t)2 * 1024 * 1024)
/* The size of all texts of a snapshot: 1,000 processes with 8 KiB each. Beyond it the exporter cuts command lines to
 * PROCESS_TEXT_SIZE bytes, so that no user can fill the memory, or delay a scrape by the matching of patterns. */
#define COMMAND_LINES_MAX ((size_t)8 * 1024 * 1024)

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
 * Adds a process to the snapshot, with the wanted texts. `dir` is its open directory in procfs. A text that cannot
 * be read is absent. Returns 0 and its index, -ESRCH if the process has ended, or another -errno.
 */
int process_texts_add(struct process_texts *texts, int dir, const struct process_entry *process,
                      const struct platform_options *options, struct snapshot *snapshot, uint32_t *index) MUST_CHECK;

/* Returns true if the options ask for more than the kernel's name of a process. */
bool process_texts_wanted(const struct platform_options *options);

/*
 * Adds the texts to a process of the snapshot, whose comm is PROCESS_NAME. `dir` is its open directory in procfs.
 * The name stays if the process has no better one. Returns 0 or -errno.
 */
int process_texts_fill(struct process_texts *texts, int dir, const struct platform_options *options,
                       struct snapshot *snapshot, uint32_t index) MUST_CHECK;

#endif
