/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzzes the decoders of Windows' tables. The first byte selects the type of the others: a table of IPv4 or IPv6, of
 * which every row is decoded and joined with processes, or UTF-16.
 */
#include "tests/fuzz/fuzz.h"

#include "exporter/platform/windows/tables/mib_tcp.h"
#include "exporter/platform/windows/tables/process_table.h"
#include "exporter/platform/windows/utf16.h"
#include "metrics/utf8.h"

enum kind { KIND_V4, KIND_V6, KIND_UTF16, KIND_COUNT };

/* One in this number of PIDs has a process. */
enum { PID_STEP = 3 };

static int describe(void *data, struct snapshot *snapshot, uint32_t index)
{
	size_t *described = data;

	CHECK(index == *described);
	CHECK(snapshot->processes[index].text[PROCESS_NAME].length != TEXT_ABSENT);
	++*described;
	return 0;
}

static void check_row(const struct mib_row *row, int family)
{
	static const uint8_t zero[16];

	CHECK(row->family == family);
	CHECK((unsigned)row->state < STATE_COUNT);
	if (family == 4) {
		CHECK(memcmp(row->local + 4, zero, 12) == 0);
		CHECK(memcmp(row->remote + 4, zero, 12) == 0);
	}
	if (row->state == STATE_LISTEN) {
		CHECK(row->remote_port == 0);
		CHECK(memcmp(row->remote, zero, sizeof(zero)) == 0);
	}
}

static void check_owner(const struct snapshot *snapshot, uint32_t owner, uint32_t pid)
{
	if (pid == PID_IDLE)
		CHECK(owner == OWNER_NONE);
	else
		CHECK(owner < snapshot->process_count && snapshot->processes[owner].pid == pid);
}

/* Joins rows of these PIDs with a table that has every third of them. */
static void join(const uint32_t *pids, size_t count)
{
	struct process_table table = {0};
	struct snapshot snapshot;
	size_t described = 0;
	const struct process_describer describer = {describe, &described};

	snapshot_init(&snapshot);
	for (size_t i = 0; i < count; i++) {
		CHECK(snapshot_add_socket(&snapshot) != NULL);
		if (pids[i] % PID_STEP == 0)
			CHECK(process_table_add(&table, pids[i], "name", pids[i] % 5) == 0);
	}
	CHECK(process_table_join(&table, &snapshot, pids, &describer) == 0);
	CHECK(described == snapshot.process_count);
	for (size_t i = 0; i < count; i++)
		check_owner(&snapshot, snapshot.sockets[i].owner, pids[i]);
	process_table_release(&table);
	snapshot_release(&snapshot);
}

static void check_table(const char *bytes, size_t length, int family)
{
	const int64_t count = family == 4 ? mib_tcp4_count(bytes, length) : mib_tcp6_count(bytes, length);
	uint32_t *pids;

	if (count <= 0)
		return;
	CHECK((size_t)count < length);
	pids = calloc((size_t)count, sizeof(*pids));
	CHECK(pids);
	for (size_t i = 0; i < (size_t)count; i++) {
		struct mib_row row = family == 4 ? mib_tcp4_row(bytes, i) : mib_tcp6_row(bytes, i);

		check_row(&row, family);
		pids[i] = row.pid;
	}
	join(pids, (size_t)count);
	free(pids);
}

/* Checks that the output is well-formed UTF-8 within the promised size. */
static void check_utf16(const char *bytes, size_t length)
{
	const size_t count = length / sizeof(uint16_t);
	uint16_t *units = (uint16_t *)(void *)exact_copy(bytes, count * sizeof(uint16_t));
	char *utf8 = malloc(UTF16_AS_UTF8_MAX(count) + 1);
	size_t made, step;
	bool valid;

	CHECK(utf8);
	made = utf16_to_utf8(utf8, units, count);
	CHECK(made >= count / 2 && made <= UTF16_AS_UTF8_MAX(count));
	for (size_t at = 0; at < made; at += step) {
		step = utf8_sequence((const unsigned char *)utf8 + at, made - at, &valid);
		CHECK(valid);
	}
	CHECK(utf16_length(units, count) <= count);
	free(utf8);
	free(units);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	char *copy;

	if (length == 0)
		return 0;
	copy = exact_copy(bytes + 1, length - 1);
	switch ((enum kind)(bytes[0] % KIND_COUNT)) {
	case KIND_V4:
		check_table(copy, length - 1, 4);
		break;
	case KIND_V6:
		check_table(copy, length - 1, 6);
		break;
	case KIND_UTF16:
	case KIND_COUNT:
		check_utf16(copy, length - 1);
		break;
	}
	free(copy);
	return 0;
}
