/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzzes the decoders of Windows' tables. The first byte says how the others are read: as one of the tables of sockets,
 * whose rows are decoded and joined with processes, as a list of processes, as a command line, as output of netsh, or
 * as UTF-16.
 */
#include "tests/fuzz/fuzz.h"

#include <errno.h>

#include "exporter/platform/windows/names/app_pool.h"
#include "exporter/platform/windows/tables/mib_tcp.h"
#include "exporter/platform/windows/ports/netsh_text.h"
#include "exporter/platform/windows/tables/process_information.h"
#include "exporter/platform/windows/tables/process_table.h"
#include "exporter/platform/windows/utf16.h"
#include "metrics/utf8.h"

enum kind {
	KIND_V4,
	KIND_V6,
	KIND_UTF16,
	KIND_BOUND4,
	KIND_BOUND6,
	KIND_PROCESSES,
	KIND_COMMAND_LINE,
	KIND_NETSH,
	KIND_COUNT
};

/* One in this number of PIDs has a process. */
enum { PID_STEP = 3 };

static int describe(void *data, struct snapshot *snapshot, uint32_t index, size_t row)
{
	size_t *described = data;

	(void)row;
	CHECK(index < snapshot->process_count);
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
static void join(const struct row_owner *owners, size_t count)
{
	struct process_table table = {0};
	struct snapshot snapshot;
	size_t described = 0;
	const struct process_describer describer = {describe, &described};

	snapshot_init(&snapshot);
	for (size_t i = 0; i < count; i++) {
		CHECK(snapshot_add_socket(&snapshot) != NULL);
		if (owners[i].pid % PID_STEP == 0) {
			CHECK(process_table_add(&table, owners[i].pid, owners[i].pid, "name", owners[i].pid % 5) == 0);
			process_table_find(&table, owners[i].pid)->has_services = owners[i].pid % 2;
		}
	}
	CHECK(process_table_join(&table, &snapshot, owners, &describer) == 0);
	CHECK(described <= snapshot.process_count);
	for (size_t i = 0; i < count; i++)
		check_owner(&snapshot, snapshot.sockets[i].owner, owners[i].pid);
	process_table_release(&table);
	snapshot_release(&snapshot);
}

static void check_table(const char *bytes, size_t length, const struct mib_layout *layout)
{
	const int64_t count = mib_count(layout, bytes, length);
	struct row_owner *owners;

	if (count <= 0)
		return;
	CHECK((size_t)count < length);
	owners = calloc((size_t)count, sizeof(*owners));
	CHECK(owners);
	for (size_t i = 0; i < (size_t)count; i++) {
		struct mib_row row = mib_row(layout, bytes, i);

		check_row(&row, layout->family);
		owners[i] = (struct row_owner){row.pid, row.service, row.created, (size_t)i};
	}
	join(owners, (size_t)count);
	free(owners);
}

/* The bytes have been at the address 0, so that small numbers are addresses in them. */
static void check_processes(const char *bytes, size_t length)
{
	struct process_table table = {0};
	int result = process_information_decode(&table, bytes, length, 0);

	CHECK(result == 0 || result == -EINVAL);
	CHECK(table.count <= length);
	process_table_release(&table);
}

static void check_command_line(const char *bytes, size_t length)
{
	const size_t count = length / sizeof(uint16_t);
	uint16_t *units = (uint16_t *)(void *)exact_copy(bytes, count * sizeof(uint16_t));
	size_t found;
	const uint16_t *pool = app_pool_find(units, count, &found);

	CHECK(pool == NULL || (pool > units && found > 0 && (size_t)(pool - units) + found <= count));
	free(units);
}

static void check_netsh(const char *bytes, size_t length)
{
	struct port_set ports = {0};
	uint16_t low = 0, high = 0;

	if (netsh_parse_range(bytes, length, &low, &high))
		CHECK(low > 0 && low <= high);
	netsh_parse_excluded(bytes, length, &ports);
	CHECK(!port_set_has(&ports, 0));
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
		check_table(copy, length - 1, &mib_tcp4);
		break;
	case KIND_V6:
		check_table(copy, length - 1, &mib_tcp6);
		break;
	case KIND_BOUND4:
		check_table(copy, length - 1, &mib_bound4);
		break;
	case KIND_BOUND6:
		check_table(copy, length - 1, &mib_bound6);
		break;
	case KIND_PROCESSES:
		check_processes(copy, length - 1);
		break;
	case KIND_COMMAND_LINE:
		check_command_line(copy, length - 1);
		break;
	case KIND_NETSH:
		check_netsh(copy, length - 1);
		break;
	case KIND_UTF16:
	case KIND_COUNT:
		check_utf16(copy, length - 1);
		break;
	}
	free(copy);
	return 0;
}
