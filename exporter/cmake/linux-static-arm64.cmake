# SPDX-License-Identifier: Apache-2.0
# The build runs a program of its own, which writes the manual page.
set(architecture arm64)
set(tuple aarch64-linux-gnu)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
include("${CMAKE_CURRENT_LIST_DIR}/linux-static.cmake")
if(NOT CMAKE_HOST_SYSTEM_PROCESSOR STREQUAL CMAKE_SYSTEM_PROCESSOR)
  set(CMAKE_CROSSCOMPILING_EMULATOR qemu-aarch64-static)
endif()
