/* SPDX-License-Identifier: Apache-2.0 */
/* Report of the exporter itself: the writer of each family. */
#include "metrics/report/report_self.h"
#include "metrics/decimal.h"

#include <string.h>

/* Every status that the endpoint sends itself. The last, 0, stands for all others. */
const unsigned http_codes[HTTP_CODE_COUNT] = {200, 400, 401, 404, 405, 406, 408, 411, 413, 414, 429, 431, 503, 505, 0};

static const char *const cause_names[CAUSE_COUNT] = {
        [CAUSE_MEMORY] = "memory",   [CAUSE_DESCRIPTORS] = "descriptors", [CAUSE_PERMISSION] = "permission",
        [CAUSE_TIMEOUT] = "timeout", [CAUSE_SYSTEM] = "system",
};

static const char *const tls_error_names[TLS_ERROR_COUNT] = {
        [TLS_ERROR_HTTP] = "http",       [TLS_ERROR_CERTIFICATE] = "certificate",
        [TLS_ERROR_VERSION] = "version", [TLS_ERROR_CIPHER] = "cipher",
        [TLS_ERROR_ALERT] = "alert",     [TLS_ERROR_CLOSED] = "closed",
        [TLS_ERROR_TIMEOUT] = "timeout", [TLS_ERROR_DROPPED] = "dropped",
        [TLS_ERROR_OTHER] = "other",
};

/* The place of a process_* family's number, and its number of decimals. */
struct process_fact {
	size_t offset;
	unsigned digits;
};

#define FIELD(field, digits)                                                                                           \
	{                                                                                                              \
		offsetof(struct report_process, field), digits                                                         \
	}
static const struct process_fact process_facts[METRIC_COUNT] = {
        [METRIC_PROCESS_CPU] = FIELD(cpu_us, 6),
        [METRIC_PROCESS_RESIDENT_MEMORY] = FIELD(resident_bytes, 0),
        [METRIC_PROCESS_VIRTUAL_MEMORY] = FIELD(virtual_bytes, 0),
        [METRIC_PROCESS_VIRTUAL_MEMORY_MAX] = FIELD(virtual_max_bytes, 0),
        [METRIC_PROCESS_OPEN_FDS] = FIELD(open_fds, 0),
        [METRIC_PROCESS_MAX_FDS] = FIELD(max_fds, 0),
        [METRIC_PROCESS_START_TIME] = FIELD(start_ms, 3),
};

static struct label label_of(const char *name, const char *value)
{
	return (struct label){name, value, value ? strlen(value) : 0};
}

static void write_build(struct exposition *exposition, const struct report_self *self)
{
	const struct label labels[] = {
	        label_of("version", self->version),
	        label_of("revision", self->revision),
	        label_of("compiler", self->compiler),
	};

	exposition_family(exposition, &catalog[METRIC_BUILD_INFO]);
	exposition_uint(exposition, labels, sizeof(labels) / sizeof(labels[0]), 1);
}

static void write_backend(struct exposition *exposition, const struct report_self *self)
{
	const struct label backend = label_of("backend", self->backend);

	exposition_family(exposition, &catalog[METRIC_BACKEND_INFO]);
	exposition_uint(exposition, &backend, 1, 1);
}

static void write_scrapes(struct exposition *exposition, const struct report_self *self)
{
	exposition_family(exposition, &catalog[METRIC_SCRAPES]);
	exposition_uint(exposition, NULL, 0, self->scrapes);
}

static void write_scrape_errors(struct exposition *exposition, const struct report_self *self)
{
	exposition_family(exposition, &catalog[METRIC_SCRAPE_ERRORS]);
	for (int i = 0; i < CAUSE_COUNT; i++) {
		const struct label cause = label_of("cause", cause_names[i]);

		exposition_uint(exposition, &cause, 1, self->scrape_errors[i]);
	}
}

static void write_http_requests(struct exposition *exposition, const struct report_self *self)
{
	exposition_family(exposition, &catalog[METRIC_HTTP_REQUESTS]);
	for (int i = 0; i < HTTP_CODE_COUNT; i++) {
		char number[DECIMAL_MAX];
		struct label code = {"code", number, decimal_format(number, http_codes[i])};

		if (!http_codes[i])
			code = label_of("code", "other");
		exposition_uint(exposition, &code, 1, self->http_requests[i]);
	}
}

static void write_in_flight(struct exposition *exposition, const struct report_self *self)
{
	exposition_family(exposition, &catalog[METRIC_HTTP_IN_FLIGHT]);
	exposition_uint(exposition, NULL, 0, self->http_in_flight);
}

static void write_tls_errors(struct exposition *exposition, const struct report_self *self)
{
	exposition_family(exposition, &catalog[METRIC_TLS_ERRORS]);
	for (int i = 0; i < TLS_ERROR_COUNT; i++) {
		const struct label reason = label_of("reason", tls_error_names[i]);

		exposition_uint(exposition, &reason, 1, self->tls_errors[i]);
	}
}

static void write_process(struct exposition *exposition, const struct report_self *self, enum metric_id id)
{
	const struct process_fact *fact = &process_facts[id];
	uint64_t value;

	memcpy(&value, (const char *)&self->process + fact->offset, sizeof(value));
	if (value == SELF_ABSENT)
		return;
	exposition_family(exposition, &catalog[id]);
	exposition_decimal(exposition, NULL, 0, value, fact->digits);
}

/* The families without a row are in process_facts. */
static void (*const writers[METRIC_COUNT])(struct exposition *, const struct report_self *) = {
        [METRIC_BUILD_INFO] = write_build,
        [METRIC_BACKEND_INFO] = write_backend,
        [METRIC_SCRAPES] = write_scrapes,
        [METRIC_SCRAPE_ERRORS] = write_scrape_errors,
        [METRIC_HTTP_REQUESTS] = write_http_requests,
        [METRIC_HTTP_IN_FLIGHT] = write_in_flight,
        [METRIC_TLS_ERRORS] = write_tls_errors,
};

const char *scrape_cause_name(enum scrape_cause cause)
{
	return cause_names[cause];
}

const char *tls_error_name(enum tls_error error)
{
	return tls_error_names[error];
}

void report_self_write(struct exposition *exposition, const struct report_self *self, enum metric_id id)
{
	if (writers[id])
		writers[id](exposition, self);
	else
		write_process(exposition, self, id);
}
