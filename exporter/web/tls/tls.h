/* SPDX-License-Identifier: Apache-2.0 */
/* TLS credentials: makes GnuTLS credentials and settings from a configuration and the texts of its files. */
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

/* Makes credentials. `tls` must outlive them. Returns 0, or -errno with *fault filled. */
int tls_credentials_new(struct tls_credentials **credentials, const struct web_tls *tls,
                        const struct tls_material *material, struct web_fault *fault) MUST_CHECK;
/* Frees the credentials. Call when none of their sessions is left. NULL is allowed. */
void tls_credentials_free(struct tls_credentials *credentials);

/* Makes a session for a client's non-blocking socket, before its handshake. Returns 0 or -ENOMEM. */
int tls_session_new(gnutls_session_t *session, struct tls_credentials *credentials, int socket) MUST_CHECK;

/* Sends the client the alert of its failed handshake, if possible. */
void tls_session_refuse(gnutls_session_t session, int error);
/* Returns the kind of a handshake's fatal error. */
enum tls_error tls_fault(int error);

/* Writes the settings as a GnuTLS priority string, for the start of the handshake and for one version of TLS, cut to
 * `size`. */
void tls_priorities(char *text, size_t size, const struct web_tls *tls, bool tls12, bool tls13);

#endif
