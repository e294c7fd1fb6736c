/* SPDX-License-Identifier: Apache-2.0 */
/* Backend choice: opens the platform that the options name, or the best that works. */
#ifndef EXPORTER_SCRAPE_BACKEND_H
#define EXPORTER_SCRAPE_BACKEND_H

#include "exporter/options.h"
#include "exporter/platform/platform.h"

/* A backend and its open platform. The platform keeps pointers to `settings`: do not move the struct. */
struct open_backend {
	const struct platform_backend *backend;
	struct platform *platform;
	struct platform_options settings;
	const struct options *options;
};

/* Return the facts (WANT_*) that the metrics need, and those that the printed table needs. */
unsigned backend_wants_to_serve(const struct options *options);
unsigned backend_wants_to_print(const struct options *options);

/*
 * Opens the backend that the options name. For "auto" it opens the best backend that works, except replay, and warns in
 * the log of each better one that failed. Logs the limit of the opened backend's reads, if it has one. `options` must
 * outlive it. Returns 0, or -errno with *error filled: -ENOTSUP if the options ask for closed owners, which the backend
 * lacks. For "auto" it only warns if a better backend, which failed, has it.
 */
int backend_open(struct open_backend *open, const struct options *options, unsigned want,
                 struct platform_error *error) MUST_CHECK;
/* Returns the rights that the reads need. */
struct platform_rights backend_rights(const struct open_backend *open);
/* Closes the platform. Does nothing if backend_open() failed. */
void backend_close(struct open_backend *open);

#endif
