/* SPDX-License-Identifier: Apache-2.0 */
/* Client check: accepts or refuses a TLS client by its certificate. */
#ifndef EXPORTER_WEB_TLS_TLS_CLIENT_H
#define EXPORTER_WEB_TLS_TLS_CLIENT_H

#include <gnutls/gnutls.h>

#include "exporter/web/config/config.h"

struct tls_client_policy {
	enum web_client_auth auth;
	const struct web_texts *allowed_sans;
};

/* Checks the client during a handshake. Returns 0, or GNUTLS_E_CERTIFICATE_ERROR after an alert with the reason. */
int tls_client_check(gnutls_session_t session, const struct tls_client_policy *policy);

#endif
