/* SPDX-License-Identifier: Apache-2.0 */
/* Which labels speak of a socket's owner: from a process of the snapshot to an identity of the census. */
#ifndef METRICS_CENSUS_IDENTITY_H
#define METRICS_CENSUS_IDENTITY_H

#include "metrics/census/census.h"

/* The owner's sockets are not to be counted by process. */
#define IDENTITY_REJECTED UINT32_MAX

/* Forgets all identities, and makes room for the snapshot's processes. 0 or -ENOMEM. */
int identities_clear(struct census *census, const struct snapshot *snapshot) MUST_CHECK;

/* Finds or makes the identity of an owner (OWNER_NONE and OWNER_UNKNOWN have one too) and asks
 * options->keep when it sees the owner for the first time. 0 or -ENOMEM. */
int identity_of_owner(struct census *census, const struct snapshot *snapshot, const struct census_options *options,
                      uint32_t owner, uint32_t *identity) MUST_CHECK;

/* The bytes of a text; never NULL. */
const char *identity_text(const struct census *census, struct census_text text);

#endif
