/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Web configuration of the endpoint (--web.config.file): TLS, headers, a rate limit of requests, and passwords.
 *
 * Invariants
 *  - Every connection and every request checks the file, and the certificates and keys that it names, for changes. A
 *    good change is active from then on. A bad change is logged once, and the old state stays active.
 *  - Nothing runs between requests.
 *  - One thread hashes one password at a time, and its queue is short. Guesses cost at most one core, and other
 *    requests are still served.
 *  - No password is kept after it is hashed.
 *
 * Builds without TCP_EXPORTER_WEB_CONFIG (CMake) refuse a web configuration with -ENOTSUP.
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

/* Returns 0 if this build supports a web configuration, or -ENOTSUP with *error filled. */
int web_possible(struct platform_error *error) MUST_CHECK;
/* Reads the file. Returns 0, or -errno with *error filled: "FILE:LINE: reason". The name is not copied. */
int web_open(struct web **web, const char *file, struct platform_error *error) MUST_CHECK;
/* Reads the files now, even if they have not changed. */
void web_reload(struct web *web);
/* Stops the hashing. Answers WEB_BUSY to all waiting and all later requests that need it. */
void web_stop(struct web *web);
/* Frees the web configuration. Call when no request is left. NULL is fine. */
void web_close(struct web *web);

/* ---- Connections ---- */

/* Makes the transport of a new connection; `ops` is NULL without TLS. Returns 0 or -errno. The caller keeps the
 * socket. */
int web_accept(struct web *web, int socket, struct transport *transport) MUST_CHECK;
/* Returns true if requests without TLS must be refused now. */
bool web_needs_tls(struct web *web);

/* ---- Requests ---- */

enum web_verdict {
	WEB_ALLOWED,
	WEB_HASHING,      /* not decided yet: web_auth_hash() */
	WEB_UNAUTHORIZED, /* 401 */
	WEB_TOO_MANY,     /* 429: the limit on the rate */
	WEB_BUSY,         /* 503: too many passwords wait to be hashed */
};

/* Authentication of one request. */
struct web_auth {
	/* Called once after web_auth_hash(), on another thread or before it returns. No lock is held. */
	void (*done)(struct web_auth *auth);
	void *owner;
	uint64_t network; /* of the client: host_connection_network() */

	enum web_verdict verdict;
	const struct http_header *headers; /* for the answer, ended by a NULL name; good until web_auth_end() */

	struct web_state *state; /* private, as is all that follows */
	struct web_auth *next;
	const char *hash; /* NULL: no user has the name */
	unsigned cost;    /* of the hash for an unknown user */
	unsigned char tag[32];
	char password[73];
	bool must_fail; /* no hash can be right */
};

/* Fills the verdict for a request with the header Authorization, which can be NULL. Call web_auth_end() after the
 * answer. */
void web_auth_begin(struct web *web, struct web_auth *auth, const char *authorization, bool without_password);
/* Hashes the password of a request with WEB_HASHING. Calls done() with another verdict. */
void web_auth_hash(struct web *web, struct web_auth *auth);
/* Releases what web_auth_begin() made. All zeros are fine. */
void web_auth_end(struct web_auth *auth);

#endif
