/* SPDX-License-Identifier: Apache-2.0 */
/* Replies as libmicrohttpd wants them. */
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
	enum MHD_ResponseMemoryMode memory; /* whether the body is copied, freed or left alone */
	const struct http_header *headers;  /* further ones; ended by a NULL name; may be NULL */
	/* The same, configured by the operator: they replace all others of their names. */
	const struct http_header *configured;
	bool last; /* on its connection, which is closed */
};

/* A response with the reply's headers and body, or NULL: out of memory. A body that is to be freed is
 * taken over in any case. MHD_destroy_response() it once it is queued. */
struct MHD_Response *http_response(const struct http_reply *reply);

#endif
