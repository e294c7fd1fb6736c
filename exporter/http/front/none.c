/* SPDX-License-Identifier: Apache-2.0 */
/* Systems without a front: nothing of it is ever called. */
#include "exporter/http/front/front.h"

#include <errno.h>

const bool http_front_exists = false;

int http_front_start(struct http_front **front, const struct http_front_options *options)
{
	(void)options;
	*front = NULL;
	return -ENOTSUP;
}

bool http_front_alive(struct http_front *front)
{
	(void)front;
	return true;
}

void http_front_quiesce(struct http_front *front)
{
	(void)front;
}

void http_front_stop(struct http_front *front, unsigned ms)
{
	(void)front;
	(void)ms;
}
