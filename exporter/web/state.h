/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Web state: one loaded configuration with the credentials from its files. It is immutable and reference-counted. Each
 * connection and request holds a reference to the state that was active at its start.
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

/* Stamps of all files that web_state_new() read or tried to read. */
struct web_stamps {
	struct file_stamp stamps[STATE_FILES];
	char *names[STATE_FILES]; /* NULL: none */
};

/* Reads the file and the files that it names. Returns 0, or -errno with *fault filled. The caller owns one reference.
 * The stamps are filled in either case, and the caller releases them. */
int web_state_new(struct web_state **state, const char *file, struct web_stamps *stamps,
                  struct web_fault *fault) MUST_CHECK;
void web_state_ref(struct web_state *state);
void web_state_unref(struct web_state *state);

/* Returns true if a file has, or could have, changed since its stamp. */
bool web_stamps_changed(const struct web_stamps *stamps);
/* Returns true if both name the same files with equal stamps. */
bool web_stamps_same(const struct web_stamps *a, const struct web_stamps *b);
void web_stamps_release(struct web_stamps *stamps);

#endif
