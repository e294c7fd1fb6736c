/* SPDX-License-Identifier: Apache-2.0 */
/* Replies: makes libmicrohttpd's responses. */
#ifndef EXPORTER_HTTP_REPLY_H
#define EXPORTER_HTTP_REPLY_H

#include <microhttpd.h>
#include <stdbool.h>
#include <stddef.h>

#include "exporter/http/header.h"

#define HTTP_TYPE_TEXT "text/plain; charset=utf-8"
#define HTTP_TYPE_JSON "application/json"
#define HTTP_TYPE_HTML "text/html; charset=utf-8"

struct http_reply {
	unsigned status;
	const char *content_type;
	const void *body;
	size_t length;
	enum MHD_ResponseMemoryMode memory; /* the body is copied, dropped (body.h) or left alone */
	const struct http_header *headers;  /* further header fields, ended by a NULL name; may be NULL */
	/* Header fields of the web configuration. They replace all others of the same name. */
	const struct http_header *configured;
	bool last; /* the last on its connection, which is closed */
};

/* Returns a response with the reply's headers and body, or NULL if memory is short. Drops a body of
 * MHD_RESPMEM_MUST_FREE after its use, in either case. Call MHD_destroy_response() after queueing the response. */
struct MHD_Response *http_response(const struct http_reply *reply);

#endif
