# SPDX-License-Identifier: Apache-2.0
# Sets TCP_EXPORTER_WEB_CONFIG_FOUND to ON if --web.config.file (TLS, authentication) is built, and finds its libraries.
set(TCP_EXPORTER_WEB_CONFIG AUTO CACHE STRING
  "--web.config.file with TLS and authentication: AUTO (if GnuTLS, libyaml and libcrypt are there), ON or OFF")
set_property(CACHE TCP_EXPORTER_WEB_CONFIG PROPERTY STRINGS AUTO ON OFF)

set(TCP_EXPORTER_WEB_CONFIG_FOUND FALSE)
if(TCP_EXPORTER_WEB_CONFIG STREQUAL "OFF")
  message(STATUS "TLS and authentication: off")
  return()
endif()

pkg_check_modules(gnutls IMPORTED_TARGET gnutls>=3.7)
pkg_check_modules(yaml IMPORTED_TARGET yaml-0.1>=0.2.5)
pkg_check_modules(crypt IMPORTED_TARGET libxcrypt>=4.4)

set(missing "")
if(NOT gnutls_FOUND)
  list(APPEND missing "GnuTLS 3.7 or later")
endif()
if(NOT yaml_FOUND)
  list(APPEND missing "libyaml 0.2.5 or later")
endif()
if(NOT crypt_FOUND)
  list(APPEND missing "libxcrypt 4.4 or later")
endif()
list(JOIN missing ", " missing)

if(NOT missing)
  set(TCP_EXPORTER_WEB_CONFIG_FOUND TRUE)
  message(STATUS "TLS and authentication: on (GnuTLS ${gnutls_VERSION}, libyaml ${yaml_VERSION}, "
    "libxcrypt ${crypt_VERSION})")
elseif(TCP_EXPORTER_WEB_CONFIG STREQUAL "ON")
  message(FATAL_ERROR "TCP_EXPORTER_WEB_CONFIG=ON, but missing: ${missing}")
else()
  message(STATUS "TLS and authentication: off, missing: ${missing}")
endif()
