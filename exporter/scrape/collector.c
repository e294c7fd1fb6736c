/* SPDX-License-Identifier: Apache-2.0 */
/* Collector: turns the platform's rows into the bytes of an exposition. */
#include "exporter/scrape/collector.h"

#include "exporter/platform/host.h"

#include <errno.h>

/* Ten thousand series per family make a few megabytes. A longer exposition is the result of an error, and Prometheus
 * would not accept it. */
static const size_t body_limit = (size_t)256 * 1024 * 1024;

static int count(struct collector *collector)
{
	uint64_t start = platform_now_ns();
	int result = listeners_build(&collector->listeners, &collector->snapshot);

	if (result)
		return result;
	listeners_credit(&collector->listeners, &collector->snapshot);
	result = served_ports_update(&collector->served, &collector->snapshot, &collector->listeners);
	if (result)
		return result;
	accept_drops_compare(&collector->drops, &collector->snapshot);
	result = census_take(&collector->census, &collector->snapshot, &collector->served, &collector->options.census);
	if (result == 0)
		result = accept_drops_add(&collector->drops, &collector->snapshot, &collector->census, start);
	collector->aggregate_ns = platform_now_ns() - start;
	return result;
}

static void fill_process(struct report_process *process)
{
	struct host_process host;

	host_process_read(&host);
	*process = (struct report_process){
	        .cpu_us = host.cpu_us,
	        .resident_bytes = host.resident_bytes,
	        .virtual_bytes = host.virtual_bytes,
	        .virtual_max_bytes = host.virtual_max_bytes,
	        .open_fds = host.open_fds,
	        .max_fds = host.max_fds,
	        .start_ms = host.start_ms,
	};
}

static int fail(int result, struct platform_error *error)
{
	if (result == -ENOMEM)
		platform_error_set(error, "out of memory");
	else
		platform_error_set(error, "the exposition is longer than %zu bytes", body_limit);
	return result;
}

void collector_init(struct collector *collector, const struct collector_options *options)
{
	collector->options = *options;
	snapshot_init(&collector->snapshot);
	listeners_init(&collector->listeners);
	served_ports_init(&collector->served);
	accept_drops_init(&collector->drops, !options->past_drops);
	census_init(&collector->census);
	report_folding_init(&collector->folding);
	gzip_init(&collector->gzip);
	textbuf_init(&collector->text, body_limit);
	textbuf_init(&collector->packed, body_limit);
	collector->aggregate_ns = 0;
}

void collector_release(struct collector *collector)
{
	textbuf_release(&collector->packed);
	textbuf_release(&collector->text);
	gzip_release(&collector->gzip);
	report_folding_release(&collector->folding);
	census_release(&collector->census);
	accept_drops_release(&collector->drops);
	served_ports_release(&collector->served);
	listeners_release(&collector->listeners);
	snapshot_release(&collector->snapshot);
}

int collector_take(struct collector *collector, struct deadline *deadline, struct platform_error *error)
{
	int result;

	error->text[0] = '\0';
	snapshot_reset(&collector->snapshot);
	result = collector->options.backend->read(collector->options.platform, deadline, &collector->snapshot, error);
	if (result == 0)
		result = names_apply(collector->options.names, &collector->snapshot, deadline, error);
	if (result)
		return result;
	result = count(collector);
	return result ? fail(result, error) : 0;
}

static int write_sockets(struct collector *collector, const struct socket_query *query)
{
	const struct census_input input = {&collector->census, &collector->snapshot, &collector->served,
	                                   &collector->options.census};

	socket_list_write(&collector->text, &collector->sockets, query, &input);
	return collector->text.error;
}

static int write_metrics(struct collector *collector, const struct collector_form *form, struct report_self *self)
{
	const struct report_options options = {
	        .format = form->format,
	        .families = form->families,
	        .max_series = collector->options.max_series,
	        .now_ns = platform_now_ns,
	};
	const struct report_input input = {&collector->snapshot, &collector->census, self};

	self->aggregate_ns = collector->aggregate_ns;
	fill_process(&self->process);
	return report_write(&collector->text, &input, &collector->folding, &options);
}

int collector_write(struct collector *collector, const struct collector_form *form, struct report_self *self,
                    const char **bytes, size_t *length, struct platform_error *error)
{
	struct textbuf *out = &collector->text;
	int result;

	textbuf_reset(&collector->text);
	textbuf_reset(&collector->packed);
	result = form->sockets != NULL ? write_sockets(collector, form->sockets) : write_metrics(collector, form, self);
	if (result == 0 && form->gzip) {
		out = &collector->packed;
		result = gzip_write(&collector->gzip, out, collector->text.data, collector->text.length);
	}
	*bytes = out->data;
	*length = out->length;
	return result ? fail(result, error) : 0;
}

enum scrape_cause collector_cause(int error)
{
	switch (-error) {
	case ENOMEM:
		return CAUSE_MEMORY;
	case EMFILE:
	case ENFILE:
		return CAUSE_DESCRIPTORS;
	case EACCES:
	case EPERM:
		return CAUSE_PERMISSION;
	case ETIMEDOUT:
		return CAUSE_TIMEOUT;
	default:
		return CAUSE_SYSTEM;
	}
}
