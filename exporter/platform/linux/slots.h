/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Slots of the open-addressed hash tables of a scrape: memory that starts each scrape empty, as large as the last scrape
 * needed. A quiet host clears little, and a steady one never grows. A slot of zeros is free. At most half of the slots
 * are taken, so that probes stay short and end.
 */
#ifndef EXPORTER_PLATFORM_LINUX_SLOTS_H
#define EXPORTER_PLATFORM_LINUX_SLOTS_H

#include <stddef.h>

#include "metrics/snapshot.h" /* MUST_CHECK */

/* Returns the number of slots for that many entries, a power of two. */
size_t slots_for(size_t entries);

/* Clears the first `count` slots of `size` bytes each. *slots has *capacity slots, or is NULL with 0, and is allocated
 * again if `count` is larger. Returns 0 or -ENOMEM (unchanged). */
int slots_clear(void **slots, size_t *capacity, size_t count, size_t size) MUST_CHECK;

#endif
