/* SPDX-License-Identifier: Apache-2.0 */
/* Header field of HTTP. The web configuration sets header fields too, and includes no other header of this folder. */
#ifndef EXPORTER_HTTP_HEADER_H
#define EXPORTER_HTTP_HEADER_H

struct http_header {
	const char *name, *value;
};

#endif
