/* SPDX-License-Identifier: Apache-2.0 */
/* Read context: the arguments of platform_backend.read(), which the steps of a read share. */
#ifndef EXPORTER_PLATFORM_LINUX_READ_CONTEXT_H
#define EXPORTER_PLATFORM_LINUX_READ_CONTEXT_H

#include "exporter/platform/platform.h"

struct read_context {
	struct platform *platform;
	struct deadline *deadline;
	struct snapshot *snapshot;
	struct platform_error *error;
};

#endif
