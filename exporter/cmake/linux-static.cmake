# SPDX-License-Identifier: Apache-2.0
# Toolchain for the static program on Linux, included by the file of an architecture, which sets `architecture` and
# `tuple`. It links only the archives of exporter/packaging/linux/dependencies, and none of the build machine.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_C_COMPILER ${tuple}-gcc)
set(CMAKE_LIBRARY_ARCHITECTURE ${tuple})

set(sysroot "${CMAKE_CURRENT_LIST_DIR}/../../build/linux-dependencies/${architecture}/sysroot")
cmake_path(NORMAL_PATH sysroot)
set(CMAKE_FIND_ROOT_PATH "${sysroot}")
include("${CMAKE_CURRENT_LIST_DIR}/search.cmake")
set(ENV{PKG_CONFIG_LIBDIR} "${sysroot}/usr/lib/${tuple}/pkgconfig")
set(ENV{PKG_CONFIG_SYSROOT_DIR} "${sysroot}")
set(PKG_CONFIG_ARGN --static CACHE STRING "An archive needs the private requirements, too")

# Debian's compilers would take the C library of the build machine first.
set(CMAKE_C_FLAGS_INIT "-isystem ${sysroot}/usr/include/${tuple} -isystem ${sysroot}/usr/include")
set(CMAKE_EXE_LINKER_FLAGS_INIT "-static-pie -B${sysroot}/usr/lib/${tuple} -L${sysroot}/usr/lib/${tuple}")
set(TCP_EXPORTER_STATIC ON)
