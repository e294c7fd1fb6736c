# SPDX-License-Identifier: Apache-2.0
# One INTERFACE target for what makes an optimised program harder to attack, and the same bytes wherever it is built.
add_library(tcp_exporter_hardening INTERFACE)
target_compile_options(tcp_exporter_hardening INTERFACE "-ffile-prefix-map=${PROJECT_SOURCE_DIR}=.")
if(CMAKE_BUILD_TYPE STREQUAL "Release" AND CMAKE_SYSTEM_NAME STREQUAL "Linux" AND NOT TCP_EXPORTER_SANITIZE)
  target_compile_options(tcp_exporter_hardening INTERFACE
    -fPIE -fstack-protector-strong -fstack-clash-protection -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
  target_link_options(tcp_exporter_hardening INTERFACE -pie LINKER:-z,relro,-z,now)
endif()
