/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The count: rows of a snapshot -> groups with a number per state.
 *
 * A group is what shares a label set: the process's identity (its name and the optional labels that
 * speak of a process), a port, and the optional labels that speak of a socket. There are two tables:
 * by local port, with every row in it, and of outbound connections by remote port.
 *
 * Invariants
 *  - The sum of a table's counts over all groups is the number of rows that belong to the table
 *    (rows of processes that the filter rejects belong to none).
 *  - No two groups of a table have the same label set: names are repaired to UTF-8 before they are
 *    compared.
 *  - Groups are in the order of their labels, so that equal tables give equal text.
 */
#ifndef METRICS_CENSUS_CENSUS_H
#define METRICS_CENSUS_CENSUS_H

#include "metrics/census/listeners.h"
#include "metrics/snapshot.h"
#include "metrics/textbuf.h"

/* Optional labels: census_options.labels is a set of these bits. */
enum census_label {
	LABEL_PID,
	LABEL_USER,
	LABEL_EXE,
	LABEL_UNIT,
	LABEL_CONTAINER,
	LABEL_NETNS,
	LABEL_FAMILY,
	LABEL_LOCAL_ADDRESS,
	LABEL_COUNT
};
#define LABEL_BIT(label) (1u << (label))

/* The label's name as users write it ("local_address"). */
const char *census_label_name(enum census_label label);

enum local_port_mode {
	LOCAL_PORT_SERVED, /* a number where it is served or not ephemeral, else "ephemeral" */
	LOCAL_PORT_ALL,    /* always a number */
	LOCAL_PORT_NONE,   /* no local_port label */
};

struct census_options {
	unsigned labels;
	enum local_port_mode local_port;
	/* NULL, or tells whether a process of this name (UTF-8, not terminated) is to be counted by
	 * process. */
	bool (*keep)(void *keep_data, const char *name, size_t length);
	void *keep_data;
};

/* census_group.port when it is no number. */
#define PORT_EPHEMERAL UINT32_C(0x10000)
#define PORT_ABSENT    UINT32_C(0x10001)

/* Bytes of valid UTF-8 in census.text. */
struct census_text {
	uint32_t offset, length;
};

/* The labels that speak of a process. Labels that were not asked for or are not known are empty. */
struct census_identity {
	struct census_text name, user, exe, unit, container;
	uint32_t pid; /* 0: not asked for, or no process */
};

#define CENSUS_ABSENT UINT32_MAX

struct census_group {
	uint32_t identity; /* index into census.identities */
	uint32_t port;     /* number, PORT_EPHEMERAL or PORT_ABSENT */
	uint32_t netns;    /* index into snapshot.netns, or CENSUS_ABSENT */
	uint32_t address;  /* index into snapshot.addresses, or CENSUS_ABSENT */
	uint32_t family;   /* 4 or 6, or CENSUS_ABSENT */
	uint32_t rank;     /* 0 is the last to be folded away; set by fold_rank() */
	uint32_t count[STATE_COUNT];
	uint32_t aged;                      /* CLOSE_WAIT sockets whose age is known */
	uint32_t oldest_ms;                 /* of those, the greatest time since the peer's last segment */
	uint64_t receive_bytes, send_bytes; /* of all rows but listeners */
	uint64_t queue_length, queue_limit; /* of the listeners */
};

struct census_table {
	struct census_group *groups; /* in label order */
	size_t count, capacity;
	uint32_t *index; /* private: open-addressed hash over groups, of no meaning once they are sorted */
	size_t index_capacity;
	size_t last, before; /* private: the groups that were found last, and before */
};

struct sort_item;
struct identity_place;

struct census {
	struct census_table by_local_port;
	struct census_table outbound;
	struct census_identity *identities;
	size_t identity_count, identity_capacity;
	struct textbuf text;
	uint64_t states[STATE_COUNT]; /* all rows, whoever owns them */
	uint64_t ephemeral_used;      /* distinct local ports of the first namespace's range in use */
	uint64_t ephemeral_limit;     /* the range's size; both leave reserved ports out; 0: not known */

	uint32_t *identity_of_process; /* private, as is all below */
	size_t identity_of_process_capacity;
	uint32_t *identity_index;
	size_t identity_index_capacity;
	uint32_t *address_of;
	size_t address_of_capacity;
	uint32_t *address_index;
	size_t address_index_capacity;
	struct sort_item *order;
	size_t order_capacity;
	struct identity_place *places;
	size_t place_capacity;
	struct port_set ephemeral_ports;
};

void census_init(struct census *census);
void census_release(struct census *census);

/* Counts the snapshot, whose ownerless rows were credited before. 0 or -ENOMEM. Memory is reused.
 * The census refers to the snapshot's namespaces and addresses by index: use both together. */
int census_take(struct census *census, const struct snapshot *snapshot, const struct listeners *listeners,
                const struct census_options *options) MUST_CHECK;

#endif
