# SPDX-License-Identifier: Apache-2.0
# Common part of the toolchains: searches libraries only in CMAKE_FIND_ROOT_PATH, and programs only on the build machine.
# The toolchain sets PKG_CONFIG_LIBDIR.
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
set(ENV{PKG_CONFIG_PATH} "")
