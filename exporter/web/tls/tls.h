/* SPDX-License-Identifier: Apache-2.0 */
/* TLS settings: GnuTLS credentials and sessions from a configuration and the texts of its files. */
#ifndef EXPORTER_WEB_TLS_TLS_H
#define EXPORTER_WEB_TLS_TLS_H

#include <gnutls/gnutls.h>

#include "exporter/web/config/config.h"
#include "exporter/web/transport.h"

/* PEM texts; client_ca may be NULL. */
struct tls_material {
	char *cert, *key, *client_ca;
};

struct tls_credentials;

/* Makes credentials. Returns 0, or -errno with *fault filled. `tls` must outlive the credentials. */
int tls_credentials_new(struct tls_credentials **credentials, const struct web_tls *tls,
                        const struct tls_material *material, struct web_fault *fault) MUST_CHECK;
/* Frees the credentials. Call when no session uses them. NULL is fine. */
void tls_credentials_free(struct tls_credentials *credentials);

/* Makes a session for a client's non-blocking socket, before the handshake. Returns 0 or -ENOMEM. */
int tls_session_new(gnutls_session_t *session, struct tls_credentials *credentials, int socket) MUST_CHECK;

/* Sends the client an alert for a failed handshake, without a guarantee of delivery. */
void tls_session_refuse(gnutls_session_t session, int error);
/* Returns the kind of a handshake's fatal error. */
enum tls_error tls_fault(int error);

/* Writes the settings as a GnuTLS priority string. `tls12` and `tls13` select the versions. The text is cut to
 * `size`. */
void tls_priorities(char *text, size_t size, const struct web_tls *tls, bool tls12, bool tls13);

#endif
