/* SPDX-License-Identifier: Apache-2.0 */
/* Reply: builds responses of libmicrohttpd. */
#ifndef EXPORTER_HTTP_REPLY_H
#define EXPORTER_HTTP_REPLY_H

#include <microhttpd.h>
#include <stdbool.h>
#include <stddef.h>

#include "exporter/http/header.h"

#define HTTP_TYPE_TEXT "text/plain; charset=utf-8"
#define HTTP_TYPE_HTML "text/html; charset=utf-8"

struct http_reply {
	unsigned status;
	const char *content_type;
	const void *body;
	size_t length;
	enum MHD_ResponseMemoryMode memory; /* the body is copied, freed or kept */
	const struct http_header *headers;  /* additional; ended by a NULL name; can be NULL */
	/* Headers from the web configuration: they replace all others of the same names. */
	const struct http_header *configured;
	bool last; /* the connection is closed afterwards */
};

/* Returns a response with the reply's headers and body, or NULL if memory is short. Takes over a body of the mode
 * MHD_RESPMEM_MUST_FREE, even on failure. The caller calls MHD_destroy_response() after queueing. */
struct MHD_Response *http_response(const struct http_reply *reply);

#endif
