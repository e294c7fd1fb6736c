/* SPDX-License-Identifier: Apache-2.0 */
/* Table: writes a snapshot as text or JSON. */
#include "exporter/cli/table.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exporter/cli/record.h"
#include "exporter/printable.h"
#include "exporter/sockets/list.h"
#include "exporter/sockets/row_json.h"
#include "metrics/address.h"
#include "metrics/sort.h"

enum {
	ADDRESS_WIDTH = 15, /* an IPv4 address */
	AGE_TEXT_MAX = 24,
};

/* The rows that are printed, in their order. */
struct order {
	uint32_t *rank; /* by address */
	struct sort_item *items;
	size_t count;
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

static bool is_selected(const struct snapshot *snapshot, const struct snapshot_socket *socket,
                        const struct table_options *options)
{
	const char *name;
	size_t length;

	if (options->states != 0 && !(options->states & STATE_BIT(socket->state)))
		return false;
	if (options->port != 0 && options->port != socket->local_port && options->port != socket->remote_port)
		return false;
	if (options->process == NULL)
		return true;
	name = owner_name(snapshot, socket, &length);
	return strlen(options->process) == length && memcmp(options->process, name, length) == 0;
}

/* Selects the rows that the options ask for. */
static void select_rows(struct order *order, const struct snapshot *snapshot, const struct table_options *options)
{
	order->count = 0;
	for (size_t i = 0; i < snapshot->socket_count; i++)
		if (is_selected(snapshot, &snapshot->sockets[i], options))
			order->items[order->count++].index = (uint32_t)i;
}

/* Sorts by the remote end, then by the local end. The sort is stable, so the local end comes first. */
static void sort_by_ends(struct order *order, const struct snapshot_socket *sockets)
{
	for (size_t i = 0; i < order->count; i++) {
		const struct snapshot_socket *socket = &sockets[order->items[i].index];

		order->items[i].key = key_of(order, socket->remote, socket->remote_port);
	}
	sort_items(order->items, order->count, NULL, NULL);
	for (size_t i = 0; i < order->count; i++) {
		const struct snapshot_socket *socket = &sockets[order->items[i].index];

		order->items[i].key = key_of(order, socket->local, socket->local_port);
	}
	sort_items(order->items, order->count, NULL, NULL);
}

/* Moves CLOSE_WAIT sockets to the front, the oldest first. */
static void sort_by_age(struct order *order, const struct snapshot_socket *sockets)
{
	for (size_t i = 0; i < order->count; i++) {
		const struct snapshot_socket *socket = &sockets[order->items[i].index];

		order->items[i].key = socket->state == STATE_CLOSE_WAIT ? socket_rank(socket) : UINT64_MAX;
	}
	sort_items(order->items, order->count, NULL, NULL);
}

static void order_release(struct order *order)
{
	free(order->rank);
	free(order->items);
}

static int order_init(struct order *order, const struct snapshot *snapshot, const struct table_options *options)
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
	select_rows(order, snapshot, options);
	sort_by_ends(order, snapshot->sockets);
	if (table_is_special(options))
		sort_by_age(order, snapshot->sockets);
	return 0;
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
static size_t host_text(char text[ROW_ADDRESS_MAX], const struct snapshot_address *address, bool mapped)
{
	size_t length = row_address_text(text + 1, address, mapped);

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

static void put_printable(struct textbuf *out, const char *bytes, size_t length)
{
	char step[PRINTABLE_MAX];

	for (size_t taken; length > 0; bytes += taken, length -= taken)
		textbuf_append(out, step, printable_step(step, bytes, length, &taken));
}

static int address_width(const struct snapshot *snapshot)
{
	size_t width = ADDRESS_WIDTH, length;
	char text[ROW_ADDRESS_MAX];

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

/* Writes the columns of a wide table: queues in bytes (of a listener: the accept queue and its limit), and the time
 * since the peer's last segment in seconds. */
static void put_wide_columns(struct textbuf *out, const struct snapshot_socket *socket)
{
	char age[AGE_TEXT_MAX] = "-";

	if (socket->flags & SOCKET_HAS_QUIET)
		snprintf(age, sizeof(age), "%lu.%03lu s", (unsigned long)socket->quiet_ms / 1000,
		         (unsigned long)socket->quiet_ms % 1000);
	if (socket->flags & SOCKET_HAS_QUEUES)
		textbuf_printf(out, "%10lu %10lu ", (unsigned long)socket->receive_queue,
		               (unsigned long)socket->send_queue);
	else
		textbuf_printf(out, "%10s %10s ", "-", "-");
	textbuf_printf(out, "%14s ", age);
}

static void put_text_row(struct textbuf *out, const struct snapshot *snapshot, const struct snapshot_socket *socket,
                         int width, bool wide)
{
	const struct snapshot_process *owner = owner_of(snapshot, socket);
	struct snapshot_address remote_address = remote_of(snapshot, socket);
	bool mapped = socket->flags & SOCKET_V4_MAPPED;
	char local[ROW_ADDRESS_MAX], remote[ROW_ADDRESS_MAX];
	const char *name;
	size_t length;

	host_text(local, &snapshot->addresses[socket->local], mapped);
	host_text(remote, &remote_address, mapped);
	textbuf_printf(out, "%-11s %*s:%-8u %*s:%-8u %-6lu ", state_word(socket->state), width, local,
	               socket->local_port, width, remote, socket->remote_port,
	               owner != NULL ? (unsigned long)owner->pid : 0);
	if (wide)
		put_wide_columns(out, socket);
	name = owner_name(snapshot, socket, &length);
	put_printable(out, name, length);
	textbuf_putc(out, '\n');
}

static void write_text(struct textbuf *out, const struct order *order, const struct snapshot *snapshot, bool wide)
{
	int width = address_width(snapshot);

	if (wide)
		textbuf_printf(out, "%-11s %*s:%-8s %*s:%-8s %-6s %10s %10s %14s %s\n", "STATE", width, "LOCAL", "PORT",
		               width, "REMOTE", "PORT", "PID", "RECV-Q", "SEND-Q", "LAST SEGMENT", "PROCESS");
	for (size_t i = 0; i < order->count; i++)
		put_text_row(out, snapshot, &snapshot->sockets[order->items[i].index], width, wide);
}

static void write_json(struct textbuf *out, const struct order *order, const struct snapshot *snapshot)
{
	const char *name;
	size_t length;

	textbuf_putc(out, '[');
	for (size_t i = 0; i < order->count; i++) {
		const struct snapshot_socket *socket = &snapshot->sockets[order->items[i].index];

		textbuf_puts(out, i == 0 ? "\n" : ",\n");
		name = owner_name(snapshot, socket, &length);
		row_json_write(out, snapshot, socket, name, length);
	}
	textbuf_puts(out, "\n]\n");
}

int table_write(struct textbuf *out, const struct snapshot *snapshot, const struct table_options *options)
{
	struct order order;
	int err;

	if (options->format == TABLE_REPLAY) {
		replay_record(out, snapshot);
		return 0;
	}
	err = order_init(&order, snapshot, options);
	if (err != 0)
		return err;
	if (options->format == TABLE_JSON)
		write_json(out, &order, snapshot);
	else
		write_text(out, &order, snapshot, options->wide);
	order_release(&order);
	return 0;
}
