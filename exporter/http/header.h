/* SPDX-License-Identifier: Apache-2.0 */
/* HTTP header field. It has its own file because the web configuration needs no other part of the HTTP server. */
#ifndef EXPORTER_HTTP_HEADER_H
#define EXPORTER_HTTP_HEADER_H

struct http_header {
	const char *name, *value;
};

#endif
