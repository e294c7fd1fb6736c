/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Listing of the portpid program: tables as GetExtendedTcpTable() writes them, with every state, and processes as
 * Toolhelp names them, through the decoders, the join and the printer of --print-table on Windows.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "exporter/cli/print.h"
#include "exporter/platform/host.h"
#include "exporter/platform/windows/tables/mib_tcp.h"
#include "exporter/platform/windows/tables/process_table.h"

enum { ROWS_MAX = 32 };

/* A port in network byte order. The high half is undefined. Every supported system is little-endian. */
#define PORT(number) ((uint32_t)((number) >> 8 | ((number)&0xff) << 8) | 0xbeef0000u)

static const struct {
	uint32_t count;
	struct mib_tcp4_row rows[14];
} table4 = {
        14,
        {
                {2, {0, 0, 0, 0}, PORT(135), {9, 9, 9, 9}, PORT(9), 880},
                {2, {0, 0, 0, 0}, PORT(80), {0, 0, 0, 0}, PORT(0), 4},
                {5, {192, 168, 100, 200}, PORT(3389), {192, 168, 100, 100}, PORT(65535), 1044},
                {8, {192, 168, 100, 200}, PORT(80), {198, 51, 100, 7}, PORT(51514), 4},
                {11, {192, 168, 100, 200}, PORT(80), {198, 51, 100, 7}, PORT(51513), 0},
                {12, {192, 168, 100, 200}, PORT(80), {198, 51, 100, 7}, PORT(51512), 0},
                {1, {0, 0, 0, 0}, PORT(0), {0, 0, 0, 0}, PORT(0), 7204},
                {3, {192, 168, 100, 200}, PORT(50123), {203, 0, 113, 9}, PORT(443), 7204},
                {4, {192, 168, 100, 200}, PORT(80), {198, 51, 100, 8}, PORT(40000), 4},
                {6, {127, 0, 0, 1}, PORT(50001), {127, 0, 0, 1}, PORT(8080), 123456},
                {7, {127, 0, 0, 1}, PORT(50002), {127, 0, 0, 1}, PORT(8080), 123456},
                {9, {127, 0, 0, 1}, PORT(50003), {127, 0, 0, 1}, PORT(8080), 123456},
                {10, {127, 0, 0, 1}, PORT(50004), {127, 0, 0, 1}, PORT(8080), 123456},
                {5, {127, 0, 0, 1}, PORT(50005), {127, 0, 0, 1}, PORT(8080), 999},
        },
};
static const struct {
	uint32_t count;
	struct mib_tcp6_row rows[2];
} table6 = {
        2,
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

static int add_tables(struct snapshot *snapshot, uint32_t *pids)
{
	int64_t count4 = mib_tcp4_count(&table4, sizeof(table4)), count6 = mib_tcp6_count(&table6, sizeof(table6));
	int err = count4 > 0 && count6 > 0 && count4 + count6 <= ROWS_MAX ? 0 : -EINVAL;

	for (int64_t i = 0; err == 0 && i < count4 + count6; i++) {
		struct mib_row row =
		        i < count4 ? mib_tcp4_row(&table4, (size_t)i) : mib_tcp6_row(&table6, (size_t)(i - count4));

		pids[i] = row.pid;
		err = mib_row_add(snapshot, &row, true);
	}
	return err;
}

static int describe(void *data, struct snapshot *snapshot, uint32_t index)
{
	(void)data;
	(void)snapshot;
	(void)index;
	return 0;
}

static int add_owners(struct snapshot *snapshot, const uint32_t *pids)
{
	const struct process_describer describer = {.describe = describe};
	struct process_table table = {0};
	int err = 0;

	for (size_t i = 0; err == 0 && i < sizeof(processes) / sizeof(processes[0]); i++)
		err = process_table_add(&table, processes[i].pid, processes[i].name, strlen(processes[i].name));
	if (err == 0)
		err = process_table_join(&table, snapshot, pids, &describer);
	process_table_release(&table);
	return err;
}

int main(void)
{
	const struct snapshot_netns host = {.id = 0};
	struct platform_error error = {""};
	struct snapshot snapshot;
	uint32_t pids[ROWS_MAX], index;
	int err = host_prepare(&error);

	snapshot_init(&snapshot);
	if (err == 0)
		err = snapshot_add_netns(&snapshot, &host, &index);
	if (err == 0)
		err = add_tables(&snapshot, pids);
	if (err == 0)
		err = add_owners(&snapshot, pids);
	if (err == 0)
		err = print_snapshot(&snapshot, &(const struct table_options){.format = TABLE_TEXT}, NAME_IDLE, &error);
	snapshot_release(&snapshot);
	if (err != 0)
		fprintf(stderr, "portpid: %s\n", error.text[0] != '\0' ? error.text : strerror(-err));
	return err != 0;
}
