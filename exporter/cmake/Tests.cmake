# SPDX-License-Identifier: Apache-2.0
# Sets TCP_EXPORTER_TESTS_FOUND to TRUE if the tests are built. tests/run installs the packages that they need.
optional_begin(TESTS "Tests" "The tests")

if(NOT TCP_EXPORTER_STATIC OR WIN32) # no test of a static program for Linux is written in C
  pkg_check_modules(cmocka IMPORTED_TARGET GLOBAL cmocka)
  optional_needs(cmocka_FOUND "cmocka")
endif()
find_package(Python3 3.11 COMPONENTS Interpreter)
find_program(PROMTOOL promtool DOC "Checks the rules and dashboards")
optional_needs(Python3_FOUND "Python 3.11 or later")
if(CMAKE_SYSTEM_NAME STREQUAL "Linux")
  optional_needs(PROMTOOL "promtool")
endif()

optional_end(TESTS "Tests" "Python ${Python3_VERSION}")
