/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Process table: the processes of one scrape by PID, and the join of the rows' PIDs with their owners. Pure: the caller
 * fills the table and describes the processes.
 */
#ifndef EXPORTER_PLATFORM_WINDOWS_TABLES_PROCESS_TABLE_H
#define EXPORTER_PLATFORM_WINDOWS_TABLES_PROCESS_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "metrics/snapshot.h"

/* Processes without an executable, under the names of Windows' own tools. */
#define PID_IDLE    0
#define PID_SYSTEM  4
#define NAME_IDLE   "System Idle Process"
#define NAME_SYSTEM "System"
/* The name of a process that ended or began between the two tables. Only its PID is known. */
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
	uint32_t *slots; /* open-addressed hash of entry numbers plus one; a power of two of slots */
	size_t slot_count;
	char *names;
	size_t names_length, names_capacity;
};

void process_table_reset(struct process_table *table);
void process_table_release(struct process_table *table);

/* Adds a process with the file name of its executable, in UTF-8. Does not change a process that is in the table.
 * Returns 0 or -ENOMEM. */
int process_table_add(struct process_table *table, uint32_t pid, const char *name, size_t length) MUST_CHECK;
/* Returns the process, or NULL. */
struct process_entry *process_table_find(const struct process_table *table, uint32_t pid);

/* Describes a process of the snapshot. Called once per process that owns a socket. Returns 0 or -errno. */
struct process_describer {
	int (*describe)(void *data, struct snapshot *snapshot, uint32_t index);
	void *data;
};

/*
 * Sets each row's owner by pids[row]: OWNER_NONE for PID 0, else a process, which it adds to the snapshot under its
 * name, or under NAME_UNKNOWN if the table lacks it. Returns 0 or -errno.
 */
int process_table_join(struct process_table *table, struct snapshot *snapshot, const uint32_t *pids,
                       const struct process_describer *describer) MUST_CHECK;

#endif
