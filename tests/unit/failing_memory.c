/* SPDX-License-Identifier: Apache-2.0 */
/* The wrapped allocators. */
#include "tests/unit/failing_memory.h"

#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>

/* Allocations that still work before `failing` fail; negative: all work. */
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
	/* this one fails, and as many after it as were asked for */
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
