/* SPDX-License-Identifier: Apache-2.0 */
/* Reads a socket's line of a recorded snapshot. */
#include "exporter/platform/replay/reader.h"

static bool read_owner(struct reader *reader, uint32_t *owner)
{
	struct word word = word_next(&reader->line);
	uint64_t index;

	if (word_is(word, "-"))
		*owner = OWNER_NONE;
	else if (word_is(word, "?"))
		*owner = OWNER_UNKNOWN;
	else if (word_number(word, UINT32_MAX, &index) && index < reader->snapshot->process_count)
		*owner = (uint32_t)index;
	else
		return false;
	return true;
}

/* Reads an address and a port. */
static int read_end(struct reader *reader, uint32_t netns, uint32_t *address, uint16_t *port)
{
	struct word word = word_next(&reader->line), host, service;
	uint8_t bytes[16];
	uint64_t value;
	int family;

	if (!word_split(word, ':', &host, &service) || !word_number(service, UINT16_MAX, &value))
		return reader_fault(reader, "expected an address and a port");
	*port = (uint16_t)value;
	*address = ADDRESS_ABSENT;
	if (word_is(host, "-"))
		return 0;
	if (!word_address(host, &family, bytes))
		return reader_fault(reader, "expected an address and a port");
	return snapshot_intern_address(reader->snapshot, netns, family, bytes, address);
}

static int read_device(struct reader *reader, struct snapshot_socket *socket, struct word word)
{
	uint64_t ifindex;

	if (!word_number(word, UINT32_MAX, &ifindex) || ifindex == 0)
		return reader_fault(reader, "expected the index of an interface");
	return snapshot_intern_device(reader->snapshot, (uint32_t)ifindex, &socket->device);
}

/* Reads two numbers with a comma between them. */
static bool read_pair(struct word word, uint64_t max, uint64_t *first, uint64_t *second)
{
	struct word before, after;

	return word_split(word, ',', &before, &after) && word_number(before, max, first) &&
	       word_number(after, UINT32_MAX, second);
}

static bool read_queues(struct snapshot_socket *socket, struct word word)
{
	uint64_t receive, send;

	if (!read_pair(word, UINT32_MAX, &receive, &send))
		return false;
	socket->receive_queue = (uint32_t)receive;
	socket->send_queue = (uint32_t)send;
	socket->flags |= SOCKET_HAS_QUEUES;
	return true;
}

static bool read_quiet(struct snapshot_socket *socket, struct word word)
{
	uint64_t quiet;

	if (socket->state == STATE_LISTEN || !word_number(word, UINT32_MAX, &quiet))
		return false;
	socket->quiet_ms = (uint32_t)quiet;
	socket->flags |= SOCKET_HAS_QUIET;
	return true;
}

static bool read_flag(struct snapshot_socket *socket, struct word word)
{
	for (size_t i = 0; i < REPLAY_FLAG_COUNT; i++) {
		if (!word_is(word, replay_flags[i].name))
			continue;
		socket->flags = (uint8_t)(socket->flags | replay_flags[i].bit);
		return true;
	}
	return false;
}

/* Reads a property that depends on the row alone. */
static bool read_property(struct snapshot_socket *socket, struct word word)
{
	if (word_skip(&word, "queues="))
		return read_queues(socket, word);
	if (word_skip(&word, "quiet_ms="))
		return read_quiet(socket, word);
	return read_flag(socket, word);
}

static int read_drops(struct reader *reader, struct snapshot_socket *socket, struct word word)
{
	uint64_t identity, drops;

	if (socket->state != STATE_LISTEN || !read_pair(word, UINT64_MAX, &identity, &drops))
		return reader_fault(reader, "expected the identity and drops of a listener");
	return snapshot_set_drops(reader->snapshot, socket, identity, (uint32_t)drops);
}

/* Reads the required words: state, owner and addresses. */
static int read_row(struct reader *reader, struct snapshot_socket *socket)
{
	struct word word = word_next(&reader->line);
	enum socket_state state = state_from_name(word.bytes, word.length);
	uint64_t netns;
	int err;

	if (state == STATE_COUNT || !(reader->snapshot->states & STATE_BIT(state)))
		return reader_fault(reader, "state is missing in the states line");
	socket->state = (uint8_t)state;
	if (!read_owner(reader, &socket->owner))
		return reader_fault(reader, "unknown owner");
	if (!reader_number(reader, UINT32_MAX, &netns) || netns >= reader->snapshot->netns_count)
		return reader_fault(reader, "unknown namespace");
	err = read_end(reader, (uint32_t)netns, &socket->local, &socket->local_port);
	if (err == 0 && socket->local == ADDRESS_ABSENT)
		return reader_fault(reader, "socket without a local address");
	if (err == 0)
		err = read_end(reader, (uint32_t)netns, &socket->remote, &socket->remote_port);
	return err;
}

/* Reads the optional words after the addresses. */
static int read_properties(struct reader *reader, struct snapshot_socket *socket)
{
	int err = 0;

	for (struct word word; err == 0 && (word = word_next(&reader->line)).length > 0;) {
		if (word_skip(&word, "device="))
			err = read_device(reader, socket, word);
		else if (word_skip(&word, "drops="))
			err = read_drops(reader, socket, word);
		else if (!read_property(socket, word))
			err = reader_fault(reader, "unknown property of a socket");
	}
	return err;
}

int reader_socket(struct reader *reader)
{
	struct snapshot_socket row = {0}, *socket;
	int err = read_row(reader, &row);

	if (err == 0)
		err = read_properties(reader, &row);
	if (err != 0)
		return err;
	if ((row.flags & SOCKET_V4_MAPPED) && reader->snapshot->addresses[row.local].family != 4)
		return reader_fault(reader, "v4_mapped with an address that is not IPv4");
	if ((row.flags & SOCKET_CREDITED) && row.owner >= OWNER_UNKNOWN)
		return reader_fault(reader, "credited without an owner");
	socket = snapshot_add_socket(reader->snapshot);
	if (socket == NULL)
		return -ENOMEM;
	*socket = row;
	return 0;
}
