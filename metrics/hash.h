/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hash indexes: find an entry of an array by its key. Every growing table of this library has one.
 *
 * Invariants
 *  - Open-addressed, a power of two of slots, at most half full, so that a probe ends.
 *  - A slot keeps its entry's hash. So the index grows without its caller, and most probes touch no entry.
 *  - An index of all zeros is valid and empty.
 */
#ifndef METRICS_HASH_H
#define METRICS_HASH_H

#include <stdbool.h>
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

/* The result of hash_find() for an entry that does not exist. */
#define HASH_NONE UINT32_MAX

struct hash_slot {
	uint32_t hash;  /* the low half */
	uint32_t entry; /* number of the entry + 1; 0: an empty slot */
};

struct hash_index {
	struct hash_slot *slots;
	size_t capacity; /* slots in use: a power of two, or 0 */
	size_t count;    /* entries */
};

/* Removes every entry and keeps the memory. Uses fewer slots if far too many were in use, so that the next reset does
 * not cost what an earlier, larger table did. */
void hash_index_reset(struct hash_index *index);
void hash_index_release(struct hash_index *index);

/* Makes room for hash_enter() up to `entries` entries in all. Returns 0 or -ENOMEM (unchanged). */
int hash_index_reserve(struct hash_index *index, size_t entries) MUST_CHECK;

/* Enters an entry that hash_find() does not find. Call hash_index_reserve() before. */
void hash_enter(struct hash_index *index, uint64_t hash, uint32_t entry);

/* Returns the entry of that hash that `equal` returns true for, or HASH_NONE. */
static inline uint32_t hash_find(const struct hash_index *index, uint64_t hash,
                                 bool (*equal)(const void *data, uint32_t entry, const void *key), const void *data,
                                 const void *key)
{
	size_t mask = index->capacity - 1;

	if (index->count == 0)
		return HASH_NONE;
	for (size_t at = (uint32_t)hash;; at++) {
		const struct hash_slot *slot = &index->slots[at & mask];

		if (slot->entry == 0)
			return HASH_NONE;
		if (slot->hash == (uint32_t)hash && equal(data, slot->entry - 1, key))
			return slot->entry - 1;
	}
}

#endif
