/* SPDX-License-Identifier: Apache-2.0 */
/* Replies: builds libmicrohttpd's responses. */
#include "exporter/http/reply.h"

#include "exporter/scrape/tickets/body.h"

#include <stdint.h>
#include <strings.h>

/* Header fields of every answer: it must not be cached, and browsers must not guess its type. */
static const struct http_header always[] = {
        {"Cache-Control", "no-store"},
        {"X-Content-Type-Options", "nosniff"},
        {NULL, NULL},
};

static const struct http_header closing[] = {{"Connection", "close"}, {NULL, NULL}};

static bool has(const struct http_header *headers, const char *name)
{
	for (; headers && headers->name; headers++)
		if (strcasecmp(headers->name, name) == 0)
			return true;
	return false;
}

/* Adds the headers that are not among `others`. */
static bool add(struct MHD_Response *response, const struct http_header *headers, const struct http_header *others)
{
	for (; headers && headers->name; headers++)
		if (!has(others, headers->name) &&
		    MHD_add_response_header(response, headers->name, headers->value) != MHD_YES)
			return false;
	return true;
}

static struct MHD_Response *of_body(const struct http_reply *reply)
{
	/* libmicrohttpd does not change the body, although its parameter is not const. */
	void *body = (void *)(uintptr_t)reply->body;
	struct MHD_Response *response;

	if (reply->memory != MHD_RESPMEM_MUST_FREE)
		return MHD_create_response_from_buffer(reply->length, body, reply->memory);
	response = MHD_create_response_from_buffer_with_free_callback(reply->length, body, body_drop);
	if (!response)
		body_drop(body);
	return response;
}

struct MHD_Response *http_response(const struct http_reply *reply)
{
	const struct http_header type[] = {{"Content-Type", reply->content_type}, {NULL, NULL}};
	struct MHD_Response *response = of_body(reply);

	if (!response)
		return NULL;
	if (add(response, type, NULL) && add(response, always, reply->configured) &&
	    add(response, reply->headers, reply->configured) && add(response, reply->configured, NULL) &&
	    add(response, reply->last ? closing : NULL, NULL))
		return response;
	MHD_destroy_response(response);
	return NULL;
}
