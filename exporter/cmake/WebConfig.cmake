# SPDX-License-Identifier: Apache-2.0
# Sets TCP_EXPORTER_WEB_CONFIG_FOUND to TRUE if --web.config.file (TLS, authentication) is built. Finds its libraries.
optional_begin(WEB_CONFIG "TLS and authentication" "--web.config.file with TLS and authentication")

pkg_check_modules(gnutls IMPORTED_TARGET gnutls>=3.7)
pkg_check_modules(yaml IMPORTED_TARGET yaml-0.1>=0.2.5)
pkg_check_modules(crypt IMPORTED_TARGET libxcrypt>=4.4)
optional_needs(gnutls_FOUND "GnuTLS 3.7 or later")
optional_needs(yaml_FOUND "libyaml 0.2.5 or later")
optional_needs(crypt_FOUND "libxcrypt 4.4 or later")

optional_end(WEB_CONFIG "TLS and authentication"
  "GnuTLS ${gnutls_VERSION}, libyaml ${yaml_VERSION}, libxcrypt ${crypt_VERSION}")
