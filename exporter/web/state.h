/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Web state: the active configuration, with the credentials made from its files. It never changes. The connections
 * and requests that began with it share it; each has a reference.
 */
#ifndef EXPORTER_WEB_STATE_H
#define EXPORTER_WEB_STATE_H

#include <stdatomic.h>

#include "exporter/http/header.h"
#include "exporter/web/config/config.h"
#include "exporter/web/config/file.h"

struct tls_credentials;

enum { STATE_FILES = 4 };

struct web_state {
	atomic_uint references;
	struct web_config config;
	struct http_header headers[WEB_HEADER_COUNT + 1];
	struct tls_credentials *tls; /* NULL: plain HTTP */
};

/* The stamps of all files that a state was made from, or could not be made from. */
struct web_stamps {
	struct file_stamp stamps[STATE_FILES];
	char *names[STATE_FILES]; /* NULL: no file */
};

/* Reads the file and those that it names. The caller owns one reference. Returns 0, or -errno with *fault filled.
 * Fills the stamps in either case; release them. */
int web_state_new(struct web_state **state, const char *file, struct web_stamps *stamps,
                  struct web_fault *fault) MUST_CHECK;
void web_state_ref(struct web_state *state);
void web_state_unref(struct web_state *state);

/* Returns true if any of the files may have changed since its stamp. */
bool web_stamps_changed(const struct web_stamps *stamps);
/* Returns true if both are stamps of the same unchanged files. */
bool web_stamps_same(const struct web_stamps *a, const struct web_stamps *b);
void web_stamps_release(struct web_stamps *stamps);

#endif
