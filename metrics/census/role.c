/* SPDX-License-Identifier: Apache-2.0 */
/* Roles: counts the rows that share an end, and decides the open roles by them. */
#include "metrics/census/role.h"

#include <stdlib.h>

/* One end of open rows: a local address and port, or a remote port within a namespace. */
struct role_end {
	uint64_t key;
	uint32_t rows;
	uint16_t others[ROLE_CROWD - 1]; /* the first ports at the rows' other ends, */
	uint8_t other_count;             /* all different; ROLE_CROWD: more than fit */
};

struct role_row {
	uint32_t row;
	uint32_t local, remote; /* numbers of ends */
	bool inside;            /* the local port lies inside the ephemeral range */
};

#define REMOTE_END (UINT64_C(1) << 63)

void roles_clear(struct roles *roles)
{
	roles->open_count = 0;
	roles->end_count = 0;
	hash_index_reset(&roles->index);
}

void roles_release(struct roles *roles)
{
	free(roles->open);
	free(roles->ends);
	hash_index_release(&roles->index);
	*roles = (struct roles){0};
}

static bool end_has_key(const void *data, uint32_t index, const void *key)
{
	return ((const struct role_end *)data)[index].key == *(const uint64_t *)key;
}

static int add_end(struct roles *roles, uint64_t key, uint64_t hash)
{
	size_t count = roles->end_count;
	int ret = array_reserve((void **)&roles->ends, &roles->end_capacity, count + 1, sizeof(*roles->ends));

	if (!ret)
		ret = hash_index_reserve(&roles->index, count + 1);
	if (ret)
		return ret;
	roles->ends[count] = (struct role_end){.key = key};
	hash_enter(&roles->index, hash, (uint32_t)count);
	roles->end_count++;
	return 0;
}

static void count_row(struct role_end *end, uint16_t other)
{
	end->rows++;
	if (end->other_count == ROLE_CROWD)
		return;
	for (size_t i = 0; i < end->other_count; i++) {
		if (end->others[i] == other)
			return;
	}
	if (end->other_count < ROLE_CROWD - 1)
		end->others[end->other_count] = other;
	end->other_count++;
}

/* Counts a row at one of its ends, whose number is entered into *end. */
static int see_end(struct roles *roles, uint64_t key, uint16_t other, uint32_t *end)
{
	uint64_t hash = hash_mix(0, key);
	int ret = 0;

	*end = hash_find(&roles->index, hash, end_has_key, roles->ends, &key);
	if (*end == HASH_NONE) {
		*end = (uint32_t)roles->end_count;
		ret = add_end(roles, key, hash);
	}
	if (!ret)
		count_row(&roles->ends[*end], other);
	return ret;
}

int roles_add(struct roles *roles, const struct snapshot *snapshot, uint32_t row)
{
	const struct snapshot_socket *socket = &snapshot->sockets[row];
	uint32_t netns = snapshot->addresses[socket->local].netns;
	uint64_t local = (uint64_t)socket->local << 16 | socket->local_port;
	uint64_t remote = REMOTE_END | (uint64_t)netns << 16 | socket->remote_port;
	struct role_row open = {
	        .row = row,
	        .inside = netns_is_ephemeral(&snapshot->netns[netns], socket->local_port),
	};
	int ret = array_reserve((void **)&roles->open, &roles->open_capacity, roles->open_count + 1,
	                        sizeof(*roles->open));

	if (!ret)
		ret = see_end(roles, local, socket->remote_port, &open.local);
	if (!ret)
		ret = see_end(roles, remote, socket->local_port, &open.remote);
	if (!ret)
		roles->open[roles->open_count++] = open;
	return ret;
}

uint32_t roles_decide(const struct roles *roles, size_t open, enum role *role)
{
	const struct role_row *row = &roles->open[open];
	const struct role_end *local = &roles->ends[row->local], *remote = &roles->ends[row->remote];
	bool is_service = remote->other_count == ROLE_CROWD && remote->rows > local->rows;
	bool is_crowded = local->other_count == ROLE_CROWD;

	*role = !is_service && (is_crowded || !row->inside) ? ROLE_INBOUND : ROLE_OUTBOUND;
	return row->row;
}
