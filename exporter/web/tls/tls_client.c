/* SPDX-License-Identifier: Apache-2.0 */
/* Client certificates: checks them by the rules of Go's crypto/tls, and sends the same alerts. */
#include "exporter/web/tls/tls_client.h"

#include <gnutls/x509.h>
#include <string.h>

#include "exporter/platform/inet.h"

enum {
	/* Longest name that is compared. URIs are the longest names. */
	SAN_MAX = 2048,
	IPV4_BYTES = 4,
	IPV6_BYTES = 16,
};

/* Writes an address as Go does: an IPv4 address that is mapped to IPv6 is written as IPv4. Returns NULL if the length
 * is wrong. */
static const char *address_text(const char *bytes, size_t length, char text[INET6_ADDRSTRLEN])
{
	static const unsigned char mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

	if (length == IPV6_BYTES && memcmp(bytes, mapped, sizeof(mapped)) == 0) {
		bytes += sizeof(mapped);
		length = IPV4_BYTES;
	}
	if (length != IPV4_BYTES && length != IPV6_BYTES)
		return NULL;
	return inet_ntop(length == IPV4_BYTES ? AF_INET : AF_INET6, bytes, text, INET6_ADDRSTRLEN);
}

static bool is_allowed(const struct web_texts *allowed, const char *name, size_t length)
{
	for (size_t i = 0; i < allowed->count; i++)
		if (strlen(allowed->items[i].text) == length && memcmp(allowed->items[i].text, name, length) == 0)
			return true;
	return false;
}

static bool matches(const struct web_texts *allowed, int type, const char *san, size_t length)
{
	char text[INET6_ADDRSTRLEN];
	const char *address;

	if (type == GNUTLS_SAN_DNSNAME || type == GNUTLS_SAN_RFC822NAME || type == GNUTLS_SAN_URI)
		return is_allowed(allowed, san, length);
	if (type != GNUTLS_SAN_IPADDRESS)
		return false;
	address = address_text(san, length, text);
	return address != NULL && is_allowed(allowed, address, strlen(address));
}

/* Returns true if one of the certificate's names is exactly an allowed name. */
static bool has_allowed_san(const gnutls_datum_t *der, const struct web_texts *allowed)
{
	gnutls_x509_crt_t certificate;
	char san[SAN_MAX];
	bool found = false;

	if (gnutls_x509_crt_init(&certificate) < 0)
		return false;
	if (gnutls_x509_crt_import(certificate, der, GNUTLS_X509_FMT_DER) < 0)
		goto out;
	for (unsigned i = 0; !found; i++) {
		size_t length = sizeof(san);
		int type = gnutls_x509_crt_get_subject_alt_name(certificate, i, san, &length, NULL);

		if (type == GNUTLS_E_SHORT_MEMORY_BUFFER)
			continue;
		if (type < 0)
			break;
		found = matches(allowed, type, san, length);
	}
out:
	gnutls_x509_crt_deinit(certificate);
	return found;
}

static int refuse(gnutls_session_t session, gnutls_alert_description_t alert)
{
	/* an alert that cannot be sent is not repeated, because the connection ends in any case */
	(void)gnutls_alert_send(session, GNUTLS_AL_FATAL, alert);
	return GNUTLS_E_CERTIFICATE_ERROR;
}

static int refuse_missing(gnutls_session_t session)
{
	bool new = gnutls_protocol_get_version(session) == GNUTLS_TLS1_3;

	return refuse(session, new ? GNUTLS_A_CERTIFICATE_REQUIRED : GNUTLS_A_BAD_CERTIFICATE);
}

static gnutls_alert_description_t alert_of(unsigned status)
{
	if (status & (GNUTLS_CERT_SIGNER_NOT_FOUND | GNUTLS_CERT_SIGNER_NOT_CA))
		return GNUTLS_A_UNKNOWN_CA;
	if (status & (GNUTLS_CERT_EXPIRED | GNUTLS_CERT_NOT_ACTIVATED))
		return GNUTLS_A_CERTIFICATE_EXPIRED;
	return GNUTLS_A_BAD_CERTIFICATE;
}

int tls_client_check(gnutls_session_t session, const struct tls_client_policy *policy)
{
	gnutls_typed_vdata_st purpose = {GNUTLS_DT_KEY_PURPOSE_OID,
	                                 (unsigned char *)(uintptr_t)GNUTLS_KP_TLS_WWW_CLIENT, 0};
	bool required = policy->auth == CLIENT_AUTH_REQUIRE_ANY || policy->auth == CLIENT_AUTH_REQUIRE_AND_VERIFY;
	bool verified = policy->auth == CLIENT_AUTH_VERIFY_IF_GIVEN || policy->auth == CLIENT_AUTH_REQUIRE_AND_VERIFY;
	unsigned count = 0, status = 0;
	const gnutls_datum_t *chain = gnutls_certificate_get_peers(session, &count);

	if (chain == NULL || count == 0)
		return required ? refuse_missing(session) : 0;
	if (verified && gnutls_certificate_verify_peers(session, &purpose, 1, &status) < 0)
		return refuse(session, GNUTLS_A_BAD_CERTIFICATE);
	if (status != 0)
		return refuse(session, alert_of(status));
	if (policy->allowed_sans->count > 0 && !has_allowed_san(&chain[0], policy->allowed_sans))
		return refuse(session, GNUTLS_A_BAD_CERTIFICATE);
	return 0;
}
