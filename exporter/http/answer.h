/* SPDX-License-Identifier: Apache-2.0 */
/* One request, and the answers that it can get. Each function queues one answer and returns what libmicrohttpd's
 * callback must return. */
#ifndef EXPORTER_HTTP_ANSWER_H
#define EXPORTER_HTTP_ANSWER_H

#include "exporter/http/page/landing.h"
#include "exporter/http/reply.h"
#include "exporter/http/request.h"

/* One line of text: the longest names a family. */
enum { REASON_MAX = 320 };

/* One request. libmicrohttpd keeps it beside the connection until the answer was sent. */
struct http_request {
	struct http_site *site;
	struct MHD_Connection *connection;
	struct web_auth auth;
	bool hashing; /* the request waits for its verdict, or had to */
	struct scrape_ticket ticket;
	const char *content_type; /* that the ticket's body will have */
	bool scraping;            /* the ticket was submitted */
	bool last;                /* of its connection, which is closed after the answer */
};

/* The answer for when nothing can be allocated. */
enum MHD_Result http_answer_no_memory(struct http_site *site, struct MHD_Connection *connection);
enum MHD_Result http_answer(struct http_request *request, const struct http_reply *reply);
/* One line of text. `headers` are further ones, ended by a NULL name, or NULL. */
enum MHD_Result http_answer_line(struct http_request *request, unsigned status, const char *text,
                                 const struct http_header *headers);
enum MHD_Result http_answer_landing(struct http_request *request);
enum MHD_Result http_answer_file(struct http_request *request, const struct page_file *file);
enum MHD_Result http_answer_ready(struct http_request *request);

#endif
