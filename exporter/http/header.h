/* SPDX-License-Identifier: Apache-2.0 */
/* A header field of HTTP. The web configuration gives some to every answer, and knows nothing else of HTTP's server. */
#ifndef EXPORTER_HTTP_HEADER_H
#define EXPORTER_HTTP_HEADER_H

struct http_header {
	const char *name, *value;
};

#endif
