/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Process table: the processes of one scrape by PID, and the join of the rows' owners with them. Pure: the caller
 * fills the table and describes the processes.
 */
#ifndef EXPORTER_PLATFORM_WINDOWS_TABLES_PROCESS_TABLE_H
#define EXPORTER_PLATFORM_WINDOWS_TABLES_PROCESS_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "metrics/snapshot.h"

/* Processes without an executable, under the names of Windows' own tools. */
#define PID_IDLE    0
#define PID_SYSTEM  4
#define NAME_IDLE   "System Idle Process"
#define NAME_SYSTEM "System"
/* The name of an owner that has ended. Only its PID is known, which another process can have by now. */
#define NAME_EXITED "(exited)"

/* A process, one service in a process, or a process that has ended. */
struct process_entry {
	uint32_t pid;
	uint32_t part;     /* PART_ALL, PART_EXITED, or the number of a service */
	uint32_t index;    /* in the snapshot, or PROCESS_NOT_ADDED */
	bool has_services; /* each service in it is an owner; the caller sets it */
	uint64_t start;    /* a FILETIME; 0: not known */
	size_t name, name_length;
};
#define PART_ALL          0
#define PART_EXITED       UINT32_MAX
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

/* Adds a process with its start, and the file name of its executable in UTF-8. Does not change a process that is in the
 * table. Returns 0 or -ENOMEM. */
int process_table_add(struct process_table *table, uint32_t pid, uint64_t start, const char *name,
                      size_t length) MUST_CHECK;
/* Returns the process, or NULL. */
struct process_entry *process_table_find(const struct process_table *table, uint32_t pid);

/* The owner of a row, as the IP helper reports it. */
struct row_owner {
	uint32_t pid;
	uint32_t service; /* 0: no service, or not known */
	uint64_t created; /* the time of the socket, a FILETIME; 0: not known */
	size_t number;    /* of the row in the table of its family */
};

/* Describes a process of the snapshot, or the service in it that owns row number `row`. Called once per living owner.
 * Returns 0 or -errno. */
struct process_describer {
	int (*describe)(void *data, struct snapshot *snapshot, uint32_t index, size_t row);
	void *data;
};

/*
 * Sets each row's owner by owners[row]: OWNER_NONE for PID 0, else a process, which it adds to the snapshot. Its name
 * is NAME_EXITED if the table lacks the PID, or if that process started after the socket was created. Returns 0 or
 * -errno.
 */
int process_table_join(struct process_table *table, struct snapshot *snapshot, const struct row_owner *owners,
                       const struct process_describer *describer) MUST_CHECK;

#endif
