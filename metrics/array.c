/* SPDX-License-Identifier: Apache-2.0 */
/* Growth of arrays: all arrays of rows grow here. */
#include "metrics/snapshot.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The smallest allocation. It saves the first few doublings. */
enum { FIRST_CAPACITY = 16 };

static size_t grown_capacity(size_t capacity, size_t need)
{
	if (need < FIRST_CAPACITY)
		need = FIRST_CAPACITY;
	if (capacity > SIZE_MAX / 2)
		return need;
	return capacity * 2 > need ? capacity * 2 : need;
}

int array_reserve(void **array, size_t *capacity, size_t need, size_t size)
{
	size_t grown = grown_capacity(*capacity, need);
	void *memory;

	if (need <= *capacity)
		return 0;
	if (grown > SIZE_MAX / size)
		grown = need;
	if (grown > SIZE_MAX / size)
		return -ENOMEM;
	/* A copy of bytes, since `array` points to a pointer whose type is unknown here. */
	memcpy(&memory, array, sizeof(memory));
	/* cppcheck-suppress memleakOnRealloc ; on failure `array` still has it */
	memory = realloc(memory, grown * size);
	if (!memory)
		return -ENOMEM;
	memcpy(array, &memory, sizeof(memory)); /* -Wanalyzer-use-of-uninitialized-value: set by realloc() */
	*capacity = grown;
	return 0;
}
