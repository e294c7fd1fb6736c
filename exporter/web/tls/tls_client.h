/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a client may come in with the certificate that it has, or with none. */
#ifndef EXPORTER_WEB_TLS_TLS_CLIENT_H
#define EXPORTER_WEB_TLS_TLS_CLIENT_H

#include <gnutls/gnutls.h>

#include "exporter/web/config/config.h"

struct tls_client_policy {
	enum web_client_auth auth;
	const struct web_texts *allowed_sans;
};

/* In a handshake: 0, or GNUTLS_E_CERTIFICATE_ERROR and the client was sent an alert that says why. */
int tls_client_check(gnutls_session_t session, const struct tls_client_policy *policy);

#endif
