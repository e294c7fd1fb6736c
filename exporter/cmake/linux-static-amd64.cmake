# SPDX-License-Identifier: Apache-2.0
set(architecture amd64)
set(tuple x86_64-linux-gnu)
set(CMAKE_SYSTEM_PROCESSOR x86_64)
include("${CMAKE_CURRENT_LIST_DIR}/linux-static.cmake")
