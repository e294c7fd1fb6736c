/* SPDX-License-Identifier: Apache-2.0 */
/* Application pools of IIS: w3wp.exe gets the name of its pool as the argument after "-ap". Pure. */
#ifndef EXPORTER_PLATFORM_WINDOWS_NAMES_APP_POOL_H
#define EXPORTER_PLATFORM_WINDOWS_NAMES_APP_POOL_H

#include <stddef.h>
#include <stdint.h>

/* The worker process of an application pool */
#define APP_POOL_EXE "w3wp.exe"

/* Finds the name of the pool in a command line of `count` units of UTF-16. Returns its first unit, and its length in
 * *length, or NULL if the command line has none. */
const uint16_t *app_pool_find(const uint16_t *line, size_t count, size_t *length);

#endif
