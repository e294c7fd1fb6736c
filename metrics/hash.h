/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Integer hashing for the open-addressed tables of this library. The tables hold index + 1 (0: an
 * empty slot), have a power of two of slots and are at most half full, so that a probe ends.
 */
#ifndef METRICS_HASH_H
#define METRICS_HASH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "metrics/compiler.h"

/* Mixes `value` into `hash`: every input bit reaches the low bits, which pick the slot. */
static inline uint64_t hash_mix(uint64_t hash, uint64_t value)
{
	hash = (hash ^ value) * UINT64_C(0x9e3779b97f4a7c15);
	return hash ^ (hash >> 32);
}

static inline uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t length)
{
	const unsigned char *at = bytes;
	uint64_t word;

	for (hash = hash_mix(hash, length); length >= sizeof(word); at += sizeof(word), length -= sizeof(word)) {
		memcpy(&word, at, sizeof(word));
		hash = hash_mix(hash, word);
	}
	word = 0;
	if (length)
		memcpy(&word, at, length);
	return hash_mix(hash, word);
}

/* Makes all slots empty, and at least enough of them for `entries` entries. 0 or -ENOMEM (unchanged). */
int hash_clear(uint32_t **index, size_t *slots, size_t entries) MUST_CHECK;

/* The slots to go on with after a round that had `entries` entries: fewer, if they were far too many,
 * so that clearing costs what the entries need and not what some earlier, larger table did. The
 * memory stays. */
size_t hash_trimmed(size_t slots, size_t entries);

#endif
