/* SPDX-License-Identifier: Apache-2.0 */
/* TLS settings as GnuTLS priority strings, and GnuTLS errors as TLS alerts. */
#include "exporter/web/tls/tls.h"

#include <stdio.h>
#include <string.h>

struct text {
	char *at;
	size_t left;
};

/* Adds ":+WORD" unless the text has it. The buffer is much longer than the longest text. */
static void add(struct text *text, const char *start, const char *word)
{
	char item[64];
	int length = snprintf(item, sizeof(item), ":+%s", word);

	if (length < 0 || (size_t)length >= sizeof(item) || (size_t)length >= text->left)
		return;
	for (const char *found = start; (found = strstr(found, item)) != NULL; found++)
		if (found[length] == ':' || found[length] == '\0')
			return;
	memcpy(text->at, item, (size_t)length + 1);
	text->at += length;
	text->left -= (size_t)length;
}

static void add_suites(struct text *text, const char *start, const struct web_tls *tls, bool tls12, bool tls13)
{
	static const char *const exchanges[] = {[KX_ECDHE_ECDSA] = "ECDHE-ECDSA", [KX_ECDHE_RSA] = "ECDHE-RSA"};

	for (size_t i = 0; web_suite_name(i) != NULL; i++) {
		size_t number = tls->suites.count == 0 ? i : tls->suites.items[i];
		const struct web_suite *suite;

		if (tls->suites.count > 0 && i == tls->suites.count)
			break;
		suite = &web_suites[number];
		if (!tls12 || suite->exchange == KX_ANY)
			continue;
		add(text, start, exchanges[suite->exchange]);
		add(text, start, suite->cipher);
		add(text, start, suite->mac);
	}
	for (size_t i = 0; tls13 && web_suite_name(i) != NULL; i++) {
		if (web_suites[i].exchange != KX_ANY)
			continue;
		add(text, start, web_suites[i].cipher);
		add(text, start, web_suites[i].mac);
	}
}

static void add_curves(struct text *text, const char *start, const struct web_tls *tls)
{
	for (size_t i = 0; web_curve_name(i) != NULL; i++) {
		if (tls->curves.count > 0 && i == tls->curves.count)
			break;
		add(text, start, web_curves[tls->curves.count > 0 ? tls->curves.items[i] : i].group);
	}
}

void tls_priorities(char *buffer, size_t size, const struct web_tls *tls, bool tls12, bool tls13)
{
	struct text text = {buffer, size};

	snprintf(buffer, size, "NONE:+CTYPE-X509:+COMP-NULL:+SIGN-ALL");
	text.at += strlen(buffer);
	text.left -= strlen(buffer);
	for (size_t i = WEB_TLS13 + 1; i-- > WEB_TLS10;)
		if (i >= tls->min_version && i <= tls->max_version && (i == WEB_TLS13 ? tls13 : tls12))
			add(&text, buffer, web_tls_version_gnutls(i));
	add_suites(&text, buffer, tls, tls12, tls13);
	add_curves(&text, buffer, tls);
	/* accepts a server certificate whose key usage excludes signatures, as Go does; each handshake would fail */
	snprintf(text.at, text.left, ":%%DEBUG_ALLOW_KEY_USAGE_VIOLATIONS%s",
	         tls->prefer_server_suites ? ":%SERVER_PRECEDENCE" : "");
}

void tls_session_refuse(gnutls_session_t session, int error)
{
	int level, alert = gnutls_error_to_alert(error, &level);

	/* no alert after the client's own alert, after the client has closed, or after tls_client_check() sent one */
	if (error == GNUTLS_E_FATAL_ALERT_RECEIVED || error == GNUTLS_E_PREMATURE_TERMINATION ||
	    error == GNUTLS_E_PULL_ERROR || error == GNUTLS_E_PUSH_ERROR || error == GNUTLS_E_CERTIFICATE_ERROR)
		return;
	if (error == GNUTLS_E_NO_CIPHER_SUITES)
		alert = GNUTLS_A_HANDSHAKE_FAILURE;
	if (error == GNUTLS_E_KEY_USAGE_VIOLATION)
		alert = GNUTLS_A_BAD_CERTIFICATE;
	(void)gnutls_alert_send(session, GNUTLS_AL_FATAL, (gnutls_alert_description_t)alert);
}

enum tls_error tls_fault(int error)
{
	switch (error) {
	case GNUTLS_E_CERTIFICATE_ERROR:
	case GNUTLS_E_NO_CERTIFICATE_FOUND:
	case GNUTLS_E_KEY_USAGE_VIOLATION:
		return TLS_ERROR_CERTIFICATE;
	case GNUTLS_E_UNSUPPORTED_VERSION_PACKET:
	case GNUTLS_E_NO_PRIORITIES_WERE_SET:
		return TLS_ERROR_VERSION;
	case GNUTLS_E_NO_CIPHER_SUITES:
	case GNUTLS_E_NO_COMMON_KEY_SHARE:
	case GNUTLS_E_INSUFFICIENT_CREDENTIALS:
		return TLS_ERROR_CIPHER;
	case GNUTLS_E_FATAL_ALERT_RECEIVED:
		return TLS_ERROR_ALERT;
	case GNUTLS_E_PREMATURE_TERMINATION:
	case GNUTLS_E_PULL_ERROR:
	case GNUTLS_E_PUSH_ERROR:
		return TLS_ERROR_CLOSED;
	default:
		return TLS_ERROR_OTHER;
	}
}
