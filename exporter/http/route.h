/* SPDX-License-Identifier: Apache-2.0 */
/* Routes: the answer to a (method, path). To add an endpoint, add a row in route.c and its case in request.c. */
#ifndef EXPORTER_HTTP_ROUTE_H
#define EXPORTER_HTTP_ROUTE_H

#include <stdbool.h>

#define ROUTE_SOCKETS_PATH "/sockets"

enum route {
	ROUTE_METRICS,
	ROUTE_SOCKETS,
	ROUTE_LANDING,
	ROUTE_PAGE_FILE, /* landing_file() of the path */
	ROUTE_HEALTHZ,
	ROUTE_READYZ,
	ROUTE_OPTIONS,            /* OPTIONS *: the methods of the whole server */
	ROUTE_BAD_TARGET,         /* 400: * with another method */
	ROUTE_NOT_FOUND,          /* 404 */
	ROUTE_METHOD_NOT_ALLOWED, /* 405, Allow: GET, HEAD */
};

/* Returns the path of a request's target, which may be a whole URL (RFC 9112, 3.2.2): a part of `target`, or "/". */
const char *route_path(const char *target);

/* Returns the route. `telemetry_path` is the path of the metrics. Without `sockets` there is no /sockets. */
enum route route_find(const char *method, const char *path, const char *telemetry_path, bool sockets);

#endif
