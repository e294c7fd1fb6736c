# SPDX-License-Identifier: Apache-2.0
# One INTERFACE target for options against the exploitation of memory errors: random addresses, read-only relocations,
# guarded, checked and non-executable stacks, and indirect jumps to marked targets only.
option(TCP_EXPORTER_HARDENING "Build with the compiler's and linker's protections" ON)
add_library(tcp_exporter_hardening INTERFACE)
# Options for the same bytes in any folder.
target_compile_options(tcp_exporter_hardening INTERFACE "-ffile-prefix-map=${PROJECT_SOURCE_DIR}=.")
if(NOT TCP_EXPORTER_HARDENING)
  message(STATUS "hardening: off")
  return()
endif()

include(CheckCCompilerFlag)
include(CheckCSourceCompiles)
include(CheckPIESupported)
include(CMakePushCheckState)
check_pie_supported(LANGUAGES C)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

# Options that this compiler has for this processor. clang accepts unknown ones with a warning.
cmake_push_check_state(RESET)
set(CMAKE_REQUIRED_FLAGS "-Werror")
foreach(flag IN ITEMS -fstack-protector-strong -fstack-clash-protection -fcf-protection=full
    -mbranch-protection=standard)
  if(WIN32 AND NOT flag STREQUAL "-fstack-protector-strong")
    continue() # its loader and its stacks know nothing of them
  endif()
  set(CMAKE_REQUIRED_LINK_OPTIONS ${flag})
  string(MAKE_C_IDENTIFIER "TCP_EXPORTER_HAS${flag}" known)
  check_c_compiler_flag("${flag}" ${known})
  if(${known})
    target_compile_options(tcp_exporter_hardening INTERFACE ${flag})
  endif()
endforeach()
cmake_pop_check_state()

# Checked copies and formats need an optimizer. A sanitizer has its own checks. On Windows they need the library of the
# stack protector, which is a part of GCC.
if(NOT TCP_EXPORTER_SANITIZE AND (NOT WIN32 OR TCP_EXPORTER_HAS_fstack_protector_strong))
  cmake_push_check_state(RESET)
  set(CMAKE_REQUIRED_FLAGS "-O2 -Werror -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3")
  check_c_source_compiles("#include <stdio.h>\nint main(void) { return 0; }" TCP_EXPORTER_HAS_FORTIFY_3)
  cmake_pop_check_state()
  if(TCP_EXPORTER_HAS_FORTIFY_3)
    set(level 3)
  else()
    set(level 2)
  endif()
  target_compile_options(tcp_exporter_hardening INTERFACE
    $<$<NOT:$<CONFIG:Debug>>:-U_FORTIFY_SOURCE> $<$<NOT:$<CONFIG:Debug>>:-D_FORTIFY_SOURCE=${level}>)
endif()

if(WIN32)
  target_link_options(tcp_exporter_hardening INTERFACE LINKER:--dynamicbase,--high-entropy-va,--nxcompat
    $<$<BOOL:${TCP_EXPORTER_HAS_fstack_protector_strong}>:-fstack-protector-strong>)
else()
  target_link_options(tcp_exporter_hardening INTERFACE LINKER:-z,relro,-z,now,-z,noexecstack,-z,separate-code)
endif()
message(STATUS "hardening: on")
