# SPDX-License-Identifier: Apache-2.0
# Sets TCP_EXPORTER_REVISION to the built commit, or to "unknown" outside a checkout.
set(TCP_EXPORTER_REVISION "unknown")
find_package(Git QUIET)
if(GIT_FOUND)
  execute_process(COMMAND "${GIT_EXECUTABLE}" rev-parse --short=12 HEAD
    WORKING_DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}"
    OUTPUT_VARIABLE revision OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE result)
  if(result EQUAL 0)
    set(TCP_EXPORTER_REVISION "${revision}")
  endif()
endif()
