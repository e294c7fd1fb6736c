/* SPDX-License-Identifier: Apache-2.0 */
/* Row as JSON: writes the fields of one socket. A field whose fact is absent is left out. */
#include "exporter/sockets/row_json.h"

#include <string.h>

#include "exporter/printable.h"
#include "metrics/address.h"

enum { MS_DIGITS = 3 };

size_t row_address_text(char *text, const struct snapshot_address *address, bool mapped)
{
	static const char prefix[] = "::ffff:";
	size_t length = 0;

	if (mapped && address->family == 4) {
		length = sizeof(prefix) - 1;
		memcpy(text, prefix, length);
	}
	return length + address_format(text + length, address);
}

static void put_string(struct textbuf *out, const char *text, size_t length)
{
	char step[JSON_STEP_MAX];
	size_t taken;

	textbuf_putc(out, '"');
	for (; length > 0; text += taken, length -= taken)
		textbuf_append(out, step, json_step(step, text, length, &taken));
	textbuf_putc(out, '"');
}

/* Writes "WHICH_address":"...","WHICH_port":N, */
static void put_end(struct textbuf *out, const char *which, const struct snapshot_address *address, bool mapped,
                    unsigned port)
{
	char text[ROW_ADDRESS_MAX];

	row_address_text(text, address, mapped);
	textbuf_printf(out, "\"%s_address\":\"%s\",\"%s_port\":%u,", which, text, which, port);
}

static void put_ends(struct textbuf *out, const struct snapshot *snapshot, const struct snapshot_socket *socket)
{
	const struct snapshot_address *local = &snapshot->addresses[socket->local];
	bool mapped = socket->flags & SOCKET_V4_MAPPED;

	textbuf_printf(out, "\"family\":%u,", local->family);
	if (snapshot->netns_count > 1) {
		textbuf_puts(out, "\"netns\":");
		textbuf_put_uint(out, snapshot->netns[local->netns].id);
		textbuf_putc(out, ',');
	}
	put_end(out, "local", local, mapped, socket->local_port);
	if (socket->remote != ADDRESS_ABSENT)
		put_end(out, "remote", &snapshot->addresses[socket->remote], mapped, socket->remote_port);
}

static void put_owner(struct textbuf *out, const struct snapshot *snapshot, const struct snapshot_socket *socket,
                      const char *name, size_t length)
{
	if (socket->owner < snapshot->process_count)
		textbuf_printf(out, "\"pid\":%lu,\"process\":", (unsigned long)snapshot->processes[socket->owner].pid);
	else
		textbuf_puts(out, "\"pid\":null,\"process\":");
	put_string(out, name, length);
	textbuf_puts(out, socket->flags & SOCKET_CREDITED ? ",\"credited\":true" : ",\"credited\":false");
}

static void put_queues(struct textbuf *out, const struct snapshot_socket *socket)
{
	bool listens = socket->state == STATE_LISTEN;

	textbuf_printf(out, ",\"%s\":%lu,\"%s\":%lu", listens ? "accept_queue" : "receive_queue",
	               (unsigned long)socket->receive_queue, listens ? "accept_queue_limit" : "send_queue",
	               (unsigned long)socket->send_queue);
}

void row_json_write(struct textbuf *out, const struct snapshot *snapshot, const struct snapshot_socket *socket,
                    const char *name, size_t name_length)
{
	textbuf_printf(out, "{\"state\":\"%s\",", state_name((enum socket_state)socket->state));
	put_ends(out, snapshot, socket);
	put_owner(out, snapshot, socket, name, name_length);
	if (socket->flags & SOCKET_HAS_QUEUES)
		put_queues(out, socket);
	if (socket->flags & SOCKET_HAS_QUIET) {
		textbuf_puts(out, ",\"last_segment_seconds\":");
		textbuf_put_decimal(out, socket->quiet_ms, MS_DIGITS);
	}
	textbuf_putc(out, '}');
}
