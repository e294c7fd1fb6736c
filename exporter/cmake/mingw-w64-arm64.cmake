# SPDX-License-Identifier: Apache-2.0
# Toolchain for Windows on ARM64 on Linux: clang and lld, with the headers and libraries that
# exporter/packaging/windows/dependencies arm64 builds.
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(tuple aarch64-w64-mingw32)
set(CMAKE_SYSROOT "${CMAKE_CURRENT_LIST_DIR}/../../build/windows-dependencies-arm64")
set(dependencies "${CMAKE_SYSROOT}/${tuple}")
set(CMAKE_C_COMPILER clang)
set(CMAKE_C_COMPILER_TARGET ${tuple})
execute_process(COMMAND clang -print-prog-name=llvm-windres
  OUTPUT_VARIABLE CMAKE_RC_COMPILER OUTPUT_STRIP_TRAILING_WHITESPACE)
set(CMAKE_RC_FLAGS_INIT "--target=${tuple} -I ${dependencies}/include")
set(CMAKE_EXE_LINKER_FLAGS_INIT "-fuse-ld=lld")
foreach(library IN ITEMS bcrypt crypt32 ncrypt)
  string(APPEND CMAKE_EXE_LINKER_FLAGS_INIT " -Wl,-Xlink=-delayload:${library}.dll")
endforeach()
include("${CMAKE_CURRENT_LIST_DIR}/windows-static.cmake")
