# SPDX-License-Identifier: Apache-2.0
# Toolchain for 64-bit Windows on Linux: GCC of mingw-w64 with POSIX threads. Everything is linked statically.
set(CMAKE_SYSTEM_NAME Windows)
set(CMAKE_SYSTEM_PROCESSOR x86_64)
set(tuple x86_64-w64-mingw32)
set(CMAKE_C_COMPILER ${tuple}-gcc-posix)
set(CMAKE_RC_COMPILER ${tuple}-windres)

# Searches only the libraries of exporter/packaging/windows/dependencies, and none of the build machine.
set(dependencies "${CMAKE_CURRENT_LIST_DIR}/../../build/windows-dependencies/${tuple}")
set(CMAKE_FIND_ROOT_PATH "${dependencies}" /usr/${tuple})
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
set(ENV{PKG_CONFIG_LIBDIR} "${dependencies}/lib/pkgconfig")
set(ENV{PKG_CONFIG_PATH} "")

set(PKG_CONFIG_ARGN --static CACHE STRING "An archive needs the private requirements, too" FORCE)
set(CMAKE_EXE_LINKER_FLAGS_INIT -static)
set(CMAKE_C_FLAGS_INIT -DPCRE2_STATIC)
set(ZLIB_USE_STATIC_LIBS ON)
set(TCP_EXPORTER_STATIC ON)
