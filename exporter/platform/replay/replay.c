/* SPDX-License-Identifier: Apache-2.0 */
/* Replay backend: each read parses a recorded snapshot from a file. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exporter/platform/file.h"
#include "exporter/platform/platform.h"
#include "exporter/platform/replay/parse.h"

enum {
	/* A million sockets take about 100 MB. */
	FILE_BYTES_MAX = 1 << 29,
	READ_BYTES = 1 << 14,
};

struct platform {
	const char *path;
	char *bytes; /* the file; kept from read to read */
	size_t length, capacity;
};

static int read_stream(struct platform *platform, FILE *file, struct deadline *deadline)
{
	size_t got;

	platform->length = 0;
	do {
		int err = deadline_check(deadline);

		if (err == 0 && platform->length > FILE_BYTES_MAX)
			err = -EFBIG;
		if (err == 0)
			err = array_reserve((void **)&platform->bytes, &platform->capacity,
			                    platform->length + READ_BYTES, 1);
		if (err != 0)
			return err;
		got = fread(platform->bytes + platform->length, 1, READ_BYTES, file);
		platform->length += got;
	} while (got == READ_BYTES);
	if (ferror(file))
		return errno != 0 ? -errno : -EIO;
	return 0;
}

static int describe(struct platform_error *error, const struct platform *platform, int err)
{
	platform_error_set(error, "cannot read \"%s\": %s", platform->path, strerror(-err));
	return err;
}

static int read_file(struct platform *platform, struct deadline *deadline, struct platform_error *error)
{
	FILE *file;
	int err;

	errno = 0;
	file = host_file_open(platform->path);
	if (file == NULL)
		return describe(error, platform, errno != 0 ? -errno : -EIO);
	errno = 0;
	err = read_stream(platform, file, deadline);
	fclose(file); /* cannot lose data, since the file was only read */
	return err != 0 ? describe(error, platform, err) : 0;
}

static int replay_read(struct platform *platform, struct deadline *deadline, struct snapshot *snapshot,
                       struct platform_error *error)
{
	uint64_t begin_ns = platform_now_ns();
	struct replay_fault fault;
	int err = read_file(platform, deadline, error);

	if (err != 0)
		return err;
	err = replay_parse(platform->bytes, platform->length, deadline, snapshot, &fault);
	if (err == -EINVAL)
		platform_error_set(error, "%s:%zu: %s", platform->path, fault.line, fault.reason);
	else if (err != 0)
		return describe(error, platform, err);
	/* The time of this read replaces the recorded one. */
	snapshot->sockets_ns = platform_now_ns() - begin_ns;
	snapshot->owners_ns = 0;
	return err;
}

static void replay_close(struct platform *platform)
{
	if (platform == NULL)
		return;
	free(platform->bytes);
	free(platform);
}

/* Reads the file once, so that a bad file is refused at the start. */
static int try_file(struct platform *platform, struct platform_error *error)
{
	struct deadline deadline = {.expires_ns = UINT64_MAX};
	struct snapshot snapshot;
	int err;

	snapshot_init(&snapshot);
	err = replay_read(platform, &deadline, &snapshot, error);
	snapshot_release(&snapshot);
	return err;
}

static int replay_open(struct platform **result, const struct platform_options *options, struct platform_error *error)
{
	struct platform *platform;
	int err;

	*result = NULL;
	if (options->replay_file == NULL) {
		platform_error_set(error, "no recorded snapshot is given");
		return -EINVAL;
	}
	platform = calloc(1, sizeof(*platform));
	if (platform == NULL) {
		platform_error_set(error, "cannot read \"%s\": %s", options->replay_file, strerror(ENOMEM));
		return -ENOMEM;
	}
	platform->path = options->replay_file;
	err = try_file(platform, error);
	if (err != 0) {
		replay_close(platform);
		return err;
	}
	*result = platform;
	return 0;
}

const struct platform_backend platform_replay = {
        .name = "replay",
        .open = replay_open,
        .read = replay_read,
        .close = replay_close,
};
