/* SPDX-License-Identifier: Apache-2.0 */
/* Systems without an acceptor: nothing of it is ever called. */
#include "exporter/http/acceptor/acceptor.h"

#include <errno.h>

const bool http_acceptor_exists = false;

int http_front_start(struct http_front **acceptor, const struct http_front_options *options)
{
	(void)options;
	*acceptor = NULL;
	return -ENOTSUP;
}

bool http_front_alive(struct http_front *acceptor)
{
	(void)acceptor;
	return true;
}

void http_front_quiesce(struct http_front *acceptor)
{
	(void)acceptor;
}

void http_front_stop(struct http_front *acceptor, unsigned ms)
{
	(void)acceptor;
	(void)ms;
}
