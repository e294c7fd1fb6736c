# SPDX-License-Identifier: Apache-2.0
# TCP_EXPORTER_STATIC: every program is one static, position-independent file. The toolchains linux-static-*.cmake set it.
option(TCP_EXPORTER_STATIC "Link all libraries statically" OFF)
if(TCP_EXPORTER_STATIC AND CMAKE_SYSTEM_NAME STREQUAL "Linux")
  set(CMAKE_FIND_LIBRARY_SUFFIXES .a)
  set(CMAKE_POSITION_INDEPENDENT_CODE ON)
  include(CheckPIESupported)
  check_pie_supported(LANGUAGES C)
  set(CMAKE_C_LINK_OPTIONS_PIE -static-pie) # -pie, CMake's own, would make it dynamic
endif()
