/* SPDX-License-Identifier: Apache-2.0 */
/* Growing buffer: fetches until the data fit. */
#include "exporter/platform/windows/tables/growing.h"

#include <errno.h>
#include <stdlib.h>

enum {
	/* Each try has room for half as much again, so only a table that grows fifty-fold meanwhile would be missed. */
	TRIES_MAX = 10,
	/* Some hundred rows, which is mostly enough for the first call. */
	FIRST_CAPACITY = 16 * 1024,
};

/* Makes room for `need` bytes. The old contents are lost. */
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
