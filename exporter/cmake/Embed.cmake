# SPDX-License-Identifier: Apache-2.0
# embed_page(TARGET FOLDER FILES...): embeds the files in the target as `const struct page_file page_files[]`, see
# exporter/http/page/page_files.h. They are arrays of bytes, because some compilers limit the length of strings. The
# build runs this file as its script too, so that it needs no tool but CMake.
function(embed_page target folder)
  set(files ${ARGN})
  list(TRANSFORM files PREPEND "${CMAKE_CURRENT_SOURCE_DIR}/${folder}/")
  set(output "${CMAKE_CURRENT_BINARY_DIR}/page_files.c")
  add_custom_command(OUTPUT "${output}"
    COMMAND "${CMAKE_COMMAND}" "-DFILES=${files}" "-DOUTPUT=${output}" -P "${CMAKE_CURRENT_FUNCTION_LIST_FILE}"
    DEPENDS ${files} "${CMAKE_CURRENT_FUNCTION_LIST_FILE}"
    COMMENT "Embedding ${folder}/"
    VERBATIM)
  target_sources(${target} PRIVATE "${output}")
endfunction()

if(NOT CMAKE_SCRIPT_MODE_FILE STREQUAL CMAKE_CURRENT_LIST_FILE)
  return()
endif()

set(type_.html "text/html")
set(type_.css "text/css")
set(type_.js "text/javascript")
set(type_.svg "image/svg+xml")
set(arrays "")
set(rows "")
list(LENGTH FILES count)
math(EXPR last "${count} - 1")
foreach(i RANGE ${last})
  list(GET FILES ${i} file)
  get_filename_component(name "${file}" NAME)
  get_filename_component(extension "${file}" LAST_EXT)
  if(NOT DEFINED type_${extension})
    message(FATAL_ERROR "${name}: no Content-Type for ${extension}")
  endif()
  file(READ "${file}" bytes HEX)
  string(REGEX REPLACE "(................................)" "\\1\n" bytes "${bytes}")
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
  string(APPEND arrays "static const unsigned char file${i}[] = {\n${bytes}};\n")
  string(APPEND rows "\t{\"/${name}\", \"${type_${extension}}; charset=utf-8\", file${i}, sizeof(file${i})},\n")
endforeach()
file(WRITE "${OUTPUT}" "#include \"exporter/http/page/page_files.h\"\n\n${arrays}\n"
  "const struct page_file page_files[] = {\n${rows}\t{NULL, NULL, NULL, 0},\n};\n")
