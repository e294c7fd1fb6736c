/* SPDX-License-Identifier: Apache-2.0 */
/* Growing buffer for calls that report the size that they need, while their data can grow. */
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
 * Calls `fetch` with the buffer. Repeats the call with a larger buffer while it returns -ENOBUFS and the needed size in
 * *needed. Returns 0, -ENOMEM, -EINTR after a bounded number of calls, or the error of `fetch`.
 */
int growing_fetch(struct growing *growing, int (*fetch)(void *data, void *bytes, size_t capacity, size_t *needed),
                  void *data) MUST_CHECK;

#endif
