/* SPDX-License-Identifier: Apache-2.0 */
/* Serving: runs the exporter from its start to the signal that stops it. */
#ifndef EXPORTER_SERVE_H
#define EXPORTER_SERVE_H

#include "exporter/options.h"
#include "exporter/platform/platform.h"

/* Identity of this build. */
struct build_info {
	const char *version, *revision, *compiler;
};

/* Serves until the signal to stop. Returns 0, or -errno with *error filled if it could not start. */
int serve(const struct options *options, const struct build_info *build, struct platform_error *error) MUST_CHECK;

/* Opens the addresses, the backend, the patterns and the web configuration that serve() would use, and closes them.
 * Returns 0, or -errno with *error filled if serve() could not start as a service. */
int serve_check(const struct options *options, struct platform_error *error) MUST_CHECK;

#endif
