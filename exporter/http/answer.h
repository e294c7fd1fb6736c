/* SPDX-License-Identifier: Apache-2.0 */
/* Answers: the functions that answer a request. Each function queues one answer, and returns the value that
 * libmicrohttpd's callback must return. */
#ifndef EXPORTER_HTTP_ANSWER_H
#define EXPORTER_HTTP_ANSWER_H

#include "exporter/http/page/landing.h"
#include "exporter/http/reply.h"
#include "exporter/http/request.h"
#include "exporter/sockets/query.h"

/* Room for one line of text. The longest line names a family. */
enum { REASON_MAX = 320 };

/* One request. libmicrohttpd keeps it with the connection until the answer is sent. */
struct http_request {
	struct http_site *site;
	struct MHD_Connection *connection;
	struct web_auth auth;
	bool hashing; /* the request waits, or has waited, for its verdict */
	struct scrape_ticket ticket;
	struct socket_query sockets; /* the ticket's, for /sockets */
	const char *content_type;    /* the content type of the ticket's body */
	bool scraping;               /* the ticket was submitted */
	bool last;                   /* the connection is closed after the answer */
};

/* Answers when no memory can be allocated. */
enum MHD_Result http_answer_no_memory(struct http_site *site, struct MHD_Connection *connection);
enum MHD_Result http_answer(struct http_request *request, const struct http_reply *reply);
/* Answers with one line of text. `headers` are further header fields, ended by a NULL name, or NULL. */
enum MHD_Result http_answer_line(struct http_request *request, unsigned status, const char *text,
                                 const struct http_header *headers);
enum MHD_Result http_answer_landing(struct http_request *request);
enum MHD_Result http_answer_file(struct http_request *request, const struct page_file *file);
enum MHD_Result http_answer_ready(struct http_request *request);

#endif
