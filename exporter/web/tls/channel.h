/* SPDX-License-Identifier: Apache-2.0 */
/* TLS transport: a GnuTLS session on a client's socket. */
#ifndef EXPORTER_WEB_TLS_CHANNEL_H
#define EXPORTER_WEB_TLS_CHANNEL_H

#include <errno.h>

#include "exporter/web/state.h"
#include "exporter/web/transport.h"

/* Makes a TLS transport that holds a reference to the state. The caller keeps the socket. Returns 0 or -errno. */
int tls_channel_new(struct transport *transport, int socket, struct web_state *state) MUST_CHECK;

#endif
