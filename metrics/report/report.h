/* SPDX-License-Identifier: Apache-2.0 */
/* Report of one scrape: every family of the catalog, from a snapshot, its census and the exporter's own state. */
#ifndef METRICS_REPORT_REPORT_H
#define METRICS_REPORT_REPORT_H

#include "metrics/census/census.h"
#include "metrics/census/fold_memory.h"
#include "metrics/report/catalog.h"
#include "metrics/report/exposition.h"
#include "metrics/snapshot.h"

/* Causes of a failed scrape: the label `cause` of tcp_exporter_scrape_errors_total. */
enum scrape_cause {
	CAUSE_MEMORY,      /* out of memory */
	CAUSE_DESCRIPTORS, /* out of file descriptors */
	CAUSE_PERMISSION,  /* permission denied */
	CAUSE_TIMEOUT,     /* the deadline of the scrape has passed */
	CAUSE_SYSTEM,      /* any other error of the operating system */
	CAUSE_COUNT
};
const char *scrape_cause_name(enum scrape_cause cause);

/* HTTP status codes that are counted; others count as "other". */
enum { HTTP_CODE_COUNT = 15 };
extern const unsigned http_codes[HTTP_CODE_COUNT];

/* Reasons of a failed TLS handshake: the label `reason` of tcp_exporter_tls_handshake_errors_total. */
enum tls_error {
	TLS_ERROR_HTTP,        /* the client sends HTTP instead of TLS */
	TLS_ERROR_CERTIFICATE, /* the client has no certificate, or a bad one */
	TLS_ERROR_VERSION,     /* no version in common */
	TLS_ERROR_CIPHER,      /* no cipher suite or curve in common */
	TLS_ERROR_ALERT,       /* the client sent an alert, mostly since it does not trust the server */
	TLS_ERROR_CLOSED,      /* the client closed the connection */
	TLS_ERROR_TIMEOUT,     /* the client took too long */
	TLS_ERROR_DROPPED,     /* another connection needed its place */
	TLS_ERROR_OTHER,
	TLS_ERROR_COUNT
};
const char *tls_error_name(enum tls_error error);

/* The facts of the process_* families. SELF_ABSENT: not known. */
#define SELF_ABSENT UINT64_MAX
struct report_process {
	uint64_t cpu_us, resident_bytes, virtual_bytes, virtual_max_bytes, open_fds, max_fds;
	uint64_t start_ms; /* since the Unix epoch */
};

struct report_self {
	const char *version, *revision, *compiler, *backend;
	uint64_t scrapes, scrape_errors[CAUSE_COUNT];
	uint64_t http_requests[HTTP_CODE_COUNT]; /* by http_codes */
	uint64_t http_in_flight, tls_errors[TLS_ERROR_COUNT];
	uint64_t aggregate_ns;
	struct report_process process;
};

struct report_options {
	enum exposition_format format;
	uint64_t families; /* METRIC_BITs of the families to write */
	size_t max_series; /* per labelled family, at least FOLD_MIN_SERIES */
	/* Returns monotonic nanoseconds, for the `encode` phase. */
	uint64_t (*now_ns)(void);
};

/* Choice of the groups that fold: scratch, and each table's memory of the last scrape. */
struct report_folding {
	struct fold scratch;
	struct fold_memory by_local_port, outbound;
};
void report_folding_init(struct report_folding *folding);
void report_folding_release(struct report_folding *folding);

/* Input of a report. */
struct report_input {
	const struct snapshot *snapshot;
	struct census *census; /* report_write() ranks its groups */
	const struct report_self *self;
};

/* Appends the whole exposition to `out`. Returns 0, -ENOMEM or -EFBIG (out's limit). */
int report_write(struct textbuf *out, const struct report_input *input, struct report_folding *folding,
                 const struct report_options *options) MUST_CHECK;

#endif
