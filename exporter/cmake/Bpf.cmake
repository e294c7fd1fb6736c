# SPDX-License-Identifier: Apache-2.0
# Sets TCP_EXPORTER_BPF_FOUND to TRUE if the BPF backend is built, and finds its tools.
optional_begin(BPF "BPF backend" "The BPF backend")

if(CMAKE_SYSTEM_NAME STREQUAL "Linux")
  # Always clang: no other compiler is known to emit the format that bpftool and libbpf expect.
  find_program(TCP_EXPORTER_BPF_CLANG NAMES clang clang-19 clang-18 clang-17 clang-16 clang-15 clang-14
    DOC "The compiler of the BPF program")
  find_program(TCP_EXPORTER_BPFTOOL NAMES bpftool PATHS /usr/sbin /sbin DOC "Generates the BPF program's skeleton")
  pkg_check_modules(libbpf IMPORTED_TARGET libbpf>=1.0)
  optional_needs(TCP_EXPORTER_BPF_CLANG "clang")
  optional_needs(TCP_EXPORTER_BPFTOOL "bpftool")
  optional_needs(libbpf_FOUND "libbpf 1.0 or later")
else()
  set(missing "Linux")
endif()

optional_end(BPF "BPF backend" "${TCP_EXPORTER_BPF_CLANG}, ${TCP_EXPORTER_BPFTOOL}, libbpf ${libbpf_VERSION}")

# bpf_skeleton(NAME SOURCE HEADERS...): compiles a BPF program and makes NAME.skel.h in the build folder. The
# skeleton's debug information has only the types that it needs to run on other kernels.
function(bpf_skeleton name source)
  set(folder "${CMAKE_CURRENT_BINARY_DIR}/bpf")
  set(skeleton "${folder}/${name}.skel.h")
  file(MAKE_DIRECTORY "${folder}")
  set(headers ${ARGN})
  list(TRANSFORM headers PREPEND "${CMAKE_CURRENT_SOURCE_DIR}/")
  # linux/types.h needs asm/types.h, which Debian keeps in the architecture's own folder.
  set(includes -isystem "${CMAKE_FIND_ROOT_PATH}/usr/include")
  if(CMAKE_LIBRARY_ARCHITECTURE)
    list(APPEND includes -isystem "${CMAKE_FIND_ROOT_PATH}/usr/include/${CMAKE_LIBRARY_ARCHITECTURE}")
  endif()
  # The target's byte order, which "bpf" alone would take from the build machine.
  if(CMAKE_C_BYTE_ORDER STREQUAL "BIG_ENDIAN")
    set(target bpfeb)
  else()
    set(target bpfel)
  endif()
  add_custom_command(OUTPUT "${skeleton}"
    COMMAND "${TCP_EXPORTER_BPF_CLANG}" -target ${target} -mcpu=v3 -O2 -g -Wall -Wextra -Werror
      "-ffile-prefix-map=${PROJECT_SOURCE_DIR}=." -I "${PROJECT_SOURCE_DIR}" ${includes}
      -c "${CMAKE_CURRENT_SOURCE_DIR}/${source}" -o "${folder}/${name}.full.o"
    COMMAND "${TCP_EXPORTER_BPFTOOL}" gen object "${folder}/${name}.o" "${folder}/${name}.full.o"
    COMMAND "${TCP_EXPORTER_BPFTOOL}" gen skeleton "${folder}/${name}.o" name "${name}_bpf" > "${skeleton}"
    DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/${source}" ${headers}
    COMMENT "BPF program ${name}"
    VERBATIM)
endfunction()
