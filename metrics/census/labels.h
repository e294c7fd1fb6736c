/* SPDX-License-Identifier: Apache-2.0 */
/* Labels of a census: the optional labels, and the modes of the port labels. */
#ifndef METRICS_CENSUS_LABELS_H
#define METRICS_CENSUS_LABELS_H

#include <stdbool.h>
#include <stddef.h>

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

/* Returns the label's name as users write it ("local_address"). */
const char *census_label_name(enum census_label label);

enum local_port_mode {
	LOCAL_PORT_SERVED, /* a number for listeners and inbound connections, "ephemeral" for outbound ones */
	LOCAL_PORT_ALL,    /* always a number */
	LOCAL_PORT_NONE,   /* no local_port label */
};

enum remote_port_mode {
	REMOTE_PORT_ALL,     /* always a number */
	REMOTE_PORT_SERVICE, /* "ephemeral" inside the ephemeral range, else a number */
	REMOTE_PORT_NONE,    /* no remote_port label */
};

struct census_options {
	unsigned labels; /* LABEL_BITs */
	enum local_port_mode local_port;
	enum remote_port_mode remote_port;
	/* Returns true if a process of this name (UTF-8, not terminated) is counted by process. NULL: all are. */
	bool (*keep)(void *keep_data, const char *name, size_t length);
	void *keep_data;
};

#endif
