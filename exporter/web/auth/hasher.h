/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Password hasher: checks passwords by bcrypt on one thread, one at a time, and remembers logins that were right.
 *
 * The memory holds a keyed digest of (name, hash, password). The process draws the key at its start. The digest only
 * answers whether the same login was right before. A login whose hash has changed in the file has another digest.
 */
#ifndef EXPORTER_WEB_AUTH_HASHER_H
#define EXPORTER_WEB_AUTH_HASHER_H

#include "exporter/web/auth/basic.h"
#include "exporter/web/web.h"

struct hasher;

/* Returns 0, -ENOMEM or another -errno. */
int hasher_new(struct hasher **hasher) MUST_CHECK;
/* Answers WEB_BUSY to all waiting and all later requests. */
void hasher_stop(struct hasher *hasher);
/* Frees the hasher. Call after hasher_stop(). Does not wait for a running hash, which can last seconds and keeps its
 * memory. */
void hasher_free(struct hasher *hasher);

/* Checks the login against `hash` as far as possible without hashing, and fills the verdict. `hash` is NULL if no user
 * has the name; hasher_submit() then computes a hash of cost `cost`. After WEB_HASHING `hash` must stay valid until
 * done() is called. */
void hasher_check(struct hasher *hasher, struct web_auth *auth, const struct basic_login *login, const char *hash,
                  unsigned cost);
/* Queues the request for hashing. Calls done() later, or at once if too many requests wait. */
void hasher_submit(struct hasher *hasher, struct web_auth *auth);

/* Returns true if the password has that hash: bcrypt as Go computes it, with any letter in the hash's prefix. Always
 * computes the hash. For tests. */
bool hasher_compare(const char *password, const char *hash);

#endif
