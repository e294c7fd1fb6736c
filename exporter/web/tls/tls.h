/* SPDX-License-Identifier: Apache-2.0 */
/* Credentials and settings of TLS for GnuTLS, made of a configuration and the texts of its files. */
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

/* 0, or -errno with *fault filled. `tls` must outlive the credentials. */
int tls_credentials_new(struct tls_credentials **credentials, const struct web_tls *tls,
                        const struct tls_material *material, struct web_fault *fault) MUST_CHECK;
/* Once no session of theirs is left. NULL is fine. */
void tls_credentials_free(struct tls_credentials *credentials);

/* A session for a client's socket, which does not block; its handshake has not begun. 0 or -ENOMEM. */
int tls_session_new(gnutls_session_t *session, struct tls_credentials *credentials, int socket) MUST_CHECK;

/* Says to the client, as far as it can be said, why its handshake failed. */
void tls_session_refuse(gnutls_session_t session, int error);
/* Returns the kind of a handshake's fatal error. */
enum tls_error tls_fault(int error);

/* The settings as GnuTLS writes them, for the handshake's start and for what is done in one version of TLS. `key` is
 * the certificate's kind. The text is cut to `size`. */
void tls_priorities(char *text, size_t size, const struct web_tls *tls, bool tls12, bool tls13);

#endif
