/* SPDX-License-Identifier: Apache-2.0 */
/* Table: writes a snapshot as text or JSON. */
#include "exporter/cli/table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "exporter/cli/record.h"
#include "exporter/printable.h"
#include "metrics/address.h"
#include "metrics/sort.h"

enum {
	ADDRESS_WIDTH = 15, /* an IPv4 address */
	/* "[::ffff:255.255.255.255]", "[" and "]" around the longest IPv6 address. */
	HOST_TEXT_MAX = 48,
};

/* The order of the rows. */
struct order {
	uint32_t *rank; /* by address */
	struct sort_item *items;
};

static int compare_addresses(const void *data, uint32_t a, uint32_t b)
{
	const struct snapshot_address *addresses = data, *left = &addresses[a], *right = &addresses[b];
	int order = (left->family > right->family) - (left->family < right->family);

	if (order == 0)
		order = memcmp(left->bytes, right->bytes, sizeof(left->bytes));
	if (order == 0)
		order = (left->netns > right->netns) - (left->netns < right->netns);
	return order;
}

/* Ranks the addresses, so that rows are compared by numbers. */
static void rank_addresses(struct order *order, const struct snapshot *snapshot)
{
	for (size_t i = 0; i < snapshot->address_count; i++)
		order->items[i] = (struct sort_item){.index = (uint32_t)i};
	sort_items(order->items, snapshot->address_count, compare_addresses, snapshot->addresses);
	for (size_t i = 0; i < snapshot->address_count; i++)
		order->rank[order->items[i].index] = (uint32_t)i;
}

static uint64_t key_of(const struct order *order, uint32_t address, uint16_t port)
{
	return (uint64_t)(address != ADDRESS_ABSENT ? order->rank[address] : 0) << 16 | port;
}

/* Sorts by the remote end, then by the local end. The sort is stable, so the local end comes first. */
static void sort_rows(struct order *order, const struct snapshot *snapshot)
{
	const struct snapshot_socket *sockets = snapshot->sockets;
	size_t count = snapshot->socket_count;

	for (size_t i = 0; i < count; i++)
		order->items[i] =
		        (struct sort_item){key_of(order, sockets[i].remote, sockets[i].remote_port), (uint32_t)i};
	sort_items(order->items, count, NULL, NULL);
	for (size_t i = 0; i < count; i++) {
		const struct snapshot_socket *socket = &sockets[order->items[i].index];

		order->items[i].key = key_of(order, socket->local, socket->local_port);
	}
	sort_items(order->items, count, NULL, NULL);
}

static void order_release(struct order *order)
{
	free(order->rank);
	free(order->items);
}

static int order_init(struct order *order, const struct snapshot *snapshot)
{
	size_t count =
	        snapshot->address_count > snapshot->socket_count ? snapshot->address_count : snapshot->socket_count;

	*order = (struct order){
	        .rank = calloc(count + 1, sizeof(*order->rank)),
	        .items = calloc(count + 1, 2 * sizeof(*order->items)), /* the second half is scratch */
	};
	if (order->rank == NULL || order->items == NULL) {
		order_release(order);
		return -ENOMEM;
	}
	rank_addresses(order, snapshot);
	sort_rows(order, snapshot);
	return 0;
}

/* Writes the address without brackets, in at most HOST_TEXT_MAX - 1 bytes. A row of an IPv6 socket shows IPv4 addresses
 * in the IPv4-mapped form. */
static size_t address_text(char *text, const struct snapshot_address *address, bool mapped)
{
	static const char prefix[] = "::ffff:";
	size_t length = 0;

	if (mapped && address->family == 4) {
		length = sizeof(prefix) - 1;
		memcpy(text, prefix, length);
	}
	return length + address_format(text + length, address);
}

/* Returns the row's remote address, or the wildcard if it was not recorded, as for a listener. */
static struct snapshot_address remote_of(const struct snapshot *snapshot, const struct snapshot_socket *socket)
{
	if (socket->remote != ADDRESS_ABSENT)
		return snapshot->addresses[socket->remote];
	return (struct snapshot_address){.family = snapshot->addresses[socket->local].family};
}

/* Text */

/* Writes the address. IPv6 stands in brackets, which separate it from the port. */
static size_t host_text(char text[HOST_TEXT_MAX], const struct snapshot_address *address, bool mapped)
{
	size_t length = address_text(text + 1, address, mapped);

	if (memchr(text + 1, ':', length) == NULL) {
		memmove(text, text + 1, length + 1);
		return length;
	}
	text[0] = '[';
	memcpy(text + 1 + length, "]", 2);
	return length + 2;
}

static const char *state_word(unsigned state)
{
	static const char *const words[STATE_COUNT] = {
	        [STATE_ESTABLISHED] = "ESTAB",   [STATE_SYN_SENT] = "SYN_SENT",     [STATE_SYN_RECV] = "SYN_RCVD",
	        [STATE_FIN_WAIT1] = "FIN_WAIT1", [STATE_FIN_WAIT2] = "FIN_WAIT2",   [STATE_TIME_WAIT] = "TIME_WAIT",
	        [STATE_CLOSED] = "CLOSED",       [STATE_CLOSE_WAIT] = "CLOSE_WAIT", [STATE_LAST_ACK] = "LAST_ACK",
	        [STATE_LISTEN] = "LISTEN",       [STATE_CLOSING] = "CLOSING",       [STATE_DELETE_TCB] = "DELETE_TCB",
	};

	return state < STATE_COUNT ? words[state] : "(unknown)";
}

/* Returns the owner, or NULL if no process is known to hold the socket. */
static const struct snapshot_process *owner_of(const struct snapshot *snapshot, const struct snapshot_socket *socket)
{
	return socket->owner < snapshot->process_count ? &snapshot->processes[socket->owner] : NULL;
}

/* Returns the name to show for the owner. */
static const char *owner_name(const struct snapshot *snapshot, const struct snapshot_socket *socket, size_t *length)
{
	const struct snapshot_process *owner = owner_of(snapshot, socket);
	const char *name = owner != NULL ? snapshot_text(snapshot, owner->text[PROCESS_NAME]) : NULL;

	if (name == NULL) {
		name = socket->owner == OWNER_NONE ? "(none)" : "(unknown)";
		*length = strlen(name);
	} else {
		*length = owner->text[PROCESS_NAME].length;
	}
	return name;
}

static void put_printable(struct textbuf *out, const char *bytes, size_t length)
{
	char step[PRINTABLE_MAX];

	for (size_t taken; length > 0; bytes += taken, length -= taken)
		textbuf_append(out, step, printable_step(step, bytes, length, &taken));
}

static int address_width(const struct snapshot *snapshot)
{
	size_t width = ADDRESS_WIDTH, length;
	char text[HOST_TEXT_MAX];

	for (size_t i = 0; i < snapshot->address_count; i++) {
		length = host_text(text, &snapshot->addresses[i], false);
		width = length > width ? length : width;
	}
	for (size_t i = 0; i < snapshot->socket_count; i++) {
		const struct snapshot_socket *socket = &snapshot->sockets[i];
		struct snapshot_address remote;

		if (!(socket->flags & SOCKET_V4_MAPPED))
			continue;
		remote = remote_of(snapshot, socket);
		length = host_text(text, &snapshot->addresses[socket->local], true);
		width = length > width ? length : width;
		length = host_text(text, &remote, true);
		width = length > width ? length : width;
	}
	return (int)width;
}

static void put_text_row(struct textbuf *out, const struct snapshot *snapshot, const struct snapshot_socket *socket,
                         int width)
{
	const struct snapshot_process *owner = owner_of(snapshot, socket);
	struct snapshot_address remote_address = remote_of(snapshot, socket);
	bool mapped = socket->flags & SOCKET_V4_MAPPED;
	char local[HOST_TEXT_MAX], remote[HOST_TEXT_MAX];
	const char *name;
	size_t length;

	host_text(local, &snapshot->addresses[socket->local], mapped);
	host_text(remote, &remote_address, mapped);
	textbuf_printf(out, "%-11s %*s:%-8u %*s:%-8u %-6lu ", state_word(socket->state), width, local,
	               socket->local_port, width, remote, socket->remote_port,
	               owner != NULL ? (unsigned long)owner->pid : 0);
	name = owner_name(snapshot, socket, &length);
	put_printable(out, name, length);
	textbuf_putc(out, '\n');
}

/* JSON (RFC 8259) */

static void put_json_string(struct textbuf *out, const char *text, size_t length)
{
	char step[JSON_STEP_MAX];
	size_t taken;

	textbuf_putc(out, '"');
	for (; length > 0; text += taken, length -= taken)
		textbuf_append(out, step, json_step(step, text, length, &taken));
	textbuf_putc(out, '"');
}

/* Writes "WHICH_address":"...","WHICH_port":N, */
static void put_json_end(struct textbuf *out, const char *which, const struct snapshot_address *address, bool mapped,
                         unsigned port)
{
	char text[HOST_TEXT_MAX];

	address_text(text, address, mapped);
	textbuf_printf(out, "\"%s_address\":\"%s\",\"%s_port\":%u,", which, text, which, port);
}

static void put_json_ends(struct textbuf *out, const struct snapshot *snapshot, const struct snapshot_socket *socket)
{
	const struct snapshot_address *local = &snapshot->addresses[socket->local];
	bool mapped = socket->flags & SOCKET_V4_MAPPED;

	textbuf_printf(out, "\"family\":%u,", local->family);
	if (snapshot->netns_count > 1) {
		textbuf_puts(out, "\"netns\":");
		textbuf_put_uint(out, snapshot->netns[local->netns].id);
		textbuf_putc(out, ',');
	}
	put_json_end(out, "local", local, mapped, socket->local_port);
	if (socket->remote != ADDRESS_ABSENT)
		put_json_end(out, "remote", &snapshot->addresses[socket->remote], mapped, socket->remote_port);
}

static void put_json_owner(struct textbuf *out, const struct snapshot *snapshot, const struct snapshot_socket *socket)
{
	const struct snapshot_process *owner = owner_of(snapshot, socket);
	const char *name;
	size_t length;

	if (owner != NULL)
		textbuf_printf(out, "\"pid\":%lu,\"process\":", (unsigned long)owner->pid);
	else
		textbuf_puts(out, "\"pid\":null,\"process\":");
	name = owner_name(snapshot, socket, &length);
	put_json_string(out, name, length);
	textbuf_puts(out, socket->flags & SOCKET_CREDITED ? ",\"credited\":true" : ",\"credited\":false");
}

static void put_json_row(struct textbuf *out, const struct snapshot *snapshot, const struct snapshot_socket *socket)
{
	bool listens = socket->state == STATE_LISTEN;

	textbuf_printf(out, "{\"state\":\"%s\",", state_name((enum socket_state)socket->state));
	put_json_ends(out, snapshot, socket);
	put_json_owner(out, snapshot, socket);
	if (socket->flags & SOCKET_HAS_QUEUES)
		textbuf_printf(out, ",\"%s\":%lu,\"%s\":%lu", listens ? "accept_queue" : "receive_queue",
		               (unsigned long)socket->receive_queue, listens ? "accept_queue_limit" : "send_queue",
		               (unsigned long)socket->send_queue);
	textbuf_putc(out, '}');
}

static void write_text(struct textbuf *out, const struct order *order, const struct snapshot *snapshot)
{
	int width = address_width(snapshot);

	for (size_t i = 0; i < snapshot->socket_count; i++)
		put_text_row(out, snapshot, &snapshot->sockets[order->items[i].index], width);
}

static void write_json(struct textbuf *out, const struct order *order, const struct snapshot *snapshot)
{
	textbuf_putc(out, '[');
	for (size_t i = 0; i < snapshot->socket_count; i++) {
		textbuf_puts(out, i == 0 ? "\n" : ",\n");
		put_json_row(out, snapshot, &snapshot->sockets[order->items[i].index]);
	}
	textbuf_puts(out, "\n]\n");
}

int table_write(struct textbuf *out, const struct snapshot *snapshot, enum table_format format)
{
	struct order order;
	int err;

	if (format == TABLE_REPLAY) {
		replay_record(out, snapshot);
		return 0;
	}
	err = order_init(&order, snapshot);
	if (err != 0)
		return err;
	if (format == TABLE_JSON)
		write_json(out, &order, snapshot);
	else
		write_text(out, &order, snapshot);
	order_release(&order);
	return 0;
}
