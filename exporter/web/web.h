/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Web configuration: applies the file of --web.config.file to the endpoint: TLS, header fields, a limit on the rate of
 * requests, and passwords.
 *
 * Invariants
 *  - Every connection and every request checks whether the file, or a certificate or key that it names, has changed. A
 * change is active at once. A faulty change is logged once, and the active configuration stays.
 *  - Nothing runs between requests.
 *  - One thread hashes one password at a time, and its queue is short. Guesses use at most one core, and other requests
 * are served meanwhile.
 *  - A password is kept only until it is hashed.
 *
 * Builds without the libraries for it (CMake: TCP_EXPORTER_WEB_CONFIG) refuse the file with -ENOTSUP.
 */
#ifndef EXPORTER_WEB_WEB_H
#define EXPORTER_WEB_WEB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exporter/http/header.h"
#include "exporter/platform/platform.h"
#include "exporter/web/transport.h"

struct web;
struct web_state;

/* Returns 0 if this build can apply a web configuration, or -ENOTSUP with *error filled. */
int web_possible(struct platform_error *error) MUST_CHECK;
/* Reads the file and starts the hasher. Does not copy the name of the file. Returns 0, or -errno with *error filled:
 * "FILE:LINE: reason" for a fault of the file. */
int web_open(struct web **web, const char *file, struct platform_error *error) MUST_CHECK;
/* Reads the files now, changed or not. */
void web_reload(struct web *web);
/* Stops the hashing. Waiting and later requests are answered with WEB_BUSY. */
void web_stop(struct web *web);
/* Frees *web. Call when no request is left. NULL is allowed. */
void web_close(struct web *web);

/* ---- Connections ---- */

/* Makes the transport of a new connection: TLS, or none if `ops` is NULL. The caller still owns the socket. Returns
 * 0 or -errno. */
int web_accept(struct web *web, int socket, struct transport *transport) MUST_CHECK;
/* Returns true if requests without TLS must be refused now. */
bool web_needs_tls(struct web *web);

/* ---- Requests ---- */

enum web_verdict {
	WEB_ALLOWED,
	WEB_HASHING,      /* undecided: call web_auth_hash() */
	WEB_UNAUTHORIZED, /* 401 */
	WEB_TOO_MANY,     /* 429: the limit on the rate */
	WEB_BUSY,         /* 503: too many passwords wait to be hashed */
};

/* Authentication of one request. */
struct web_auth {
	/* Called once, after web_auth_hash(), on another thread or before it returns. No lock is held. */
	void (*done)(struct web_auth *auth);
	void *owner;
	uint64_t network; /* of the client: host_connection_network() */

	enum web_verdict verdict;
	const struct http_header *headers; /* for the answer, ended by a NULL name; valid until web_auth_end() */

	struct web_state *state; /* private, as are all fields below */
	struct web_auth *next;
	const char *hash; /* NULL: no user has that name */
	unsigned cost;    /* of the hash for an unknown user */
	unsigned char tag[32];
	char password[73];
	bool must_fail; /* no password is right; the hash is computed only for the time that it needs */
};

/* Fills the verdict of a request with that Authorization header (NULL: no header). Call web_auth_end() after the
 * answer. */
void web_auth_begin(struct web *web, struct web_auth *auth, const char *authorization, bool without_password);
/* Decides a WEB_HASHING request: done() is called later with another verdict. */
void web_auth_hash(struct web *web, struct web_auth *auth);
/* Releases the state and the headers of the request. A web_auth of all zeros is allowed. */
void web_auth_end(struct web_auth *auth);

#endif
