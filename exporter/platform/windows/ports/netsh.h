/* SPDX-License-Identifier: Apache-2.0 */
/* netsh.exe: runs Windows' own tool and reads its output. */
#ifndef EXPORTER_PLATFORM_WINDOWS_PORTS_NETSH_H
#define EXPORTER_PLATFORM_WINDOWS_PORTS_NETSH_H

#include <windows.h>

#include <stdbool.h>
#include <stddef.h>

/* Room for the output of a command. A list of 65,535 excluded ports has at most half as many lines. */
enum { NETSH_BYTES_MAX = 1 << 20 };

/* Runs a command ("interface ipv4 show ...") and stores its output of at most NETSH_BYTES_MAX bytes. Ends it after ten
 * seconds, or when `stop`, an event, is set. Returns false if the output is not complete. */
bool netsh_run(const wchar_t *command, HANDLE stop, char bytes[NETSH_BYTES_MAX], size_t *length);

#endif
