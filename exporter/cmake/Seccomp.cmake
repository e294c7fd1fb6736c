# SPDX-License-Identifier: Apache-2.0
# Sets TCP_EXPORTER_SECCOMP_FOUND to TRUE if the seccomp filter is built.
optional_begin(SECCOMP "seccomp filter" "The seccomp filter")

if(NOT CMAKE_SYSTEM_NAME STREQUAL "Linux")
  set(missing "Linux")
elseif(TCP_EXPORTER_SANITIZE)
  set(missing "a build without sanitizers, whose own system calls it would refuse")
else()
  pkg_check_modules(seccomp IMPORTED_TARGET libseccomp>=2.5)
  optional_needs(seccomp_FOUND "libseccomp 2.5 or later")
endif()

optional_end(SECCOMP "seccomp filter" "libseccomp ${seccomp_VERSION}")
