/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Accept drops: turns the kernel's drops per listener into a counter per label set.
 *
 * The kernel counts drops from the start of each listener, and forgets them when the listener closes. A process closes
 * and opens listeners, and several listeners share a port (SO_REUSEPORT). So each snapshot's listeners are compared
 * with those of earlier snapshots, and the differences are added to totals that outlive the listeners.
 *
 * Invariants
 *  - The total of a label set never falls while the set is remembered. It is forgotten an hour after its last listener.
 *  - A snapshot counts once: a failed accept_drops_add() changes nothing.
 *  - Listeners and label sets that are gone are remembered up to a limit, and only if there were drops.
 */
#ifndef METRICS_HISTORY_ACCEPT_DROPS_H
#define METRICS_HISTORY_ACCEPT_DROPS_H

#include "metrics/census/census.h"
#include "metrics/hash.h"
#include "metrics/snapshot.h"

struct drops_item;

struct drops_memory {
	struct drops_item *items;
	size_t count, capacity;
	struct hash_index index;
};

struct accept_drops {
	bool from_now;                 /* drops before the first snapshot do not count; cleared by that snapshot */
	struct drops_memory listeners; /* private: the kernel's drops, by identity */
	struct drops_memory totals;    /* private: by hash of the label set */
};

/* Prepares *drops. `from_now`: what the kernel dropped before the first snapshot does not count. */
void accept_drops_init(struct accept_drops *drops, bool from_now);
void accept_drops_release(struct accept_drops *drops);

/* Sets new_drops of the snapshot's listeners. Call before census_take(). */
void accept_drops_compare(const struct accept_drops *drops, struct snapshot *snapshot);

/* Adds the earlier drops to the groups of the census of that snapshot, and remembers both. `now_ns` is the time of a
 * monotonic clock. Call once after census_take(). Returns 0 or -ENOMEM. */
int accept_drops_add(struct accept_drops *drops, const struct snapshot *snapshot, struct census *census,
                     uint64_t now_ns) MUST_CHECK;

#endif
