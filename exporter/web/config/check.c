/* SPDX-License-Identifier: Apache-2.0 */
/* TLS checks: find settings that contradict each other, or that would have no effect. */
#include "exporter/web/config/config.h"

static int one_of(const struct web_text *text, const struct web_text *file, const char *name, struct web_fault *fault)
{
	if (text->text != NULL && file->text != NULL)
		return web_fault_set(fault, file->line, "%s and %s_file are both given", name, name);
	return 0;
}

static int pair_check(const struct web_tls *tls, struct web_fault *fault)
{
	int err = one_of(&tls->cert, &tls->cert_file, "cert", fault);

	if (err == 0)
		err = one_of(&tls->key, &tls->key_file, "key", fault);
	if (err == 0)
		err = one_of(&tls->client_ca, &tls->client_ca_file, "client_ca", fault);
	if (err == 0 && tls->cert.text == NULL && tls->cert_file.text == NULL)
		err = web_fault_set(fault, tls->line, "tls_server_config has neither cert nor cert_file");
	if (err == 0 && tls->key.text == NULL && tls->key_file.text == NULL)
		err = web_fault_set(fault, tls->line, "tls_server_config has neither key nor key_file");
	return err;
}

static int clients_check(const struct web_tls *tls, struct web_fault *fault)
{
	const struct web_text *ca = tls->client_ca.text != NULL ? &tls->client_ca : &tls->client_ca_file;
	bool required =
	        tls->client_auth == CLIENT_AUTH_REQUIRE_ANY || tls->client_auth == CLIENT_AUTH_REQUIRE_AND_VERIFY;

	if (ca->text != NULL && tls->client_auth == CLIENT_AUTH_NONE)
		return web_fault_set(fault, ca->line, "a client CA is given, but client_auth_type asks no client");
	if (tls->allowed_sans.count > 0 && !required)
		return web_fault_set(fault, tls->allowed_sans.items[0].line,
		                     "client_allowed_sans needs client_auth_type to be RequireAnyClientCert or "
		                     "RequireAndVerifyClientCert");
	return 0;
}

int web_tls_check(const struct web_tls *tls, struct web_fault *fault)
{
	int err = pair_check(tls, fault);

	if (err == 0)
		err = clients_check(tls, fault);
	if (err == 0 && tls->min_version > tls->max_version)
		err = web_fault_set(fault, tls->line, "min_version %s is above max_version %s",
		                    web_tls_version_name(tls->min_version), web_tls_version_name(tls->max_version));
	return err;
}
