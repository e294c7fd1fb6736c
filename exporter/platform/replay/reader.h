/* SPDX-License-Identifier: Apache-2.0 */
/* Reader: the state of the parser of recorded snapshots, which reads line by line. */
#ifndef EXPORTER_PLATFORM_REPLAY_READER_H
#define EXPORTER_PLATFORM_REPLAY_READER_H

#include <errno.h>

#include "exporter/platform/replay/parse.h"
#include "exporter/platform/replay/word.h"

struct reader {
	struct snapshot *snapshot;
	char *text; /* a process's text without escapes */
	size_t text_capacity;
	struct word line; /* the rest of it */
	const char *reason;
	bool ended;
};

static inline int reader_fault(struct reader *reader, const char *reason)
{
	reader->reason = reason;
	return -EINVAL;
}

/* Reads the next word as a number. */
static inline bool reader_number(struct reader *reader, uint64_t max, uint64_t *value)
{
	return word_number(word_next(&reader->line), max, value);
}

/* Reads the line of a socket. Returns 0, -ENOMEM, or -EINVAL with the reason in *reader. */
int reader_socket(struct reader *reader) MUST_CHECK;

#endif
