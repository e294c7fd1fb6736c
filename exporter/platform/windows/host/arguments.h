/* SPDX-License-Identifier: Apache-2.0 */
/* Arguments of the process, from its wide command line. */
#ifndef EXPORTER_PLATFORM_WINDOWS_HOST_ARGUMENTS_H
#define EXPORTER_PLATFORM_WINDOWS_HOST_ARGUMENTS_H

#include <stdbool.h>

/* Replaces the arguments of main(), which are in the system's code page, by arguments in UTF-8. They stay until the end
 * of the process. Returns false without memory. */
bool arguments_fetch(int *argc, char ***argv);

#endif
