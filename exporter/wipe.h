/* SPDX-License-Identifier: Apache-2.0 */
/* Wipe: overwrites secrets. */
#ifndef EXPORTER_WIPE_H
#define EXPORTER_WIPE_H

#include <string.h>

/* Overwrites the bytes with zeros. The assembly prevents the compiler from leaving out the writes. */
static inline void wipe(void *bytes, size_t length)
{
	memset(bytes, 0, length);
	__asm__ volatile("" : : "r"(bytes) : "memory");
}

#endif
