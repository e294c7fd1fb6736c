/* SPDX-License-Identifier: Apache-2.0 */
/* Site: starts and ends the state that all requests share. */
#include "exporter/http/request.h"

#include "exporter/http/page/landing.h"
#include "exporter/http/reply.h"
#include "exporter/http/route.h"
#include "exporter/log.h"
#include "exporter/platform/condition.h"
#include "exporter/platform/host.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Connections in addition to those that wait for metrics: for health probes, browsers and idle scrapers. */
enum { SPARE_CONNECTIONS = 64 };
/* Connections if requests have no limit: more than a host has scrapers and browsers. */
enum { CONNECTIONS_WITHOUT_LIMIT = 1024 };
/* Connections that are always allowed: few descriptors must not keep out Prometheus and the person who looks for the
 * cause. */
enum { LEAST_CONNECTIONS = 4 };
/* Descriptors for a scrape and a reload, with a reserve. Each opens at most five at once. */
enum { OTHER_DESCRIPTORS = 16 };
/* Descriptors of a connection: the client's, and both ends of the socket pair. */
enum { DESCRIPTORS_EACH = 3 };
/* The landing page has a few kilobytes. */
enum { LANDING_MAX = 64 * 1024 };

/* Makes the response that is sent when an allocation fails. */
static struct MHD_Response *make_no_memory(void)
{
	static const char text[] = "scrape failed: out of memory\n";
	const struct http_reply reply = {
	        .content_type = HTTP_TYPE_TEXT,
	        .body = text,
	        .length = sizeof(text) - 1,
	        .memory = MHD_RESPMEM_PERSISTENT,
	};

	return http_response(&reply);
}

/* Returns the limit on connections. It leaves enough descriptors for a scrape and for accept(). */
static size_t connections_limit(const struct http_options *options)
{
	const size_t wanted =
	        options->max_requests > 0 ? options->max_requests + SPARE_CONNECTIONS : CONNECTIONS_WITHOUT_LIMIT;
	char limit[24], served[24], asked[24];
	struct host_process process;
	uint64_t room, connections;

	host_process_read(&process);
	if (process.max_fds == UINT64_MAX || process.open_fds == UINT64_MAX)
		return wanted;
	room = process.max_fds - process.open_fds - OTHER_DESCRIPTORS;
	room = process.max_fds < process.open_fds + OTHER_DESCRIPTORS ? 0 : room / DESCRIPTORS_EACH;
	if (room >= wanted + HTTP_CONNECTIONS_ENDING)
		return wanted;
	connections =
	        room < HTTP_CONNECTIONS_ENDING + LEAST_CONNECTIONS ? LEAST_CONNECTIONS : room - HTTP_CONNECTIONS_ENDING;
	snprintf(limit, sizeof(limit), "%" PRIu64, process.max_fds);
	snprintf(served, sizeof(served), "%" PRIu64, connections);
	snprintf(asked, sizeof(asked), "%zu", wanted);
	log_message(LOG_LEVEL_WARN, "open-file limit is low", "limit", limit, "connections", served, "wanted", asked,
	            NULL);
	return (size_t)connections; /* fewer than `wanted` */
}

static void release(struct http_site *site)
{
	if (site->no_memory)
		MHD_destroy_response(site->no_memory);
	pthread_cond_destroy(&site->idle);
	pthread_mutex_destroy(&site->lock);
	textbuf_release(&site->landing);
}

static void write_landing(struct http_site *site)
{
	char host[HOST_NAME_SIZE];
	const struct landing_fields fields = {
	        .version = TCP_EXPORTER_VERSION,
	        .docs = *TCP_EXPORTER_DOCS_URL ? TCP_EXPORTER_DOCS_URL : NULL,
	        .host = host,
	        .metrics = site->options.telemetry_path,
	        .sockets = site->options.sockets ? ROUTE_SOCKETS_PATH : "",
	};

	host_name(host, sizeof(host));
	landing_write(&site->landing, &fields);
}

int http_site_init(struct http_site *site, const struct http_options *options)
{
	int status;

	memset(site, 0, sizeof(*site));
	site->options = *options;
	site->connections.limit = connections_limit(options);
	site->connections.max_scrapes = options->max_requests;
	site->connections.scraper = options->scraper;
	textbuf_init(&site->landing, LANDING_MAX);
	/* These calls cannot fail, because they allocate nothing. */
	pthread_mutex_init(&site->lock, NULL);
	condition_init(&site->idle);
	write_landing(site);
	site->no_memory = make_no_memory();
	status = site->no_memory ? site->landing.error : -ENOMEM;
	if (status == 0)
		status = http_connections_start(&site->connections);
	if (status)
		release(site);
	return status;
}

void http_site_release(struct http_site *site)
{
	http_connections_stop(&site->connections);
	release(site);
}

void http_site_drain(struct http_site *site, uint64_t deadline_ns)
{
	pthread_mutex_lock(&site->lock);
	while (site->requests > 0 && platform_now_ns() < deadline_ns)
		condition_wait_until(&site->idle, &site->lock, deadline_ns);
	pthread_mutex_unlock(&site->lock);
}
