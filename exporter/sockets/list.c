/* SPDX-License-Identifier: Apache-2.0 */
/* List of sockets: selects rows of a census and writes them. */
#include "exporter/sockets/list.h"

#include "exporter/sockets/row_json.h"

/* Ranks from here on belong to sockets that are not in CLOSE_WAIT. */
#define RANK_OTHERS (UINT64_C(1) << 33)

struct collecting {
	struct socket_list *list;
	const struct socket_query *query;
	const struct census_input *input;
};

uint64_t socket_rank(const struct snapshot_socket *socket)
{
	if (socket->state == STATE_CLOSE_WAIT)
		return socket->flags & SOCKET_HAS_QUIET ? UINT32_MAX - socket->quiet_ms : UINT32_MAX + UINT64_C(1);
	return RANK_OTHERS + 2 * (uint64_t)UINT32_MAX - socket->receive_queue - socket->send_queue;
}

/* Keeps the SOCKET_LIST_MAX items of the lowest ranks, in order. */
static void keep_first(struct socket_list *list)
{
	sort_items(list->items, list->count, NULL, NULL);
	if (list->count > SOCKET_LIST_MAX)
		list->count = SOCKET_LIST_MAX;
}

static void collect(void *data, const struct census_row *row)
{
	const struct collecting *collecting = data;
	const struct snapshot_socket *socket = &collecting->input->snapshot->sockets[row->row];
	struct socket_list *list = collecting->list;

	if (!socket_query_selects(collecting->query, &collecting->input->census->identities, socket, row))
		return;
	list->total++;
	if (list->count == (size_t)2 * SOCKET_LIST_MAX)
		keep_first(list);
	list->items[list->count++] = (struct sort_item){socket_rank(socket), row->row};
}

static void write_row(struct textbuf *out, const struct census_input *input, uint32_t row)
{
	const struct snapshot_socket *socket = &input->snapshot->sockets[row];
	const struct identities *identities = &input->census->identities;
	uint32_t identity = identity_of_known_owner(identities, input->snapshot, socket->owner);
	struct census_text name = identities->items[identity].name;

	row_json_write(out, input->snapshot, socket, identity_text(identities, name), name.length);
}

void socket_list_write(struct textbuf *out, struct socket_list *list, const struct socket_query *query,
                       const struct census_input *input)
{
	struct collecting collecting = {list, query, input};

	list->count = 0;
	list->total = 0;
	census_each_row(input, collect, &collecting);
	keep_first(list);
	textbuf_puts(out, "{\"total\":");
	textbuf_put_uint(out, list->total);
	textbuf_puts(out, ",\"sockets\":[");
	for (size_t i = 0; i < list->count; i++) {
		textbuf_puts(out, i == 0 ? "\n" : ",\n");
		write_row(out, input, list->items[i].index);
	}
	textbuf_puts(out, "\n]}\n");
}
