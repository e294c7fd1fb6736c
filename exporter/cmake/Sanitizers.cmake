# SPDX-License-Identifier: Apache-2.0
# One INTERFACE target for the sanitizers of TCP_EXPORTER_SANITIZE; empty if none.
add_library(tcp_exporter_sanitizers INTERFACE)
if(TCP_EXPORTER_SANITIZE)
  set(flags -fsanitize=${TCP_EXPORTER_SANITIZE} -fno-omit-frame-pointer)
  if(TCP_EXPORTER_SANITIZE MATCHES "undefined")
    list(APPEND flags -fno-sanitize-recover=undefined)
  endif()
  target_compile_options(tcp_exporter_sanitizers INTERFACE ${flags})
  target_link_options(tcp_exporter_sanitizers INTERFACE ${flags})
  message(STATUS "sanitizers: ${TCP_EXPORTER_SANITIZE}")
endif()
