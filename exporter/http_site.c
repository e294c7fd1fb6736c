/* SPDX-License-Identifier: Apache-2.0 */
/* What all requests share: its beginning and its end. */
#include "exporter/http_request.h"

#include "exporter/http_reply.h"
#include "exporter/landing.h"
#include "exporter/platform/condition.h"

#include <errno.h>
#include <string.h>

/* A page of links is a few kilobytes. */
enum { LANDING_MAX = 64 * 1024 };

/* The response for when nothing can be allocated any more. */
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

int http_site_init(struct http_site *site, const struct http_options *options)
{
	memset(site, 0, sizeof(*site));
	site->options = *options;
	textbuf_init(&site->landing, LANDING_MAX);
	/* Neither can fail: nothing is allocated. */
	pthread_mutex_init(&site->lock, NULL);
	condition_init(&site->idle);
	landing_write(&site->landing, TCP_EXPORTER_VERSION, options->telemetry_path);
	site->no_memory = make_no_memory();
	if (!site->no_memory)
		return -ENOMEM;
	return site->landing.error;
}

void http_site_release(struct http_site *site)
{
	if (site->no_memory)
		MHD_destroy_response(site->no_memory);
	pthread_cond_destroy(&site->idle);
	pthread_mutex_destroy(&site->lock);
	textbuf_release(&site->landing);
}

void http_site_drain(struct http_site *site, unsigned ms)
{
	const uint64_t deadline_ns = platform_now_ns() + ms * UINT64_C(1000000);

	pthread_mutex_lock(&site->lock);
	while (site->requests > 0 && platform_now_ns() < deadline_ns)
		condition_wait_until(&site->idle, &site->lock, deadline_ns);
	pthread_mutex_unlock(&site->lock);
}
