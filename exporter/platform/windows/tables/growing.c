/* SPDX-License-Identifier: Apache-2.0 */
/* Fetches into a buffer that grows. */
#include "exporter/platform/windows/tables/growing.h"

#include <errno.h>
#include <stdlib.h>

enum {
	/* Each try leaves room for half as much again, so that a table would have to grow fifty-fold during
	 * these to be missed. */
	TRIES_MAX = 10,
	/* Some hundred rows: the first call of all is mostly enough. */
	FIRST_CAPACITY = 16 * 1024,
};

/* What was in the buffer is of no use any more. */
static int make_room(struct growing *growing, size_t need)
{
	void *bytes = malloc(need);

	if (bytes == NULL)
		return -ENOMEM;
	growing_release(growing);
	growing->bytes = bytes;
	growing->capacity = need;
	return 0;
}

void growing_release(struct growing *growing)
{
	free(growing->bytes);
	*growing = (struct growing){NULL, 0};
}

int growing_fetch(struct growing *growing, int (*fetch)(void *data, void *bytes, size_t capacity, size_t *needed),
                  void *data)
{
	int result = growing->bytes != NULL ? 0 : make_room(growing, FIRST_CAPACITY);

	for (int i = 0; result == 0 && i < TRIES_MAX; i++) {
		size_t needed = growing->capacity;

		result = fetch(data, growing->bytes, growing->capacity, &needed);
		if (result != -ENOBUFS)
			return result;
		if (needed < growing->capacity)
			needed = growing->capacity;
		result = make_room(growing, needed + needed / 2);
	}
	return result != 0 ? result : -EINTR;
}
