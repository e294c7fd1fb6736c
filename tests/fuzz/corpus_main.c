/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Main function of a fuzz target without libFuzzer: runs the target on every file of the given directories, and on
 * every prefix of each file, because most readers fail on an input that ends too early.
 */
#include "tests/fuzz/fuzz.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* A seed has as many prefixes as bytes, so seeds must be small. */
enum { SEED_BYTES_MAX = 16 * 1024 };

static void run(const char *bytes, size_t length)
{
	char *copy = exact_copy(bytes, length);

	LLVMFuzzerTestOneInput((const uint8_t *)copy, length);
	free(copy);
}

/* Runs a seed. Returns 1, 0 if `name` is no regular file, or -1 on failure. */
static int run_file(int directory, const char *name)
{
	static char bytes[SEED_BYTES_MAX + 1];
	struct stat status;
	ssize_t length;
	int fd = openat(directory, name, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || fstat(fd, &status) < 0)
		return -1;
	if (!S_ISREG(status.st_mode)) {
		close(fd);
		return 0;
	}
	length = read(fd, bytes, sizeof(bytes));
	close(fd);
	if (length < 0)
		return -1;
	if (length > SEED_BYTES_MAX) {
		errno = EFBIG;
		return -1;
	}
	for (size_t i = 0; i <= (size_t)length; i++)
		run(bytes, i);
	return 1;
}

/* Runs the seeds of a folder. Returns their number, or -1. */
static int run_directory(const char *path)
{
	DIR *directory = opendir(path);
	struct dirent *entry;
	int seeds = 0;

	if (!directory) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		return -1;
	}
	while ((entry = readdir(directory))) {
		int result = run_file(dirfd(directory), entry->d_name);

		if (result < 0) {
			fprintf(stderr, "%s/%s: %s\n", path, entry->d_name, strerror(errno));
			closedir(directory);
			return -1;
		}
		seeds += result;
	}
	closedir(directory);
	return seeds;
}

int main(int argc, char **argv)
{
	int seeds = 0;

	for (int i = 1; i < argc; i++) {
		int result = run_directory(argv[i]);

		if (result < 0)
			return 1;
		seeds += result;
	}
	printf("%d seeds\n", seeds);
	return seeds > 0 ? 0 : 1; /* an empty corpus is an error */
}
