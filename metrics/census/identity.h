/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Identities: the distinct sets of the labels that describe a socket's owner. Names and other texts
 * are repaired to UTF-8 before they are compared, so that no two identities are written alike.
 */
#ifndef METRICS_CENSUS_IDENTITY_H
#define METRICS_CENSUS_IDENTITY_H

#include "metrics/census/group.h"
#include "metrics/census/labels.h"
#include "metrics/hash.h"
#include "metrics/snapshot.h"
#include "metrics/textbuf.h"

/* The owner's sockets are not counted by process. */
#define IDENTITY_REJECTED UINT32_MAX

/* Bytes of valid UTF-8 in identities.text. */
struct census_text {
	uint32_t offset, length;
};

/* Labels that the options leave out, or that are not known, are empty. */
struct census_identity {
	struct census_text name, user, exe, unit, container;
	uint32_t pid; /* 0: not in the options, or no process */
};

struct identities {
	struct census_identity *items;
	size_t count, capacity;
	struct textbuf text;

	uint32_t *of_process; /* private, as is all below */
	size_t of_process_capacity;
	struct hash_index index;
};

void identities_init(struct identities *identities);
void identities_release(struct identities *identities);

/* Removes all identities, and makes room for the snapshot's processes. Returns 0 or -ENOMEM. */
int identities_clear(struct identities *identities, const struct snapshot *snapshot) MUST_CHECK;

/* Finds or makes the identity of an owner; OWNER_NONE and OWNER_UNKNOWN have identities too. Calls options->keep once
 * per owner. Returns 0 or -ENOMEM. */
int identity_of_owner(struct identities *identities, const struct snapshot *snapshot,
                      const struct census_options *options, uint32_t owner, uint32_t *identity) MUST_CHECK;

/* Returns the identity of an owner that identity_of_owner() has seen. */
uint32_t identity_of_known_owner(const struct identities *identities, const struct snapshot *snapshot, uint32_t owner);

/* Returns a hash of the identity's labels, the same whenever they are the same. */
uint64_t identity_hash(const struct identities *identities, const struct census_identity *identity);

/* Returns a hash of a group's label set, the same in every snapshot: the indexes of a key are of one snapshot alone. */
uint64_t identity_hash_labels(const struct identities *identities, const struct snapshot *snapshot,
                              const struct group_key *key);

/* Returns the bytes of a text; never NULL. */
const char *identity_text(const struct identities *identities, struct census_text text);

#endif
