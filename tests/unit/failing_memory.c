/* SPDX-License-Identifier: Apache-2.0 */
/* Wrappers of allocators that fail on demand. */
#include "tests/unit/failing_memory.h"

#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>

/* Number of allocations that succeed before `failing` allocations fail. Negative: all succeed. */
static atomic_int left = -1;
static atomic_int failing;
static int asked;
static _Thread_local bool spared;

void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);

static bool fails(void)
{
	if (spared || atomic_load(&left) < 0 || atomic_fetch_sub(&left, 1) > 0)
		return false;
	/* this allocation fails, and `failing` - 1 after it */
	atomic_store(&left, atomic_fetch_sub(&failing, 1) > 1 ? 0 : -1);
	return true;
}

void *__wrap_malloc(size_t size)
{
	return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	return fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
	return fails() ? NULL : __real_realloc(old, size);
}

void memory_fail(int at, int count)
{
	spared = true;
	asked = count;
	atomic_store(&failing, count);
	atomic_store(&left, at);
}

bool memory_failed(void)
{
	atomic_store(&left, -1);
	return atomic_load(&failing) < asked;
}
