/* SPDX-License-Identifier: Apache-2.0 */
/* TLS names: Go's names of cipher suites, curves and versions, and GnuTLS' names for the same. */
#ifndef EXPORTER_WEB_TLS_TLS_NAMES_H
#define EXPORTER_WEB_TLS_TLS_NAMES_H

#include <stdbool.h>
#include <stddef.h>

#include "exporter/choice.h"

/* The key exchange up to TLS 1.2. It must fit the kind of the certificate's key. */
enum web_key_exchange { KX_ANY, KX_ECDHE_ECDSA, KX_ECDHE_RSA };

struct web_suite {
	const char *name;               /* Go's */
	enum web_key_exchange exchange; /* KX_ANY: a suite of TLS 1.3, which is always enabled there */
	const char *cipher, *mac;       /* GnuTLS' */
};
extern const struct web_suite web_suites[];
/* Returns the name by number, or NULL after the last. choice_find() finds the number of a name. */
const char *web_suite_name(size_t index);

struct web_curve {
	const char *name, *group; /* Go's, GnuTLS' */
};
extern const struct web_curve web_curves[];
const char *web_curve_name(size_t index);

/* Versions of TLS, from the oldest to the newest. */
enum web_tls_version { WEB_TLS10, WEB_TLS11, WEB_TLS12, WEB_TLS13 };
const char *web_tls_version_name(size_t index);   /* "TLS12" */
const char *web_tls_version_gnutls(size_t index); /* "VERS-TLS1.2" */

#endif
