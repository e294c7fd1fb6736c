/* SPDX-License-Identifier: Apache-2.0 */
/* Header field of HTTP. The web configuration adds some to every answer; it includes nothing else of the HTTP
 * server. */
#ifndef EXPORTER_HTTP_HEADER_H
#define EXPORTER_HTTP_HEADER_H

struct http_header {
	const char *name, *value;
};

#endif
