/* SPDX-License-Identifier: Apache-2.0 */
/* Builds responses. */
#include "exporter/http_reply.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

/* On every answer: it is of this moment, and its type is what it says. */
static const struct http_header always[] = {
        {"Cache-Control", "no-store"},
        {"X-Content-Type-Options", "nosniff"},
        {NULL, NULL},
};

static bool add(struct MHD_Response *response, const struct http_header *headers)
{
	for (; headers && headers->name; headers++)
		if (MHD_add_response_header(response, headers->name, headers->value) != MHD_YES)
			return false;
	return true;
}

struct MHD_Response *http_response(const struct http_reply *reply)
{
	const struct http_header type[] = {{"Content-Type", reply->content_type}, {NULL, NULL}};
	/* Copied or handed over, the body is not changed: libmicrohttpd only has no const for it. */
	void *body = (void *)(uintptr_t)reply->body;
	struct MHD_Response *response = MHD_create_response_from_buffer(reply->length, body, reply->memory);

	if (!response) {
		if (reply->memory == MHD_RESPMEM_MUST_FREE)
			free(body);
		return NULL;
	}
	if (add(response, type) && add(response, always) && add(response, reply->headers))
		return response;
	MHD_destroy_response(response);
	return NULL;
}
