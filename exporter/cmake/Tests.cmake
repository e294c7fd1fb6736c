# SPDX-License-Identifier: Apache-2.0
# Sets TCP_EXPORTER_TESTS_FOUND to ON if the tests are built. tests/run installs the packages that they need.
set(TCP_EXPORTER_TESTS AUTO CACHE STRING
  "The tests: AUTO (if cmocka, Python and promtool are there), ON or OFF")
set_property(CACHE TCP_EXPORTER_TESTS PROPERTY STRINGS AUTO ON OFF)

set(TCP_EXPORTER_TESTS_FOUND FALSE)
if(TCP_EXPORTER_TESTS STREQUAL "OFF")
  message(STATUS "Tests: off")
  return()
endif()

pkg_check_modules(cmocka IMPORTED_TARGET GLOBAL cmocka)
find_package(Python3 3.11 COMPONENTS Interpreter)
find_program(PROMTOOL promtool DOC "Checks the rules and dashboards")

set(missing "")
if(NOT cmocka_FOUND)
  list(APPEND missing "cmocka")
endif()
if(NOT Python3_FOUND)
  list(APPEND missing "Python 3.11 or later")
endif()
if(NOT PROMTOOL AND CMAKE_SYSTEM_NAME STREQUAL "Linux")
  list(APPEND missing "promtool")
endif()
list(JOIN missing ", " missing)

if(NOT missing)
  set(TCP_EXPORTER_TESTS_FOUND TRUE)
  message(STATUS "Tests: on (cmocka ${cmocka_VERSION}, Python ${Python3_VERSION})")
elseif(TCP_EXPORTER_TESTS STREQUAL "ON")
  message(FATAL_ERROR "TCP_EXPORTER_TESTS=ON, but missing: ${missing}")
else()
  message(STATUS "Tests: off, missing: ${missing}")
endif()
