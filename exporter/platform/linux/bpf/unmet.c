/* SPDX-License-Identifier: Apache-2.0 */
/* When a dump of all sockets is worth its time. */
#include "exporter/platform/linux/bpf/unmet.h"

#include <string.h>

bool unmet_expected(struct unmet *unmet, const struct unmet_counts *before, const struct unmet_counts *after,
                    uint64_t met)
{
	uint64_t opened = after->opened - before->opened;

	if (met >= before->in_use + opened)
		return false;
	if (after->in_use > met + opened || unmet->key_count > 0)
		return true;
	return unmet->doubts++ % UNMET_DOUBTS_MAX == 0;
}

void unmet_begin_dump(struct unmet *unmet)
{
	unmet->found_count = 0;
}

static bool is_known(const struct unmet *unmet, uint64_t key)
{
	for (size_t i = 0; i < unmet->key_count; i++)
		if (unmet->keys[i] == key)
			return true;
	return false;
}

void unmet_found(struct unmet *unmet, uint64_t key)
{
	if (unmet->found_count < UNMET_KEYS_MAX && (unmet->key_count == 0 || is_known(unmet, key)))
		unmet->found[unmet->found_count++] = key;
}

void unmet_end_dump(struct unmet *unmet)
{
	memcpy(unmet->keys, unmet->found, unmet->found_count * sizeof(unmet->found[0]));
	unmet->key_count = unmet->found_count;
}
