/* SPDX-License-Identifier: Apache-2.0 */
/* Requests: authenticates each request, and answers it by its route. */
#include "exporter/http/request.h"

#include "exporter/http/answer.h"
#include "exporter/http/field_list.h"
#include "exporter/http/acceptor/head.h"
#include "exporter/http/negotiate.h"
#include "exporter/http/page/landing.h"
#include "exporter/http/query.h"
#include "exporter/http/route.h"
#include "exporter/platform/connection.h"
#include "exporter/scrape/tickets/body.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* No request needs a body. A small body is read and discarded, so that the connection can be kept. A larger body, or
 * one without a length, is refused unread. */
enum { REQUEST_BODY_MAX = 64 * 1024 };
static const struct http_header metrics_headers[] = {{"Vary", "Accept, Accept-Encoding"}, {NULL, NULL}};
static const struct http_header gzip_headers[] = {
        {"Vary", "Accept, Accept-Encoding"},
        {"Content-Encoding", "gzip"},
        {NULL, NULL},
};
static const struct http_header allow_headers[] = {{"Allow", "GET, HEAD"}, {NULL, NULL}};
/* ---- New requests ---- */

static struct http_request *request_new(struct http_site *site, struct MHD_Connection *connection)
{
	struct http_request *request = calloc(1, sizeof(*request));

	if (!request)
		return NULL;
	request->site = site;
	request->connection = connection;
	counters_add_in_flight(scraper_counters(site->options.scraper), 1);
	pthread_mutex_lock(&site->lock);
	site->requests++;
	pthread_mutex_unlock(&site->lock);
	return request;
}

/* ---- Answers ---- */

/* Sends the body of the answered ticket to the client. */
static enum MHD_Result answer_ticket(struct http_request *request)
{
	struct scrape_ticket *ticket = &request->ticket;
	bool good = ticket->status == MHD_HTTP_OK;
	const struct http_reply reply = {
	        .status = ticket->status,
	        .content_type = good ? request->content_type : HTTP_TYPE_TEXT,
	        .body = ticket->body,
	        .length = ticket->length,
	        .memory = MHD_RESPMEM_MUST_FREE,
	        .headers = good && ticket->gzip ? gzip_headers : metrics_headers,
	};

	if (!ticket->body)
		return http_answer_no_memory(request->site, request->connection);
	ticket->body = NULL; /* now owned by the response */
	return http_answer(request, &reply);
}

/* ---- The request for metrics ---- */

/* Resumes the request of an answered ticket. Called on a thread of the scraper. The daemon's thread can free the
 * request as soon as it is resumed. */
static void on_done(struct scrape_ticket *ticket)
{
	struct http_request *request = ticket->owner;

	MHD_resume_connection(request->connection);
}

static enum MHD_Result add_argument(void *query, enum MHD_ValueKind kind, const char *key, const char *value)
{
	(void)kind;
	http_query_add(query, key, value);
	return MHD_YES;
}

static bool pick_families(struct http_request *request, char *reason, size_t size)
{
	struct http_query query;

	http_query_init(&query, request->site->options.families);
	MHD_get_connection_values(request->connection, MHD_GET_ARGUMENT_KIND, add_argument, &query);
	return http_query_families(&query, &request->ticket.families, reason, size);
}

static const char *header(const struct http_request *request, const char *name)
{
	return MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, name);
}

static enum MHD_Result answer_full(struct http_request *request)
{
	char reason[REASON_MAX];

	snprintf(reason, sizeof(reason), "too many requests for metrics at once: the limit is %u",
	         request->site->options.max_requests);
	return http_answer_line(request, MHD_HTTP_SERVICE_UNAVAILABLE, reason, metrics_headers);
}

/* Suspends the request until its ticket is answered. answer_ticket() continues it. */
static enum MHD_Result submit(struct http_request *request)
{
	switch (http_connection_begin_scrape(request->connection)) {
	case HTTP_FULL:
		return answer_full(request);
	case HTTP_ENDED:
		return MHD_NO;
	case HTTP_ADMITTED:
		break;
	}
	request->scraping = true;
	request->ticket.done = on_done;
	request->ticket.owner = request;
	/* In this order: on_done() can be called before scraper_submit() returns, and must find a suspended connection.
	 */
	MHD_suspend_connection(request->connection);
	scraper_submit(request->site->options.scraper, &request->ticket);
	return MHD_YES;
}

/* Reads the header fields that every request for a snapshot can have, and submits the ticket. */
static enum MHD_Result scrape(struct http_request *request)
{
	struct scrape_ticket *ticket = &request->ticket;
	struct field_list list;
	uint64_t time_ns;

	if (!negotiate_timeout(header(request, "X-Prometheus-Scrape-Timeout-Seconds"), &time_ns))
		return http_answer_line(request, MHD_HTTP_BAD_REQUEST,
		                        "X-Prometheus-Scrape-Timeout-Seconds is not a positive number of seconds",
		                        metrics_headers);
	ticket->gzip = negotiate_gzip(field_list_read(&list, request->connection, "Accept-Encoding"));
	ticket->deadline_ns = time_ns == UINT64_MAX ? UINT64_MAX : platform_now_ns() + time_ns;
	return submit(request);
}

static enum MHD_Result answer_metrics(struct http_request *request)
{
	struct field_list list;
	struct negotiated negotiated = negotiate_format(field_list_read(&list, request->connection, "Accept"));
	char reason[REASON_MAX];

	if (!negotiated.acceptable)
		return http_answer_line(request, MHD_HTTP_NOT_ACCEPTABLE,
		                        "not acceptable: there is text/plain and application/openmetrics-text",
		                        metrics_headers);
	if (!pick_families(request, reason, sizeof(reason)))
		return http_answer_line(request, MHD_HTTP_BAD_REQUEST, reason, metrics_headers);
	request->content_type = negotiated.content_type;
	request->ticket.format = negotiated.format;
	return scrape(request);
}

static enum MHD_Result add_parameter(void *query, enum MHD_ValueKind kind, const char *key, const char *value)
{
	(void)kind;
	socket_query_add(query, key, value);
	return MHD_YES;
}

/* The strings of the query live as long as the request. */
static enum MHD_Result answer_sockets(struct http_request *request)
{
	struct socket_query *query = &request->sockets;
	char reason[REASON_MAX];

	socket_query_init(query);
	MHD_get_connection_values(request->connection, MHD_GET_ARGUMENT_KIND, add_parameter, query);
	if (query->bad != NULL) {
		snprintf(reason, sizeof(reason), "the argument %s has no valid value", query->bad);
		return http_answer_line(request, MHD_HTTP_BAD_REQUEST, reason, NULL);
	}
	request->content_type = HTTP_TYPE_JSON;
	request->ticket.sockets = query;
	return scrape(request);
}

static enum MHD_Result dispatch(struct http_request *request, const char *method, const char *target)
{
	const char *path = route_path(target);

	switch (route_find(method, path, request->site->options.telemetry_path, request->site->options.sockets)) {
	case ROUTE_METRICS:
		return answer_metrics(request);
	case ROUTE_SOCKETS:
		return answer_sockets(request);
	case ROUTE_LANDING:
		return http_answer_landing(request);
	case ROUTE_PAGE_FILE:
		return http_answer_file(request, landing_file(path));
	case ROUTE_HEALTHZ:
		return http_answer_line(request, MHD_HTTP_OK, "ok", NULL);
	case ROUTE_READYZ:
		return http_answer_ready(request);
	case ROUTE_METHOD_NOT_ALLOWED:
		return http_answer_line(request, MHD_HTTP_METHOD_NOT_ALLOWED, "method not allowed: use GET or HEAD",
		                        allow_headers);
	case ROUTE_OPTIONS:
		return http_answer_line(request, MHD_HTTP_OK, "GET, HEAD", allow_headers);
	case ROUTE_BAD_TARGET:
		request->last = true;
		return http_answer_line(request, MHD_HTTP_BAD_REQUEST, "* is a target of OPTIONS alone", NULL);
	case ROUTE_NOT_FOUND:
		break;
	}
	return http_answer_line(request, MHD_HTTP_NOT_FOUND, "not found", NULL);
}

/* ---- Authentication ---- */

static const struct http_header challenge[] = {{"WWW-Authenticate", "Basic"}, {NULL, NULL}};

/* Resumes the request after its verdict. Called on a thread of the web configuration. The daemon's thread can free the
 * request as soon as it is resumed. */
static void on_verdict(struct web_auth *auth)
{
	struct http_request *request = auth->owner;

	MHD_resume_connection(request->connection);
}

static enum MHD_Result answer_verdict(struct http_request *request, const char *method, const char *path)
{
	switch (request->auth.verdict) {
	case WEB_UNAUTHORIZED:
		return http_answer_line(request, MHD_HTTP_UNAUTHORIZED, "Unauthorized", challenge);
	case WEB_TOO_MANY:
		return http_answer_line(request, MHD_HTTP_TOO_MANY_REQUESTS, "Too Many Requests", NULL);
	case WEB_BUSY:
		return http_answer_line(request, MHD_HTTP_SERVICE_UNAVAILABLE, "too many passwords are being checked",
		                        NULL);
	case WEB_HASHING:
	case WEB_ALLOWED:
		break;
	}
	return dispatch(request, method, path);
}

static uint64_t network_of(const struct http_request *request)
{
	return host_connection_network(
	        MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS)->client_addr);
}

static bool is_open_to_all(const struct http_request *request, const char *method, const char *target)
{
	const struct http_options *options = &request->site->options;
	const enum route route = route_find(method, route_path(target), options->telemetry_path, options->sockets);

	return options->health_without_auth && (route == ROUTE_HEALTHZ || route == ROUTE_READYZ);
}

/* Answers the request by its verdict. Suspends it first if its password must be hashed. */
static enum MHD_Result enter(struct http_request *request, const char *method, const char *path)
{
	struct web *web = request->site->options.web;

	request->auth.done = on_verdict;
	request->auth.owner = request;
	request->auth.network = network_of(request);
	web_auth_begin(web, &request->auth, header(request, "Authorization"), is_open_to_all(request, method, path));
	if (request->auth.verdict != WEB_HASHING)
		return answer_verdict(request, method, path);
	if (!http_connection_wait(request->connection))
		return MHD_NO;
	request->hashing = true;
	MHD_suspend_connection(request->connection);
	web_auth_hash(web, &request->auth);
	return MHD_YES;
}

/* ---- Public ---- */

/* Answers a request whose head had a fault. The acceptor has replaced the request by this one. */
static enum MHD_Result answer_fault(struct http_request *request, const char *fault)
{
	const unsigned long number = strtoul(fault, NULL, 10);
	const struct head_answer *answer = &head_answers[number < HEAD_FAULTS ? number : HEAD_REQUEST_LINE];

	return http_answer_line(request, answer->status, answer->reason, NULL);
}

/* Checks a request's head, and answers it if it must be refused. libmicrohttpd has refused a length that is not a
 * number. */
static enum MHD_Result begin(struct http_request *request, const char *version)
{
	const char *length = header(request, "Content-Length"), *fault = header(request, HEAD_FAULT_FIELD);

	request->last = true; /* if the request is refused here */
	if (fault)
		return answer_fault(request, fault);
	if (strcmp(version, MHD_HTTP_VERSION_1_1) == 0 && !header(request, "Host"))
		return http_answer_line(request, MHD_HTTP_BAD_REQUEST, "there is no Host header", NULL);
	if (header(request, "Transfer-Encoding"))
		return http_answer_line(request, MHD_HTTP_LENGTH_REQUIRED,
		                        "the body has no Content-Length, and is not needed", NULL);
	if (length && strtoull(length, NULL, 10) > REQUEST_BODY_MAX)
		return http_answer_line(request, MHD_HTTP_CONTENT_TOO_LARGE, "the body is too large, and not needed",
		                        NULL);
	request->last = false;
	return MHD_YES;
}

enum MHD_Result http_on_request(void *data, struct MHD_Connection *connection, const char *path, const char *method,
                                const char *version, const char *body, size_t *body_length, void **state)
{
	struct http_site *site = data;
	struct http_request *request = *state;

	(void)body;
	if (!request) {
		*state = request = request_new(site, connection);
		return request ? begin(request, version) : http_answer_no_memory(site, connection);
	}
	if (*body_length > 0) {
		*body_length = 0;
		return MHD_YES;
	}
	if (request->scraping)
		return answer_ticket(request);
	if (request->hashing)
		return answer_verdict(request, method, path);
	return site->options.web ? enter(request, method, path) : dispatch(request, method, path);
}

void http_on_completed(void *data, struct MHD_Connection *connection, void **state,
                       enum MHD_RequestTerminationCode code)
{
	struct http_site *site = data;
	struct http_request *request = *state;

	(void)code;
	http_connection_answered(connection);
	if (!request)
		return;
	*state = NULL;
	counters_add_in_flight(scraper_counters(site->options.scraper), -1);
	pthread_mutex_lock(&site->lock);
	if (--site->requests == 0)
		pthread_cond_signal(&site->idle);
	pthread_mutex_unlock(&site->lock);
	web_auth_end(&request->auth);
	body_drop(request->ticket.body);
	free(request);
}
