/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The processes of one scrape by PID, and the join that makes owners of the PIDs of a table's rows. Pure: who
 * fills it, and who describes a process, is the caller's business.
 */
#ifndef EXPORTER_PLATFORM_WINDOWS_TABLES_PROCESS_TABLE_H
#define EXPORTER_PLATFORM_WINDOWS_TABLES_PROCESS_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "metrics/snapshot.h"

/* Processes that have no executable of a name, as Windows' own tools call them. */
#define PID_IDLE    0
#define PID_SYSTEM  4
#define NAME_IDLE   "System Idle Process"
#define NAME_SYSTEM "System"
/* One that ended, or began, between the two tables: its PID is all that is known of it. */
#define NAME_UNKNOWN "(unknown)"

struct process_entry {
	uint32_t pid;
	uint32_t index; /* in the snapshot, or PROCESS_NOT_ADDED */
	size_t name, name_length;
};
#define PROCESS_NOT_ADDED UINT32_MAX

/* All zeros is valid and empty. Memory is kept by process_table_reset(). */
struct process_table {
	struct process_entry *entries;
	size_t count, capacity;
	uint32_t *slots; /* open-addressed hash: the entry's number plus one; a power of two of them */
	size_t slot_count;
	char *names;
	size_t names_length, names_capacity;
};

void process_table_reset(struct process_table *table);
void process_table_release(struct process_table *table);

/* Adds a process by the file name of its executable, in UTF-8; one that is in the table already is left as it
 * is. 0 or -ENOMEM. */
int process_table_add(struct process_table *table, uint32_t pid, const char *name, size_t length) MUST_CHECK;
/* NULL: there is none. */
struct process_entry *process_table_find(const struct process_table *table, uint32_t pid);

/* Told of each process once, when it comes to own a socket of the snapshot: 0 or -errno. */
struct process_describer {
	int (*describe)(void *data, struct snapshot *snapshot, uint32_t index);
	void *data;
};

/*
 * Gives each row of the snapshot its owner by pids[row]: OWNER_NONE for PID 0, else a process that is added to the
 * snapshot under its name, or under NAME_UNKNOWN if it is not in the table. 0 or -errno.
 */
int process_table_join(struct process_table *table, struct snapshot *snapshot, const uint32_t *pids,
                       const struct process_describer *describer) MUST_CHECK;

#endif
