/* SPDX-License-Identifier: Apache-2.0 */
/* Record: writes a snapshot as text. The reader is exporter/platform/replay/parse.c. */
#include "exporter/cli/record.h"

#include "exporter/platform/replay/parse.h"

static void put_facts(struct textbuf *out, unsigned facts)
{
	textbuf_puts(out, "facts");
	for (size_t i = 0; i < REPLAY_FACT_COUNT; i++)
		if (facts & replay_facts[i].bit)
			textbuf_printf(out, " %s", replay_facts[i].name);
	textbuf_putc(out, '\n');
}

static void put_states(struct textbuf *out, unsigned states)
{
	textbuf_puts(out, "states");
	for (int state = 0; state < STATE_COUNT; state++)
		if (states & STATE_BIT(state))
			textbuf_printf(out, " %s", state_name((enum socket_state)state));
	textbuf_putc(out, '\n');
}

static void put_number(struct textbuf *out, const char *before, uint64_t number)
{
	textbuf_puts(out, before);
	textbuf_put_uint(out, number);
}

static void put_netns(struct textbuf *out, const struct snapshot_netns *netns)
{
	put_number(out, "netns ", netns->id);
	if (netns->ephemeral_high < netns->ephemeral_low) {
		textbuf_puts(out, " - -\n");
		return;
	}
	put_number(out, " ", netns->ephemeral_low);
	put_number(out, " ", netns->ephemeral_high);
	textbuf_putc(out, '\n');
}

/* Writes one line per run of ports, so that no line grows long. */
static void put_ports(struct textbuf *out, const char *kind, const struct port_set *ports)
{
	for (uint32_t low = 0, high; low <= UINT16_MAX; low = high + 1) {
		high = low;
		if (!port_set_has(ports, (uint16_t)low))
			continue;
		while (high < UINT16_MAX && port_set_has(ports, (uint16_t)(high + 1)))
			high++;
		put_number(out, kind, low);
		if (high > low)
			put_number(out, "-", high);
		textbuf_putc(out, '\n');
	}
}

static void put_escaped(struct textbuf *out, const char *bytes, size_t length)
{
	static const char digits[] = "0123456789ABCDEF";

	for (size_t i = 0; i < length; i++) {
		unsigned char byte = (unsigned char)bytes[i];

		if (byte > ' ' && byte <= '~' && byte != '%')
			textbuf_putc(out, bytes[i]);
		else
			textbuf_append(out, (const char[]){'%', digits[byte >> 4], digits[byte & 15]}, 3);
	}
}

static void put_process(struct textbuf *out, const struct snapshot *snapshot, const struct snapshot_process *process)
{
	put_number(out, "process ", process->pid);
	put_number(out, " ", process->start);
	for (int i = 0; i < PROCESS_TEXT_COUNT; i++) {
		const char *bytes = snapshot_text(snapshot, process->text[i]);

		if (bytes == NULL)
			continue;
		textbuf_printf(out, " %s=", replay_texts[i]);
		put_escaped(out, bytes, process->text[i].length);
	}
	textbuf_putc(out, '\n');
}

static void put_address(struct textbuf *out, const struct snapshot_address *address, uint16_t port)
{
	const uint8_t *b = address->bytes;

	if (address->family == 4) {
		textbuf_printf(out, "%u.%u.%u.%u:%u", b[0], b[1], b[2], b[3], port);
		return;
	}
	for (size_t i = 0; i < 8; i++)
		textbuf_printf(out, "%c%x", i == 0 ? '[' : ':', (unsigned)(b[2 * i] << 8 | b[2 * i + 1]));
	textbuf_printf(out, "]:%u", port);
}

static void put_owner(struct textbuf *out, uint32_t owner)
{
	if (owner == OWNER_NONE)
		textbuf_puts(out, " - ");
	else if (owner == OWNER_UNKNOWN)
		textbuf_puts(out, " ? ");
	else
		textbuf_printf(out, " %lu ", (unsigned long)owner);
}

static void put_drops(struct textbuf *out, const struct snapshot *snapshot, const struct snapshot_socket *socket)
{
	const struct snapshot_listener *listener;

	if (socket->state != STATE_LISTEN || socket->listener == 0)
		return;
	listener = &snapshot->listeners[socket->listener - 1];
	put_number(out, " drops=", listener->identity);
	put_number(out, ",", listener->drops);
}

static void put_socket(struct textbuf *out, const struct snapshot *snapshot, const struct snapshot_socket *socket)
{
	const struct snapshot_address *local = &snapshot->addresses[socket->local];

	textbuf_printf(out, "socket %s", state_name((enum socket_state)socket->state));
	put_owner(out, socket->owner);
	textbuf_put_uint(out, local->netns);
	textbuf_putc(out, ' ');
	put_address(out, local, socket->local_port);
	textbuf_putc(out, ' ');
	if (socket->remote == ADDRESS_ABSENT)
		put_number(out, "-:", socket->remote_port);
	else
		put_address(out, &snapshot->addresses[socket->remote], socket->remote_port);
	if (socket->flags & SOCKET_HAS_QUEUES) {
		put_number(out, " queues=", socket->receive_queue);
		put_number(out, ",", socket->send_queue);
	}
	if (socket->flags & SOCKET_HAS_QUIET)
		put_number(out, " quiet_ms=", socket->quiet_ms);
	put_drops(out, snapshot, socket);
	if (socket->device != DEVICE_NONE)
		put_number(out, " device=", snapshot_ifindex(snapshot, socket->device));
	for (size_t i = 0; i < REPLAY_FLAG_COUNT; i++)
		if (socket->flags & replay_flags[i].bit)
			textbuf_printf(out, " %s", replay_flags[i].name);
	textbuf_putc(out, '\n');
}

void replay_record(struct textbuf *out, const struct snapshot *snapshot)
{
	textbuf_puts(out, REPLAY_TITLE " " REPLAY_VERSION "\n");
	put_facts(out, snapshot->facts);
	put_states(out, snapshot->states);
	put_number(out, "unreadable ", snapshot->unreadable_processes);
	put_number(out, "\nshared ", snapshot->shared_sockets);
	put_number(out, "\ntime ", snapshot->sockets_ns);
	put_number(out, " ", snapshot->owners_ns);
	textbuf_putc(out, '\n');
	for (size_t i = 0; i < snapshot->netns_count; i++)
		put_netns(out, &snapshot->netns[i]);
	put_ports(out, "reserved ", &snapshot->reserved);
	put_ports(out, "bound ", &snapshot->bound_ports);
	for (size_t i = 0; i < snapshot->process_count; i++)
		put_process(out, snapshot, &snapshot->processes[i]);
	for (size_t i = 0; i < snapshot->socket_count; i++)
		put_socket(out, snapshot, &snapshot->sockets[i]);
	textbuf_puts(out, "end\n");
}
