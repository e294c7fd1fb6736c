# SPDX-License-Identifier: Apache-2.0
# Common part of the toolchains for Windows: one static program. The toolchain file sets `tuple` and `dependencies`.
set(CMAKE_SYSTEM_NAME Windows)

# Searches only the libraries of exporter/packaging/windows/dependencies, and none of the build machine.
set(CMAKE_FIND_ROOT_PATH "${dependencies}" /usr/${tuple})
include("${CMAKE_CURRENT_LIST_DIR}/search.cmake")
set(ENV{PKG_CONFIG_LIBDIR} "${dependencies}/lib/pkgconfig")

set(PKG_CONFIG_ARGN --static CACHE STRING "An archive needs the private requirements, too" FORCE)
string(APPEND CMAKE_EXE_LINKER_FLAGS_INIT " -static")
string(APPEND CMAKE_C_FLAGS_INIT " -DPCRE2_STATIC")
set(ZLIB_USE_STATIC_LIBS ON)
set(TCP_EXPORTER_STATIC ON)
