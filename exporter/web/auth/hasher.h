/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Password hasher: checks passwords by bcrypt on one thread, one at a time, and remembers the right ones.
 *
 * It remembers a keyed digest of (name, hash, password). The key is random, and made at the start of the process. After
 * a change of the hash in the file, the login has another digest.
 */
#ifndef EXPORTER_WEB_AUTH_HASHER_H
#define EXPORTER_WEB_AUTH_HASHER_H

#include "exporter/web/auth/basic.h"
#include "exporter/web/web.h"

struct hasher;

/* Starts the thread. Returns 0, -ENOMEM or another -errno. */
int hasher_new(struct hasher **hasher) MUST_CHECK;
/* Answers waiting and later requests with WEB_BUSY. */
void hasher_stop(struct hasher *hasher);
/* Frees the hasher. Call after hasher_stop(). Does not wait for a hash that is being computed, which may take
 * seconds and keeps its memory. */
void hasher_free(struct hasher *hasher);

/* Checks the login against a hash (NULL: an unknown user) as far as possible without hashing, and fills the verdict.
 * For WEB_HASHING the hash must stay valid until done() was called. `cost` is the cost of the hash that is computed
 * for an unknown user. */
void hasher_check(struct hasher *hasher, struct web_auth *auth, const struct basic_login *login, const char *hash,
                  unsigned cost);
/* Queues the login for hashing. done() is called later, or at once if too many wait. */
void hasher_submit(struct hasher *hasher, struct web_auth *auth);

/* Returns true if the password has that hash: bcrypt as Go computes it, whatever the hash's letter. Computes the
 * hash in any case. For tests. */
bool hasher_compare(const char *password, const char *hash);

#endif
