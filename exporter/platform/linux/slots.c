/* SPDX-License-Identifier: Apache-2.0 */
/* Slots of hash tables: their number and their memory. */
#include "exporter/platform/linux/slots.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Few hosts have fewer sockets. */
enum { MIN_SLOTS = 1024 };

size_t slots_for(size_t entries)
{
	size_t count = MIN_SLOTS;

	while (count < entries * 2)
		count *= 2;
	return count;
}

int slots_clear(void **slots, size_t *capacity, size_t count, size_t size)
{
	void *grown;

	if (count <= *capacity) {
		memset(*slots, 0, count * size);
		return 0;
	}
	grown = calloc(count, size);
	if (!grown)
		return -ENOMEM;
	free(*slots);
	*slots = grown;
	*capacity = count;
	return 0;
}
