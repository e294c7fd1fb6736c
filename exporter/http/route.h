/* SPDX-License-Identifier: Apache-2.0 */
/* Which answer a (method, path) gets. To add an endpoint: a row in route.c and its case in http.c. */
#ifndef EXPORTER_HTTP_ROUTE_H
#define EXPORTER_HTTP_ROUTE_H

enum route {
	ROUTE_METRICS,
	ROUTE_LANDING,
	ROUTE_PAGE_FILE, /* landing_file() of the path */
	ROUTE_HEALTHZ,
	ROUTE_READYZ,
	ROUTE_OPTIONS,            /* OPTIONS *: what the server as a whole can do */
	ROUTE_BAD_TARGET,         /* 400: * with another method */
	ROUTE_NOT_FOUND,          /* 404 */
	ROUTE_METHOD_NOT_ALLOWED, /* 405, Allow: GET, HEAD */
};

/* The path of a request's target, which may be a whole URL: RFC 9112, 3.2.2. A part of `target`, or "/". */
const char *route_path(const char *target);

/* `telemetry_path` is where the metrics are. */
enum route route_find(const char *method, const char *path, const char *telemetry_path);

#endif
