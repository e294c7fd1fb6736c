/* SPDX-License-Identifier: Apache-2.0 */
/* TLS credentials and sessions of GnuTLS. */
#include "exporter/web/tls/tls.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "exporter/web/tls/tls_client.h"

enum { PRIORITIES_MAX = 1024 };

struct tls_credentials {
	gnutls_certificate_credentials_t certificates;
	gnutls_priority_t any, tls12, tls13; /* for the start, and for the agreed version; NULL: disabled */
	struct tls_client_policy policy;
};

static gnutls_datum_t datum(const char *text)
{
	return (gnutls_datum_t){(unsigned char *)(uintptr_t)text, (unsigned)strlen(text)};
}

/* Returns the line of a setting, given in place or as a file. */
static size_t line_of(const struct web_text *text, const struct web_text *file)
{
	return text->text != NULL ? text->line : file->line;
}

static int fail(struct web_fault *fault, size_t line, const char *what, int error)
{
	const char *text = gnutls_strerror(error);

	web_fault_set(fault, line, "%s: %.*s", what, (int)strcspn(text, "."),
	              text); /* without the final point of some */
	return error == GNUTLS_E_MEMORY_ERROR ? -ENOMEM : -EINVAL;
}

static int add_certificate(struct tls_credentials *credentials, const struct web_tls *tls,
                           const struct tls_material *material, struct web_fault *fault)
{
	gnutls_datum_t cert = datum(material->cert), key = datum(material->key);
	int err = gnutls_certificate_set_x509_key_mem2(credentials->certificates, &cert, &key, GNUTLS_X509_FMT_PEM,
	                                               NULL, 0);

	return err < 0 ? fail(fault, line_of(&tls->cert, &tls->cert_file), "the certificate and its key", err) : 0;
}

static int add_authorities(struct tls_credentials *credentials, const struct web_tls *tls,
                           const struct tls_material *material, struct web_fault *fault)
{
	bool verifies =
	        tls->client_auth == CLIENT_AUTH_VERIFY_IF_GIVEN || tls->client_auth == CLIENT_AUTH_REQUIRE_AND_VERIFY;
	gnutls_datum_t authorities;
	int err;

	if (material->client_ca == NULL) {
		/* without client_ca the format uses the authorities of the system */
		err = verifies ? gnutls_certificate_set_x509_system_trust(credentials->certificates) : 0;
		return err < 0 ? fail(fault, tls->line, "the system's certificate authorities", err) : 0;
	}
	authorities = datum(material->client_ca);
	err = gnutls_certificate_set_x509_trust_mem(credentials->certificates, &authorities, GNUTLS_X509_FMT_PEM);
	if (err < 0)
		return fail(fault, line_of(&tls->client_ca, &tls->client_ca_file), "the client CA", err);
	if (err == 0)
		return web_fault_set(fault, line_of(&tls->client_ca, &tls->client_ca_file),
		                     "the client CA: no certificate found");
	return 0;
}

static int set_priority(gnutls_priority_t *priority, const struct web_tls *tls, bool tls12, bool tls13,
                        struct web_fault *fault)
{
	char text[PRIORITIES_MAX];
	int err;

	tls_priorities(text, sizeof(text), tls, tls12, tls13);
	err = gnutls_priority_init(priority, text, NULL);
	return err < 0 ? fail(fault, tls->line, "versions, cipher suites and curves", err) : 0;
}

static int set_priorities(struct tls_credentials *credentials, const struct web_tls *tls, struct web_fault *fault)
{
	bool old = tls->min_version < WEB_TLS13, new = tls->max_version == WEB_TLS13;
	int err = set_priority(&credentials->any, tls, old, new, fault);

	if (err == 0 && old)
		err = set_priority(&credentials->tls12, tls, true, false, fault);
	if (err == 0 && new)
		err = set_priority(&credentials->tls13, tls, false, true, fault);
	return err;
}

int tls_credentials_new(struct tls_credentials **result, const struct web_tls *tls, const struct tls_material *material,
                        struct web_fault *fault)
{
	struct tls_credentials *credentials = calloc(1, sizeof(*credentials));
	int err = 0;

	*result = NULL;
	if (credentials == NULL || gnutls_certificate_allocate_credentials(&credentials->certificates) < 0) {
		free(credentials);
		web_fault_set(fault, 0, "out of memory");
		return -ENOMEM;
	}
	credentials->policy = (struct tls_client_policy){tls->client_auth, &tls->allowed_sans};
	err = add_certificate(credentials, tls, material, fault);
	if (err == 0)
		err = add_authorities(credentials, tls, material, fault);
	if (err == 0)
		err = set_priorities(credentials, tls, fault);
	if (err != 0) {
		tls_credentials_free(credentials);
		return err;
	}
	*result = credentials;
	return 0;
}

void tls_credentials_free(struct tls_credentials *credentials)
{
	if (credentials == NULL)
		return;
	gnutls_priority_deinit(credentials->any);
	gnutls_priority_deinit(credentials->tls12);
	gnutls_priority_deinit(credentials->tls13);
	gnutls_certificate_free_credentials(credentials->certificates);
	free(credentials);
}

/* Sets the priorities of the agreed version. The cipher suite is not chosen yet, and depends on the version. */
static int on_client_hello(gnutls_session_t session)
{
	struct tls_credentials *credentials = gnutls_session_get_ptr(session);
	bool new = gnutls_protocol_get_version(session) == GNUTLS_TLS1_3;
	gnutls_priority_t priority = new ? credentials->tls13 : credentials->tls12;

	return priority != NULL ? gnutls_priority_set(session, priority) : GNUTLS_E_UNSUPPORTED_VERSION_PACKET;
}

static int on_client_certificate(gnutls_session_t session)
{
	struct tls_credentials *credentials = gnutls_session_get_ptr(session);

	return tls_client_check(session, &credentials->policy);
}

int tls_session_new(gnutls_session_t *result, struct tls_credentials *credentials, int socket)
{
	static const char protocol[] = "http/1.1";
	const gnutls_datum_t protocols = datum(protocol);
	gnutls_session_t session;

	if (gnutls_init(&session, GNUTLS_SERVER | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL | GNUTLS_NO_TICKETS) < 0)
		return -ENOMEM;
	if (gnutls_priority_set(session, credentials->any) < 0 ||
	    gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, credentials->certificates) < 0 ||
	    gnutls_alpn_set_protocols(session, &protocols, 1, 0) < 0) {
		gnutls_deinit(session);
		return -ENOMEM;
	}
	gnutls_session_set_ptr(session, credentials);
	gnutls_transport_set_int(session, socket);
	gnutls_handshake_set_post_client_hello_function(session, on_client_hello);
	if (credentials->policy.auth != CLIENT_AUTH_NONE) {
		/* not REQUIRE, so that tls_client_check() sends its own alert to a client without a certificate */
		gnutls_certificate_server_set_request(session, GNUTLS_CERT_REQUEST);
		gnutls_session_set_verify_function(session, on_client_certificate);
	}
	*result = session;
	return 0;
}
