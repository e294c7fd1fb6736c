/* SPDX-License-Identifier: Apache-2.0 */
/* Routes: the table of paths. */
#include "exporter/http/route.h"

#include "exporter/http/page/landing.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

static const struct {
	const char *path;
	enum route route;
} routes[] = {
        {"/", ROUTE_LANDING},       {"/healthz", ROUTE_HEALTHZ},
        {"/readyz", ROUTE_READYZ},  {"/-/healthy", ROUTE_HEALTHZ}, /* Prometheus' own names for the two */
        {"/-/ready", ROUTE_READYZ},
};

static enum route find_path(const char *path, const char *telemetry_path, bool sockets)
{
	/* First, because --web.telemetry-path can name the path of another page. */
	if (strcmp(path, telemetry_path) == 0)
		return ROUTE_METRICS;
	if (sockets && strcmp(path, ROUTE_SOCKETS_PATH) == 0)
		return ROUTE_SOCKETS;
	for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++)
		if (strcmp(path, routes[i].path) == 0)
			return routes[i].route;
	return landing_file(path) ? ROUTE_PAGE_FILE : ROUTE_NOT_FOUND;
}

const char *route_path(const char *target)
{
	static const char *const schemes[] = {"http://", "https://"};

	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		const char *host = target + strlen(schemes[i]), *path;

		if (strncasecmp(target, schemes[i], strlen(schemes[i])) != 0)
			continue;
		path = host + strcspn(host, "/");
		if (path > host)
			return *path != '\0' ? path : "/";
	}
	return target;
}

enum route route_find(const char *method, const char *path, const char *telemetry_path, bool sockets)
{
	enum route route = find_path(path, telemetry_path, sockets);
	bool allowed = strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;

	if (strcmp(path, "*") == 0) /* RFC 9112, 3.2.4 */
		return strcmp(method, "OPTIONS") == 0 ? ROUTE_OPTIONS : ROUTE_BAD_TARGET;
	return route == ROUTE_NOT_FOUND || allowed ? route : ROUTE_METHOD_NOT_ALLOWED;
}
