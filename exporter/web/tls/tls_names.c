/* SPDX-License-Identifier: Apache-2.0 */
/* TLS names: tables of the cipher suites, curves and versions that Go documents. */
#include "exporter/web/tls/tls_names.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* In the order of the server's preference: AEAD first. */
const struct web_suite web_suites[] = {
        {"TLS_AES_128_GCM_SHA256", KX_ANY, "AES-128-GCM", "AEAD"},
        {"TLS_AES_256_GCM_SHA384", KX_ANY, "AES-256-GCM", "AEAD"},
        {"TLS_CHACHA20_POLY1305_SHA256", KX_ANY, "CHACHA20-POLY1305", "AEAD"},
        {"TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", KX_ECDHE_ECDSA, "AES-128-GCM", "AEAD"},
        {"TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", KX_ECDHE_ECDSA, "AES-256-GCM", "AEAD"},
        {"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", KX_ECDHE_RSA, "AES-128-GCM", "AEAD"},
        {"TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", KX_ECDHE_RSA, "AES-256-GCM", "AEAD"},
        {"TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", KX_ECDHE_ECDSA, "CHACHA20-POLY1305", "AEAD"},
        {"TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", KX_ECDHE_RSA, "CHACHA20-POLY1305", "AEAD"},
        {"TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA", KX_ECDHE_ECDSA, "AES-128-CBC", "SHA1"},
        {"TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA", KX_ECDHE_ECDSA, "AES-256-CBC", "SHA1"},
        {"TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", KX_ECDHE_RSA, "AES-128-CBC", "SHA1"},
        {"TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA", KX_ECDHE_RSA, "AES-256-CBC", "SHA1"},
};

const struct web_curve web_curves[] = {
        {"X25519", "GROUP-X25519"},
        {"CurveP256", "GROUP-SECP256R1"},
        {"CurveP384", "GROUP-SECP384R1"},
        {"CurveP521", "GROUP-SECP521R1"},
};

static const struct {
	const char *name, *gnutls;
} versions[] = {
        [WEB_TLS10] = {"TLS10", "VERS-TLS1.0"},
        [WEB_TLS11] = {"TLS11", "VERS-TLS1.1"},
        [WEB_TLS12] = {"TLS12", "VERS-TLS1.2"},
        [WEB_TLS13] = {"TLS13", "VERS-TLS1.3"},
};

const char *web_suite_name(size_t index)
{
	return index < COUNT(web_suites) ? web_suites[index].name : NULL;
}

const char *web_curve_name(size_t index)
{
	return index < COUNT(web_curves) ? web_curves[index].name : NULL;
}

const char *web_tls_version_name(size_t index)
{
	return index < COUNT(versions) ? versions[index].name : NULL;
}

const char *web_tls_version_gnutls(size_t index)
{
	return versions[index].gnutls;
}
