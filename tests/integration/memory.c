/* SPDX-License-Identifier: Apache-2.0 */
/*
 * LD_PRELOAD library that makes one allocation fail, of the program or of a library that handles the failure. Other
 * libraries do not handle it: GMP ends the process, libtasn1 uses the missing memory, and libmicrohttpd 0.9.75 can wait
 * for another connection before it continues (MHD_poll_all). A file, named in the environment, has the number of the
 * allocation and receives the result.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Native 32-bit numbers. */
static struct {
	atomic_uint left;   /* the allocation that fails, from now on; 0: none does */
	atomic_uint failed; /* how many did */
} * shared;

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);

__attribute__((constructor)) static void begin(void)
{
	const char *name = getenv("TCP_EXPORTER_TEST_MEMORY_FILE");
	int fd = name ? open(name, O_RDWR | O_CLOEXEC) : -1;
	void *bytes = fd < 0 ? MAP_FAILED : mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (bytes == MAP_FAILED)
		_exit(99);
	close(fd);
	shared = bytes;
}

static bool is_meant(const void *caller)
{
	static const char *const names[] = {"/tcp_exporter", "/libyaml", "/libz.so", "/libpcre2"};
	Dl_info info;

	if (!dladdr(caller, &info) || !info.dli_fname)
		return false;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strstr(info.dli_fname, names[i]))
			return true;
	return false;
}

static bool fails(const void *caller)
{
	unsigned left = shared ? atomic_load(&shared->left) : 0;

	if (left == 0 || !is_meant(caller))
		return false;
	while (left > 0 && !atomic_compare_exchange_weak(&shared->left, &left, left - 1))
		;
	if (left != 1)
		return false;
	atomic_fetch_add(&shared->failed, 1);
	errno = ENOMEM;
	return true;
}

void *malloc(size_t size)
{
	return fails(__builtin_return_address(0)) ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
	return fails(__builtin_return_address(0)) ? NULL : __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
	return fails(__builtin_return_address(0)) ? NULL : __libc_realloc(old, size);
}
