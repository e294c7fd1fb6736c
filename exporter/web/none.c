/* SPDX-License-Identifier: Apache-2.0 */
/* Web configuration in builds without GnuTLS, libyaml and libcrypt: web_open() fails, so no other function is called.
 */
#include "exporter/web/web.h"

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

int web_accept(struct web *web, int socket, struct transport *transport)
{
	(void)web;
	(void)socket;
	(void)transport;
	return -ENOTSUP;
}

bool web_needs_tls(struct web *web)
{
	(void)web;
	return true;
}

void web_auth_begin(struct web *web, struct web_auth *auth, const char *authorization, bool without_password)
{
	(void)web;
	(void)without_password;
	(void)authorization;
	auth->verdict = WEB_UNAUTHORIZED;
}

void web_auth_hash(struct web *web, struct web_auth *auth)
{
	(void)web;
	auth->done(auth);
}

void web_auth_end(struct web_auth *auth)
{
	(void)auth;
}
