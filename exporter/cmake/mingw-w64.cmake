# SPDX-License-Identifier: Apache-2.0
# Toolchain for 64-bit Windows on Linux: GCC of mingw-w64 with POSIX threads.
set(CMAKE_SYSTEM_PROCESSOR x86_64)
set(tuple x86_64-w64-mingw32)
set(CMAKE_C_COMPILER ${tuple}-gcc-posix)
set(CMAKE_RC_COMPILER ${tuple}-windres)
set(dependencies "${CMAKE_CURRENT_LIST_DIR}/../../build/windows-dependencies/${tuple}")
include("${CMAKE_CURRENT_LIST_DIR}/windows-static.cmake")
