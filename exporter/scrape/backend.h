/* SPDX-License-Identifier: Apache-2.0 */
/* From options to an open platform. */
#ifndef EXPORTER_SCRAPE_BACKEND_H
#define EXPORTER_SCRAPE_BACKEND_H

#include "exporter/options.h"
#include "exporter/platform/platform.h"

/* A backend with its platform open. `settings` is what the platform reads from: keep the whole in place. */
struct open_backend {
	const struct platform_backend *backend;
	struct platform *platform;
	struct platform_options settings;
	const struct options *options;
};

/* What to ask of a platform for the metrics, and for the table. */
unsigned backend_wants_to_serve(const struct options *options);
unsigned backend_wants_to_print(const struct options *options);

/*
 * Opens the backend that the options name; for "auto" the best that opens, other than replay, with a
 * warning in the log for each better one that did not. Logs what limits the reads of the one that opened. `options`
 * must outlive it. 0, or -errno with *error filled: -ENOTSUP if the options ask for what there is none of on this
 * system.
 */
int backend_open(struct open_backend *open, const struct options *options, unsigned want,
                 struct platform_error *error) MUST_CHECK;
/* What its reads need of the system. */
struct platform_rights backend_rights(const struct open_backend *open);
/* Nothing to do for one that did not open. */
void backend_close(struct open_backend *open);

#endif
