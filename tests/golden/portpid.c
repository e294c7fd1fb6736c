/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Listing of the portpid program: tables as GetExtendedTcpTable() writes them, with every state, and processes as
 * Windows names them, through the decoders, the join and the printer of --print-table on Windows.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "exporter/cli/print.h"
#include "exporter/platform/host.h"
#include "exporter/platform/windows/tables/mib_tcp.h"
#include "exporter/platform/windows/tables/process_table.h"

enum { ROWS_MAX = 32 };

/* A port in network byte order. The other two bytes are undefined. */
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define PORT(number) ((uint32_t)((number) >> 8 | ((number)&0xff) << 8) | 0xbeef0000u)
#else
#define PORT(number) ((uint32_t)(number) << 16 | 0xbeefu)
#endif

static const struct {
	uint32_t count, padding;
	struct mib_tcp4_row rows[14];
} table4 = {
        14,
        0,
        {
                {.state = 2,
                 .local = {0, 0, 0, 0},
                 .local_port = PORT(135),
                 .remote = {9, 9, 9, 9},
                 .remote_port = PORT(9),
                 .pid = 880},
                {.state = 2,
                 .local = {0, 0, 0, 0},
                 .local_port = PORT(80),
                 .remote = {0, 0, 0, 0},
                 .remote_port = PORT(0),
                 .pid = 4},
                {.state = 5,
                 .local = {192, 168, 100, 200},
                 .local_port = PORT(3389),
                 .remote = {192, 168, 100, 100},
                 .remote_port = PORT(65535),
                 .pid = 1044},
                {.state = 8,
                 .local = {192, 168, 100, 200},
                 .local_port = PORT(80),
                 .remote = {198, 51, 100, 7},
                 .remote_port = PORT(51514),
                 .pid = 4},
                {.state = 11,
                 .local = {192, 168, 100, 200},
                 .local_port = PORT(80),
                 .remote = {198, 51, 100, 7},
                 .remote_port = PORT(51513),
                 .pid = 0},
                {.state = 12,
                 .local = {192, 168, 100, 200},
                 .local_port = PORT(80),
                 .remote = {198, 51, 100, 7},
                 .remote_port = PORT(51512),
                 .pid = 0},
                {.state = 1,
                 .local = {0, 0, 0, 0},
                 .local_port = PORT(0),
                 .remote = {0, 0, 0, 0},
                 .remote_port = PORT(0),
                 .pid = 7204},
                {.state = 3,
                 .local = {192, 168, 100, 200},
                 .local_port = PORT(50123),
                 .remote = {203, 0, 113, 9},
                 .remote_port = PORT(443),
                 .pid = 7204},
                {.state = 4,
                 .local = {192, 168, 100, 200},
                 .local_port = PORT(80),
                 .remote = {198, 51, 100, 8},
                 .remote_port = PORT(40000),
                 .pid = 4},
                {.state = 6,
                 .local = {127, 0, 0, 1},
                 .local_port = PORT(50001),
                 .remote = {127, 0, 0, 1},
                 .remote_port = PORT(8080),
                 .pid = 123456},
                {.state = 7,
                 .local = {127, 0, 0, 1},
                 .local_port = PORT(50002),
                 .remote = {127, 0, 0, 1},
                 .remote_port = PORT(8080),
                 .pid = 123456},
                {.state = 9,
                 .local = {127, 0, 0, 1},
                 .local_port = PORT(50003),
                 .remote = {127, 0, 0, 1},
                 .remote_port = PORT(8080),
                 .pid = 123456},
                {.state = 10,
                 .local = {127, 0, 0, 1},
                 .local_port = PORT(50004),
                 .remote = {127, 0, 0, 1},
                 .remote_port = PORT(8080),
                 .pid = 123456},
                {.state = 5,
                 .local = {127, 0, 0, 1},
                 .local_port = PORT(50005),
                 .remote = {127, 0, 0, 1},
                 .remote_port = PORT(8080),
                 .pid = 999},
        },
};
static const struct {
	uint32_t count, padding;
	struct mib_tcp6_row rows[2];
} table6 = {
        2,
        0,
        {
                {.state = 2, .local_port = PORT(135), .pid = 880},
                {.state = 5,
                 .local = {0xfe, 0x80, [15] = 1},
                 .local_scope = 3,
                 .local_port = PORT(445),
                 .remote = {0xfe, 0x80, [15] = 2},
                 .remote_scope = 3,
                 .remote_port = PORT(49700),
                 .pid = 4},
        },
};

/* PID 999 is missing, as after its end. */
static const struct {
	uint32_t pid;
	const char *name;
} processes[] = {
        {0, "[System Process]"},   {4, "System"},        {880, "svchost.exe"},
        {1044, "TermService.exe"}, {7204, "chrome.exe"}, {123456, "nginx.exe"},
};

static int add_tables(struct snapshot *snapshot, struct row_owner *owners)
{
	int64_t count4 = mib_count(&mib_tcp4, &table4, sizeof(table4)),
	        count6 = mib_count(&mib_tcp6, &table6, sizeof(table6));
	int err = count4 > 0 && count6 > 0 && count4 + count6 <= ROWS_MAX ? 0 : -EINVAL;

	for (int64_t i = 0; err == 0 && i < count4 + count6; i++) {
		struct mib_row row = i < count4 ? mib_row(&mib_tcp4, &table4, (size_t)i)
		                                : mib_row(&mib_tcp6, &table6, (size_t)(i - count4));

		owners[i] = (struct row_owner){row.pid, row.service, row.created, (size_t)i};
		err = mib_row_add(snapshot, &row, true);
	}
	return err;
}

static int describe(void *data, struct snapshot *snapshot, uint32_t index, size_t row)
{
	(void)row;
	(void)data;
	(void)snapshot;
	(void)index;
	return 0;
}

static int add_owners(struct snapshot *snapshot, const struct row_owner *owners)
{
	const struct process_describer describer = {.describe = describe};
	struct process_table table = {0};
	int err = 0;

	for (size_t i = 0; err == 0 && i < sizeof(processes) / sizeof(processes[0]); i++)
		err = process_table_add(&table, processes[i].pid, 0, processes[i].name, strlen(processes[i].name));
	if (err == 0)
		err = process_table_join(&table, snapshot, owners, &describer);
	process_table_release(&table);
	return err;
}

int main(int argc, char **argv)
{
	const struct snapshot_netns host = {.id = 0};
	struct platform_error error = {""};
	struct snapshot snapshot;
	struct row_owner owners[ROWS_MAX];
	uint32_t index;
	int err = host_prepare(&argc, &argv, &error);

	snapshot_init(&snapshot);
	if (err == 0)
		err = snapshot_add_netns(&snapshot, &host, &index);
	if (err == 0)
		err = add_tables(&snapshot, owners);
	if (err == 0)
		err = add_owners(&snapshot, owners);
	if (err == 0)
		err = print_snapshot(&snapshot, &(const struct table_options){.format = TABLE_TEXT}, NAME_IDLE, &error);
	snapshot_release(&snapshot);
	if (err != 0)
		fprintf(stderr, "portpid: %s\n", error.text[0] != '\0' ? error.text : strerror(-err));
	return err != 0;
}
