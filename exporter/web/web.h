/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a --web.config.file asks of the endpoint: TLS, headers, a limit on the rate of requests, and passwords.
 *
 * Invariants
 *  - The file, and the certificates and keys that it names, are looked at for every connection and every request. A
 *    change is in force for the next of them; a bad change leaves what was in force, and the log says so once.
 *  - Nothing runs between requests.
 *  - One password is hashed at a time, on a thread of its own, and few wait for it: guesses take one core at the
 *    most, and everything else goes on being served.
 *  - No password is kept longer than it takes to hash it.
 *
 * Builds without what it takes (CMake: TCP_EXPORTER_WEB_CONFIG) refuse to, with -ENOTSUP.
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

/* Whether this build can. 0, or -ENOTSUP with *error filled. */
int web_possible(struct platform_error *error) MUST_CHECK;
/* Reads the file. 0, or -errno with *error filled: "FILE:LINE: reason". The name is not copied. */
int web_open(struct web **web, const char *file, struct platform_error *error) MUST_CHECK;
/* Reads the files now, whether they have changed or not. */
void web_reload(struct web *web);
/* Ends the hashing: who waits for it is answered WEB_BUSY, and so is who comes later. */
void web_stop(struct web *web);
/* Once no request is left. NULL is fine. */
void web_close(struct web *web);

/* ---- Connections ---- */

/* Makes the transport that a new connection must have: TLS, or `ops` is NULL: none. 0 or -errno; the socket stays the
 * caller's. */
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

/* One request on its way in. */
struct web_auth {
	/* Called, once, after web_auth_hash(): on another thread, or before it returns; with no lock held. */
	void (*done)(struct web_auth *auth);
	void *owner;
	uint64_t network; /* of the client: host_connection_network() */

	enum web_verdict verdict;
	const struct http_header *headers; /* for the answer, ended by a NULL name; good until web_auth_end() */

	struct web_state *state; /* private, as is all that follows */
	struct web_auth *next;
	const char *hash; /* NULL: nobody is called so */
	unsigned cost;    /* of the hash for nobody */
	unsigned char tag[32];
	char password[73];
	bool must_fail; /* no hash can be right */
};

/* Asks for a request whose Authorization header is that one (NULL: none): fills the verdict. web_auth_end() once it was
 * answered; there, all zeros are fine too. */
void web_auth_begin(struct web *web, struct web_auth *auth, const char *authorization, bool without_password);
/* For WEB_HASHING: done() will be called, with another verdict. */
void web_auth_hash(struct web *web, struct web_auth *auth);
void web_auth_end(struct web_auth *auth);

#endif
