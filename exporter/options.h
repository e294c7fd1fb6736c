/* SPDX-License-Identifier: Apache-2.0 */
/* Options of the program. cli/ fills them from the command line, and the other parts read them. */
#ifndef EXPORTER_OPTIONS_H
#define EXPORTER_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "exporter/log.h"
#include "exporter/platform/platform.h"
#include "metrics/census/labels.h"

/* A host listens on a few addresses. The limit only bounds the array. */
enum { OPTIONS_MAX_LISTEN = 16 };

/* Each pattern is matched with every process. The limit only bounds the array. */
enum { OPTIONS_MAX_NAME_PATTERNS = 32 };

/* Room for the longest flag with the longest word. */
enum { OPTIONS_FOREIGN_MAX = 64 };

/* The value of options.backend that lets the program choose. */
#define OPTIONS_BACKEND_AUTO "auto"
/* The default of options.procfs. */
#define OPTIONS_PROCFS "/proc"

enum options_action {
	ACTION_SERVE,
	ACTION_PRINT_TABLE,
	ACTION_PRINT_METRICS,
	ACTION_SERVICE,
	ACTION_HELP,
	ACTION_VERSION
};
enum table_format {
	TABLE_TEXT,
	TABLE_JSON,   /* an array of objects, one line each */
	TABLE_REPLAY, /* the format of the replay backend */
};
enum service_action { SERVICE_INSTALL, SERVICE_REMOVE, SERVICE_RUN };

/* Options of --print-table. */
struct table_options {
	enum table_format format;
	const char *process; /* only this process; NULL: all */
	unsigned states;     /* STATE_BITs; 0: all */
	uint16_t port;       /* only sockets with this local or remote port; 0: all */
	bool wide;           /* queues and ages in text too */
};

/* Returns true if the table selects sockets, or is wide. */
static inline bool table_is_special(const struct table_options *table)
{
	return table->wide || table->process != NULL || table->states != 0 || table->port != 0;
}

struct options {
	enum options_action action;
	/* The first flag, with its value if that is a word, which asks for something that this system lacks. Empty: all
	 * flags work. */
	char foreign[OPTIONS_FOREIGN_MAX];
	struct table_options table;
	enum service_action service;
	const char *listen[OPTIONS_MAX_LISTEN];
	size_t listen_count;
	bool systemd_socket; /* uses the sockets of systemd instead of `listen` */
	const char *telemetry_path;
	unsigned max_requests;       /* 0: no limit */
	const char *web_config_file; /* NULL: plain HTTP for everybody */
	bool health_without_auth;
	bool disable_exporter_metrics;
	bool sockets;        /* serve /sockets */
	const char *backend; /* "auto" or a backend's name */
	const char *replay_file;
	enum local_port_mode local_port;
	enum remote_port_mode remote_port;
	size_t max_series;
	unsigned labels; /* LABEL_BITs */
	enum process_naming naming;
	const char *name_patterns[OPTIONS_MAX_NAME_PATTERNS];
	size_t name_pattern_count;
	const char *include, *exclude;
	bool all_netns, shared_sockets, closed_owners;
	const char *procfs;
	bool seccomp;
	enum log_level log_level;
	enum log_format log_format;
};

#endif
