/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether the kernel has TCP sockets that a scrape has not met: those whose holder it cannot see. Only a
 * dump of all sockets finds them, which is to be made when it finds something, not each time that
 * connections come and go during a scrape. Pure: counts and keys in, a decision out.
 *
 * With O connections opened during the scrape, of b sockets before it, a after it and c that were met:
 * none is hidden if c >= b + O, since all that there were have been met; some is if a - c > O. In between
 * nobody can tell, not even if a = c: one that was met and closed makes up for one that is hidden. Then
 * one dump is made, one more if that has found any, to see whether they are still there, and the next
 * after DOUBTS_MAX scrapes in doubt. As long as they are, every scrape in doubt makes one.
 */
#ifndef EXPORTER_PLATFORM_LINUX_BPF_UNMET_H
#define EXPORTER_PLATFORM_LINUX_BPF_UNMET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A hidden socket that comes up while a host never holds still is found this many scrapes later at the most. */
#define UNMET_DOUBTS_MAX 16
/* Of more sockets than this, some are hidden if these are. */
#define UNMET_KEYS_MAX 1024

struct unmet {
	uint64_t keys[UNMET_KEYS_MAX];  /* of the sockets that the last dump alone has found */
	uint64_t found[UNMET_KEYS_MAX]; /* by the dump that goes on; if there are keys, only such as are among them */
	size_t key_count, found_count;
	unsigned doubts; /* scrapes since the last dump */
};

/* What the kernel counts in a network namespace. */
struct unmet_counts {
	uint64_t in_use; /* sockets: sockstat */
	uint64_t opened; /* connections since it exists: snmp */
};

/* Whether a dump is to be made, of a scrape that has met `met` sockets. */
bool unmet_expected(struct unmet *unmet, const struct unmet_counts *before, const struct unmet_counts *after,
                    uint64_t met);

/* A dump begins, perhaps anew; it finds a socket that was not met and that has some holder; it is complete. */
void unmet_begin_dump(struct unmet *unmet);
void unmet_found(struct unmet *unmet, uint64_t key);
void unmet_end_dump(struct unmet *unmet);

#endif
