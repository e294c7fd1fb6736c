/* SPDX-License-Identifier: Apache-2.0 */
/* The slots of open-addressed tables. */
#include "metrics/hash.h"

#include <errno.h>
#include <stdlib.h>

/* One cache line or two; a power of two. */
enum { FIRST_SLOTS = 32 };
/* A table may stay this many times larger than it has to be, so that one that varies is left alone. */
enum { SLACK = 8 };

static size_t slots_for(size_t entries)
{
	size_t slots = FIRST_SLOTS;

	while (slots / 2 < entries)
		slots *= 2;
	return slots;
}

int hash_clear(uint32_t **index, size_t *slots, size_t entries)
{
	size_t wanted;
	uint32_t *memory;

	/* The next power of two after twice the entries must not overflow. */
	if (entries > SIZE_MAX / (4 * sizeof(**index)))
		return -ENOMEM;
	wanted = slots_for(entries);
	if (wanted > *slots) {
		memory = realloc(*index, wanted * sizeof(**index));
		if (!memory)
			return -ENOMEM;
		*index = memory;
		*slots = wanted;
	}
	memset(*index, 0, *slots * sizeof(**index));
	return 0;
}

size_t hash_trimmed(size_t slots, size_t entries)
{
	size_t wanted = slots_for(entries);

	return slots / SLACK > wanted ? wanted : slots;
}
