/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Passwords, checked by bcrypt on one thread, one at a time, and remembered if they were right.
 *
 * What is remembered is a keyed digest of (name, hash, password) under a key that the process drew at its start: it
 * answers whether this very login was right, and nothing else. A login with another hash, after a change of the
 * file, has another digest.
 */
#ifndef EXPORTER_WEB_AUTH_HASHER_H
#define EXPORTER_WEB_AUTH_HASHER_H

#include "exporter/web/auth/basic.h"
#include "exporter/web/web.h"

struct hasher;

/* 0, -ENOMEM or another -errno. */
int hasher_new(struct hasher **hasher) MUST_CHECK;
/* Answers who waits WEB_BUSY, as all who come later. */
void hasher_stop(struct hasher *hasher);
/* After hasher_stop(). A hash that is being computed may take seconds: it is not waited for, and keeps its memory. */
void hasher_free(struct hasher *hasher);

/* Checks the login against a hash (NULL: nobody is called so), as far as that takes no hashing: fills the verdict.
 * For WEB_HASHING the hash must stay until done() was called. `cost` is that of the hash that is computed for
 * nobody. */
void hasher_check(struct hasher *hasher, struct web_auth *auth, const struct basic_login *login, const char *hash,
                  unsigned cost);
/* Does the hashing: done() will be called, at once if too many wait. */
void hasher_submit(struct hasher *hasher, struct web_auth *auth);

/* Whether the password has that hash: bcrypt as Go computes it, whatever letter the hash has. Computes it in any
 * case. For tests. */
bool hasher_compare(const char *password, const char *hash);

#endif
