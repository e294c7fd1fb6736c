/* SPDX-License-Identifier: Apache-2.0 */
/* Plain transport: bytes without TLS. */
#ifndef EXPORTER_HTTP_ACCEPTOR_PLAIN_H
#define EXPORTER_HTTP_ACCEPTOR_PLAIN_H

#include "exporter/web/transport.h"

/* Returns a transport that reads and writes the socket directly. */
struct transport transport_plain(int socket);

#endif
