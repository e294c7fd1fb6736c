/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzzes the reader of recorded snapshots: an accepted snapshot is sound, and is written back without loss. */
#include "tests/fuzz/fuzz.h"

#include <errno.h>

#include "exporter/cli/record.h"
#include "exporter/platform/replay/parse.h"

/* Larger than the record of any input. */
#define RECORD_MAX ((size_t)64 * 1024 * 1024)

static void check_texts(const struct snapshot *snapshot)
{
	for (size_t i = 0; i < snapshot->process_count; i++) {
		const struct snapshot_process *process = &snapshot->processes[i];

		CHECK(process->text[PROCESS_NAME].length != TEXT_ABSENT);
		for (int text = 0; text < PROCESS_TEXT_COUNT; text++) {
			struct snapshot_text place = process->text[text];

			if (place.length == TEXT_ABSENT)
				continue;
			CHECK(place.offset <= snapshot->text_length);
			CHECK(place.length <= snapshot->text_length - place.offset);
		}
	}
}

static bool is_same(const struct snapshot_address *a, const struct snapshot_address *b)
{
	return a->netns == b->netns && a->family == b->family && memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

static void check_addresses(const struct snapshot *snapshot)
{
	static const uint8_t zeros[12];

	for (size_t i = 0; i < snapshot->address_count; i++) {
		const struct snapshot_address *address = &snapshot->addresses[i];

		CHECK(address->netns < snapshot->netns_count);
		CHECK(address->family == 4 || address->family == 6);
		CHECK(address->family == 6 || memcmp(address->bytes + 4, zeros, sizeof(zeros)) == 0);
		for (size_t other = 0; other < i && i < 32; other++)
			CHECK(!is_same(address, &snapshot->addresses[other]));
	}
}

static void check_sockets(const struct snapshot *snapshot)
{
	for (size_t i = 0; i < snapshot->socket_count; i++) {
		const struct snapshot_socket *socket = &snapshot->sockets[i];

		CHECK(socket->owner < snapshot->process_count || socket->owner == OWNER_NONE ||
		      socket->owner == OWNER_UNKNOWN);
		CHECK(socket->local < snapshot->address_count);
		CHECK(socket->remote < snapshot->address_count || socket->remote == ADDRESS_ABSENT);
		CHECK(socket->state < STATE_COUNT && (snapshot->states & STATE_BIT(socket->state)));
		CHECK(!(socket->flags & SOCKET_CREDITED) || socket->owner < snapshot->process_count);
		CHECK((socket->flags & SOCKET_HAS_QUEUES) || (!socket->receive_queue && !socket->send_queue));
		if (socket->state == STATE_LISTEN)
			CHECK(socket->listener <= snapshot->listener_count && !(socket->flags & SOCKET_HAS_QUIET));
		else
			CHECK((socket->flags & SOCKET_HAS_QUIET) || !socket->quiet_ms);
	}
}

static void record(struct textbuf *out, const struct snapshot *snapshot)
{
	textbuf_init(out, RECORD_MAX);
	replay_record(out, snapshot);
	CHECK(out->error == 0 && out->length > 0);
}

/* Checks that the written snapshot reads back, and is written to the same bytes again. */
static void check_round_trip(const struct snapshot *snapshot)
{
	struct textbuf first, second;
	struct replay_fault fault;
	struct snapshot again;

	record(&first, snapshot);
	snapshot_init(&again);
	CHECK(replay_parse(first.data, first.length, NULL, &again, &fault) == 0);
	CHECK(again.socket_count == snapshot->socket_count && again.process_count == snapshot->process_count);
	CHECK(again.states == snapshot->states && again.facts == snapshot->facts);
	record(&second, &again);
	CHECK(first.length == second.length && memcmp(first.data, second.data, first.length) == 0);
	snapshot_release(&again);
	textbuf_release(&second);
	textbuf_release(&first);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	char *copy = exact_copy(bytes, length);
	struct replay_fault fault = {0};
	struct snapshot snapshot;
	int result;

	snapshot_init(&snapshot);
	result = replay_parse(copy, length, NULL, &snapshot, &fault);
	if (result == 0) {
		check_texts(&snapshot);
		check_addresses(&snapshot);
		check_sockets(&snapshot);
		check_round_trip(&snapshot);
	} else {
		CHECK(result == -EINVAL && fault.reason && fault.reason[0]);
		CHECK(fault.line >= 1 && fault.line <= length + 1);
	}
	snapshot_release(&snapshot);
	free(copy);
	return 0;
}
