# SPDX-License-Identifier: Apache-2.0
# One INTERFACE target for the warnings of every target of this project.
add_library(tcp_exporter_warnings INTERFACE)
target_compile_options(tcp_exporter_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wstrict-prototypes
  -Wmissing-prototypes -Wold-style-definition -Wvla -Wwrite-strings -Wpointer-arith -Wcast-align
  -Wformat=2 -Wundef -Wswitch-enum -Wimplicit-fallthrough -Werror=unused-result
  -Werror=implicit-function-declaration -Werror=incompatible-pointer-types)
if(TCP_EXPORTER_WERROR)
  target_compile_options(tcp_exporter_warnings INTERFACE -Werror)
endif()
