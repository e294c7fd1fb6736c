/* SPDX-License-Identifier: Apache-2.0 */
/* Answers: queues responses, and serves the pages that never change. */
#include "exporter/http/answer.h"

#include <stdio.h>
#include <string.h>

static const struct http_header landing_headers[] = {
        {"Content-Security-Policy",
         "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
         "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
         "require-trusted-types-for 'script'; trusted-types 'none'"},
        {"Referrer-Policy", "no-referrer"},
        {NULL, NULL},
};

static enum MHD_Result queue(struct http_site *site, struct MHD_Connection *connection, unsigned status,
                             struct MHD_Response *response)
{
	enum MHD_Result result = MHD_NO;

	if (http_connection_answer(connection))
		result = MHD_queue_response(connection, status, response);
	if (result == MHD_YES)
		counters_add_request(scraper_counters(site->options.scraper), status);
	return result;
}

enum MHD_Result http_answer_no_memory(struct http_site *site, struct MHD_Connection *connection)
{
	return queue(site, connection, MHD_HTTP_SERVICE_UNAVAILABLE, site->no_memory);
}

enum MHD_Result http_answer(struct http_request *request, const struct http_reply *reply_)
{
	struct http_site *site = request->site;
	struct http_reply reply = *reply_;
	struct MHD_Response *response;
	enum MHD_Result result;

	reply.configured = request->auth.headers;
	reply.last = request->last;
	response = http_response(&reply);
	if (!response)
		return http_answer_no_memory(site, request->connection);
	result = queue(site, request->connection, reply.status, response);
	MHD_destroy_response(response);
	return result;
}

enum MHD_Result http_answer_line(struct http_request *request, unsigned status, const char *text,
                                 const struct http_header *headers)
{
	char line[REASON_MAX + 2];
	int length = snprintf(line, sizeof(line), "%s\n", text);
	struct http_reply reply = {.status = status, .content_type = HTTP_TYPE_TEXT, .body = line, .headers = headers};

	reply.length = length < 0 ? 0 : strlen(line);
	reply.memory = MHD_RESPMEM_MUST_COPY;
	return http_answer(request, &reply);
}

enum MHD_Result http_answer_landing(struct http_request *request)
{
	const struct textbuf *page = &request->site->landing;
	const struct http_reply reply = {
	        .status = MHD_HTTP_OK,
	        .content_type = HTTP_TYPE_HTML,
	        .body = page->data,
	        .length = page->length,
	        .memory = MHD_RESPMEM_PERSISTENT,
	        .headers = landing_headers,
	};

	return http_answer(request, &reply);
}

enum MHD_Result http_answer_file(struct http_request *request, const struct page_file *file)
{
	const struct http_reply reply = {
	        .status = MHD_HTTP_OK,
	        .content_type = file->type,
	        .body = file->data,
	        .length = file->length,
	        .memory = MHD_RESPMEM_PERSISTENT,
	};

	return http_answer(request, &reply);
}

enum MHD_Result http_answer_ready(struct http_request *request)
{
	char reason[REASON_MAX];

	if (scraper_ready(request->site->options.scraper, reason, sizeof(reason)))
		return http_answer_line(request, MHD_HTTP_OK, "ready", NULL);
	return http_answer_line(request, MHD_HTTP_SERVICE_UNAVAILABLE, reason[0] ? reason : "no snapshot was taken yet",
	                        NULL);
}
