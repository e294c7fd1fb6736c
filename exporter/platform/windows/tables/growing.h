/* SPDX-License-Identifier: Apache-2.0 */
/* A buffer for calls that say how large it must be, while what they would put in it grows. */
#ifndef EXPORTER_PLATFORM_WINDOWS_TABLES_GROWING_H
#define EXPORTER_PLATFORM_WINDOWS_TABLES_GROWING_H

#include <stddef.h>

#include "metrics/snapshot.h"

/* All zeros is valid and empty. The memory is kept from call to call. */
struct growing {
	void *bytes;
	size_t capacity;
};

void growing_release(struct growing *growing);

/*
 * Calls `fetch` with the buffer, again with a larger one as long as it returns -ENOBUFS and says in *needed
 * how much it wants. 0; -ENOMEM; -EINTR if that has not ended after a bounded number of calls; or what
 * `fetch` returned.
 */
int growing_fetch(struct growing *growing, int (*fetch)(void *data, void *bytes, size_t capacity, size_t *needed),
                  void *data) MUST_CHECK;

#endif
