# SPDX-License-Identifier: Apache-2.0
# CPack runs this on the files of a package before it packs them.
if(CPACK_GENERATOR STREQUAL "DEB")
  file(COPY ${CPACK_TCP_EXPORTER_DEBIAN_DOC} DESTINATION "${CPACK_TEMPORARY_INSTALL_DIRECTORY}/usr/share/doc/tcp-exporter")
else() # other systems' zsh looks elsewhere
  set(zsh "${CPACK_TEMPORARY_INSTALL_DIRECTORY}/usr/share/zsh")
  file(RENAME "${zsh}/vendor-completions" "${zsh}/site-functions")
endif()

# Sets every file to the date of the sources, so that the same sources make the same bytes.
if(DEFINED ENV{SOURCE_DATE_EPOCH})
  execute_process(COMMAND find . -exec touch -h -d "@$ENV{SOURCE_DATE_EPOCH}" "{}" +
    WORKING_DIRECTORY "${CPACK_TEMPORARY_INSTALL_DIRECTORY}" COMMAND_ERROR_IS_FATAL ANY)
endif()
