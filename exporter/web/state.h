/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is in force: a configuration, with the credentials made of its files. Never changed once it is made; shared
 * by the connections and requests that began with it, each with a reference of its own.
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

/* The stamps of all files that a state was made of, or was to be. */
struct web_stamps {
	struct file_stamp stamps[STATE_FILES];
	char *names[STATE_FILES]; /* NULL: none */
};

/* Reads the file and those that it names. One reference is the caller's. 0, or -errno with *fault filled. The stamps
 * are of what was looked at in either case; release them. */
int web_state_new(struct web_state **state, const char *file, struct web_stamps *stamps,
                  struct web_fault *fault) MUST_CHECK;
void web_state_ref(struct web_state *state);
void web_state_unref(struct web_state *state);

/* Whether any of the files may have changed since it was looked at. */
bool web_stamps_changed(const struct web_stamps *stamps);
/* Whether both are of the same files, none of them changed. */
bool web_stamps_same(const struct web_stamps *a, const struct web_stamps *b);
void web_stamps_release(struct web_stamps *stamps);

#endif
