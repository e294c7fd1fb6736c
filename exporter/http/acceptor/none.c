/* SPDX-License-Identifier: Apache-2.0 */
/* Acceptor of systems that have none: start fails, and no other function is called. */
#include "exporter/http/acceptor/acceptor.h"

#include <errno.h>

const bool http_acceptor_exists = false;

int http_acceptor_start(struct http_acceptor **acceptor, const struct http_acceptor_options *options)
{
	(void)options;
	*acceptor = NULL;
	return -ENOTSUP;
}

bool http_acceptor_alive(struct http_acceptor *acceptor)
{
	(void)acceptor;
	return true;
}

void http_acceptor_quiesce(struct http_acceptor *acceptor, uint64_t deadline_ns)
{
	(void)acceptor;
	(void)deadline_ns;
}

void http_acceptor_stop(struct http_acceptor *acceptor, unsigned ms)
{
	(void)acceptor;
	(void)ms;
}
