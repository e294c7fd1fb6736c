/* SPDX-License-Identifier: Apache-2.0 */
/* Builds without GnuTLS, libyaml and libcrypt: no file can be opened, and so nothing else is ever called. */
#include "exporter/web/tls/front.h"

#include <errno.h>

int web_possible(struct platform_error *error)
{
	platform_error_set(error, "--web.config.file does not work here: this program was built without TLS and "
	                          "authentication");
	return -ENOTSUP;
}

int web_open(struct web **web, const char *file, struct platform_error *error)
{
	(void)file;
	*web = NULL;
	return web_possible(error);
}

void web_reload(struct web *web)
{
	(void)web;
}

void web_stop(struct web *web)
{
	(void)web;
}

void web_close(struct web *web)
{
	(void)web;
}

void web_enter(struct web *web, struct web_visit *visit, const char *authorization, bool encrypted)
{
	(void)web;
	(void)authorization;
	(void)encrypted;
	visit->verdict = WEB_UNAUTHORIZED;
}

void web_hash(struct web *web, struct web_visit *visit)
{
	(void)web;
	visit->done(visit);
}

void web_leave(struct web_visit *visit)
{
	(void)visit;
}

int web_front_start(struct web_front **front, const struct web_front_options *options)
{
	(void)options;
	*front = NULL;
	return -ENOTSUP;
}

bool web_front_alive(struct web_front *front)
{
	(void)front;
	return true;
}

void web_front_quiesce(struct web_front *front)
{
	(void)front;
}

void web_front_stop(struct web_front *front, unsigned ms)
{
	(void)front;
	(void)ms;
}
