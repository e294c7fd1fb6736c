# SPDX-License-Identifier: Apache-2.0
# Settings of CPack for a Debian and an RPM package. exporter/packaging/build runs CPack in the preset "package".
set(CPACK_GENERATOR DEB RPM)
set(CPACK_PACKAGE_NAME tcp-exporter)
set(CPACK_PACKAGE_VENDOR "tcp_exporter")
set(CPACK_PACKAGE_CONTACT "tcp_exporter maintainers <maintainers@tcp-exporter.example>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "${PROJECT_DESCRIPTION}")
set(CPACK_PACKAGE_DESCRIPTION
"On each scrape it reads the kernel's socket table, finds the process that owns
each socket, and serves counts: who has how many connections, who builds up
CLOSE_WAIT, whose accept queue fills, who leaks connections to which port.")
set(CPACK_PACKAGE_DIRECTORY "${PROJECT_BINARY_DIR}/packages")
set(CPACK_SET_DESTDIR ON) # /usr and /etc
set(CPACK_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_PRE_BUILD_SCRIPTS "${CMAKE_CURRENT_SOURCE_DIR}/stage.cmake")
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
  OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)

# Debian
set(debian "${CMAKE_CURRENT_SOURCE_DIR}/debian")
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "systemd | systemd-standalone-sysusers | systemd-sysusers")
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA
  "${debian}/conffiles" "${debian}/postinst" "${debian}/prerm" "${debian}/postrm")
string(TIMESTAMP changelog_date "%a, %d %b %Y %H:%M:%S +0000" UTC)
configure_file(debian/changelog.in changelog @ONLY)
configure_file(debian/copyright.in copyright @ONLY)
set(CPACK_TCP_EXPORTER_DEBIAN_DOC "${packaging_made}/copyright" "${packaging_made}/changelog.Debian.gz")

# A static program needs no library, on no distribution.
if(TCP_EXPORTER_STATIC)
  set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS OFF)
  set(CPACK_RPM_PACKAGE_AUTOREQ OFF)
  set(CPACK_DEBIAN_PACKAGE_ARCHITECTURE ${architecture})
  set(CPACK_RPM_PACKAGE_ARCHITECTURE ${CMAKE_SYSTEM_PROCESSOR})
else()
  set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
  set(CPACK_RPM_PACKAGE_AUTOREQ ON)
endif()

# RPM
set(rpm "${CMAKE_CURRENT_SOURCE_DIR}/rpm")
set(CPACK_RPM_FILE_NAME RPM-DEFAULT)
set(CPACK_RPM_PACKAGE_LICENSE "Apache-2.0")
set(CPACK_RPM_PACKAGE_DESCRIPTION "${CPACK_PACKAGE_DESCRIPTION}")
set(CPACK_PACKAGE_RELOCATABLE OFF)
set(CPACK_RPM_PACKAGE_GROUP "System Environment/Daemons")
set(CPACK_RPM_USER_FILELIST "%config(noreplace) /etc/default/tcp_exporter")
set(CPACK_RPM_POST_INSTALL_SCRIPT_FILE "${rpm}/post.sh")
set(CPACK_RPM_PRE_UNINSTALL_SCRIPT_FILE "${rpm}/preun.sh")
set(CPACK_RPM_POST_UNINSTALL_SCRIPT_FILE "${rpm}/postun.sh")
# Folders that belong to the system.
set(CPACK_RPM_EXCLUDE_FROM_AUTO_FILELIST_ADDITION
  /etc /etc/default /usr/lib/systemd /usr/lib/systemd/system /usr/lib/sysusers.d
  /usr/share/bash-completion /usr/share/bash-completion/completions /usr/share/fish
  /usr/share/fish/vendor_completions.d /usr/share/zsh /usr/share/zsh/site-functions
  /usr/share/man /usr/share/man/man1)
set(CPACK_RPM_SPEC_MORE_DEFINE
"%define packager ${CPACK_PACKAGE_CONTACT}
%define _buildhost reproducible
%define use_source_date_epoch_as_buildtime 1
%define clamp_mtime_to_source_date_epoch 1
%define _build_id_links none")

include(CPack)
