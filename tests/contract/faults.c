/* SPDX-License-Identifier: Apache-2.0 */
/* Wrappers of allocators that fail on demand. */
#include "tests/contract/faults.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <zlib.h>

static struct {
	atomic_bool armed;
	atomic_uint seen, failed;
	_Atomic unsigned long first, last; /* numbers of the allocations that fail */
} faults;

static _Thread_local bool spared;

void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
FILE *__wrap_fopen(const char *path, const char *mode);
DIR *__wrap_opendir(const char *path);
int __wrap_deflateInit2_(z_stream *stream, int level, int method, int window, int memory, int strategy,
                         const char *version, int size);
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
FILE *__real_fopen(const char *path, const char *mode);
DIR *__real_opendir(const char *path);
int __real_deflateInit2_(z_stream *stream, int level, int method, int window, int memory, int strategy,
                         const char *version, int size);

static bool fails(void)
{
	unsigned long number;

	if (spared || !atomic_load(&faults.armed))
		return false;
	number = atomic_fetch_add(&faults.seen, 1) + 1UL;
	if (number < atomic_load(&faults.first) || number > atomic_load(&faults.last))
		return false;
	atomic_fetch_add(&faults.failed, 1);
	errno = ENOMEM;
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

FILE *__wrap_fopen(const char *path, const char *mode)
{
	return fails() ? NULL : __real_fopen(path, mode);
}

DIR *__wrap_opendir(const char *path)
{
	return fails() ? NULL : __real_opendir(path);
}

int __wrap_deflateInit2_(z_stream *stream, int level, int method, int window, int memory, int strategy,
                         const char *version, int size)
{
	if (fails())
		return Z_MEM_ERROR;
	return __real_deflateInit2_(stream, level, method, window, memory, strategy, version, size);
}

void faults_spare_this_thread(bool spare)
{
	spared = spare;
}

void faults_arm(unsigned first, unsigned count)
{
	atomic_store(&faults.seen, 0);
	atomic_store(&faults.failed, 0);
	atomic_store(&faults.first, first);
	atomic_store(&faults.last, first - 1UL + count);
	atomic_store(&faults.armed, true);
}

bool faults_disarm(void)
{
	atomic_store(&faults.armed, false);
	return atomic_load(&faults.failed) > 0;
}
