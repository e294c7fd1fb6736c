# SPDX-License-Identifier: Apache-2.0
# One INTERFACE target for the sanitizers of TCP_EXPORTER_SANITIZE. It is empty without sanitizers.
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

# All code is built with coverage for libFuzzer. The fuzz targets also link its main().
if(TCP_EXPORTER_FUZZERS)
  if(NOT CMAKE_C_COMPILER_ID MATCHES "Clang" OR NOT TCP_EXPORTER_SANITIZE MATCHES "address")
    message(FATAL_ERROR "TCP_EXPORTER_FUZZERS needs clang and TCP_EXPORTER_SANITIZE=address,undefined: "
      "use the preset fuzz")
  endif()
  target_compile_options(tcp_exporter_sanitizers INTERFACE -fsanitize=fuzzer-no-link)
  target_link_options(tcp_exporter_sanitizers INTERFACE -fsanitize=fuzzer-no-link)
endif()
