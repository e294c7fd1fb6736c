/* SPDX-License-Identifier: Apache-2.0 */
/* IP helper backend: a read fetches both TCP tables with the PIDs of the owners, then the processes of these PIDs. */
#include "exporter/platform/windows/iphlpapi.h"

#include <winsock2.h>

#include <windows.h>
#include <ws2tcpip.h>

#include <errno.h>
#include <iphlpapi.h>
#include <stdlib.h>

#include "exporter/platform/windows/names/process_detail.h"
#include "exporter/platform/windows/names/services.h"
#include "exporter/platform/windows/tables/growing.h"
#include "exporter/platform/windows/tables/mib_tcp.h"
#include "exporter/platform/windows/tables/port_range.h"
#include "exporter/platform/windows/tables/process_table.h"
#include "exporter/platform/windows/tables/toolhelp.h"
#include "exporter/platform/windows/win32_error.h"

/* Checks the decoder's layouts against those of Windows. */
#define SAME(type, field, ours, our_field)                                                                             \
	_Static_assert(offsetof(type, field) == offsetof(ours, our_field), "another layout of " #type)
_Static_assert(sizeof(MIB_TCPROW_OWNER_PID) == sizeof(struct mib_tcp4_row), "another row");
_Static_assert(sizeof(MIB_TCP6ROW_OWNER_PID) == sizeof(struct mib_tcp6_row), "another row");
_Static_assert(offsetof(MIB_TCPTABLE_OWNER_PID, table) == sizeof(DWORD), "another table");
_Static_assert(offsetof(MIB_TCP6TABLE_OWNER_PID, table) == sizeof(DWORD), "another table");
SAME(MIB_TCPROW_OWNER_PID, dwState, struct mib_tcp4_row, state);
SAME(MIB_TCPROW_OWNER_PID, dwLocalAddr, struct mib_tcp4_row, local);
SAME(MIB_TCPROW_OWNER_PID, dwLocalPort, struct mib_tcp4_row, local_port);
SAME(MIB_TCPROW_OWNER_PID, dwRemoteAddr, struct mib_tcp4_row, remote);
SAME(MIB_TCPROW_OWNER_PID, dwRemotePort, struct mib_tcp4_row, remote_port);
SAME(MIB_TCPROW_OWNER_PID, dwOwningPid, struct mib_tcp4_row, pid);
SAME(MIB_TCP6ROW_OWNER_PID, ucLocalAddr, struct mib_tcp6_row, local);
SAME(MIB_TCP6ROW_OWNER_PID, dwLocalPort, struct mib_tcp6_row, local_port);
SAME(MIB_TCP6ROW_OWNER_PID, ucRemoteAddr, struct mib_tcp6_row, remote);
SAME(MIB_TCP6ROW_OWNER_PID, dwRemotePort, struct mib_tcp6_row, remote_port);
SAME(MIB_TCP6ROW_OWNER_PID, dwState, struct mib_tcp6_row, state);
SAME(MIB_TCP6ROW_OWNER_PID, dwOwningPid, struct mib_tcp6_row, pid);

struct platform {
	const struct platform_options *options;
	struct growing table; /* the table as Windows fills it */
	uint32_t *pids;       /* by row of the snapshot */
	size_t pids_capacity;
	struct process_table processes;
	struct services services;
	struct process_details details;
};

struct family {
	ULONG number;
	const char *what;
	int64_t (*count)(const void *bytes, size_t length);
	struct mib_row (*row)(const void *bytes, size_t index);
};

static const struct family families[] = {
        {AF_INET, "cannot read the table of IPv4", mib_tcp4_count, mib_tcp4_row},
        {AF_INET6, "cannot read the table of IPv6", mib_tcp6_count, mib_tcp6_row},
};

/* A call of the IP helper, and its result. */
struct request {
	ULONG family;
	unsigned long code;
};

static int fetch(void *data, void *bytes, size_t capacity, size_t *needed)
{
	struct request *request = data;
	DWORD size = capacity < UINT32_MAX ? (DWORD)capacity : UINT32_MAX;

	request->code = GetExtendedTcpTable(bytes, &size, FALSE, request->family, TCP_TABLE_OWNER_PID_ALL, 0);
	*needed = size;
	return request->code != NO_ERROR ? win32_errno(request->code) : 0;
}

static int add_row(struct platform *platform, struct snapshot *snapshot, const struct mib_row *row)
{
	size_t index = snapshot->socket_count;
	int result =
	        array_reserve((void **)&platform->pids, &platform->pids_capacity, index + 1, sizeof(*platform->pids));

	if (result != 0)
		return result;
	platform->pids[index] = row->pid;
	return mib_row_add(snapshot, row, (platform->options->want & WANT_REMOTE_ADDRESSES) != 0);
}

static int add_rows(struct platform *platform, const struct family *family, struct deadline *deadline,
                    struct snapshot *snapshot, struct platform_error *error)
{
	int64_t count = family->count(platform->table.bytes, platform->table.capacity);
	int result = count < 0 ? (int)count : 0;

	if (result != 0)
		platform_error_set(error, "%s: it is shorter than it says", family->what);
	for (int64_t i = 0; i < count && result == 0; i++) {
		struct mib_row row = family->row(platform->table.bytes, (size_t)i);

		result = add_row(platform, snapshot, &row);
		if (result == 0)
			result = deadline_check(deadline);
		if (result != 0)
			platform_error_set(error, "%s: %s", family->what,
			                   result == -ENOMEM ? "out of memory" : "no time left");
	}
	return result;
}

static int read_family(struct platform *platform, const struct family *family, struct deadline *deadline,
                       struct snapshot *snapshot, struct platform_error *error)
{
	struct request request = {.family = family->number};
	int result = growing_fetch(&platform->table, fetch, &request);

	if (request.code == ERROR_NOT_SUPPORTED && family->number == AF_INET6)
		return 0; /* the host has no IPv6 */
	if (result == -ENOMEM)
		platform_error_set(error, "%s: out of memory", family->what);
	else if (result == -EINTR)
		platform_error_set(error, "%s: it grew faster than it could be read", family->what);
	else if (result != 0)
		result = win32_fail(error, family->what, request.code);
	return result != 0 ? result : add_rows(platform, family, deadline, snapshot, error);
}

static int read_sockets(struct platform *platform, struct deadline *deadline, struct snapshot *snapshot,
                        struct platform_error *error)
{
	struct snapshot_netns host = {.id = 0};
	uint32_t index;
	int result;

	port_range_read(&host.ephemeral_low, &host.ephemeral_high);
	result = snapshot_add_netns(snapshot, &host, &index);
	if (result != 0)
		platform_error_set(error, "out of memory");
	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]) && result == 0; i++)
		result = read_family(platform, &families[i], deadline, snapshot, error);
	return result;
}

static int describe(void *data, struct snapshot *snapshot, uint32_t index)
{
	struct platform *platform = data;
	int result = process_details_add(&platform->details, snapshot, index, platform->options->want);

	if (result == 0 && platform->options->want & WANT_UNIT)
		result = services_name(&platform->services, snapshot, index);
	return result;
}

static int read_owners(struct platform *platform, struct deadline *deadline, struct snapshot *snapshot,
                       struct platform_error *error)
{
	const struct process_describer describer = {describe, platform};
	int result = 0;

	process_table_reset(&platform->processes);
	if (platform->options->want & WANT_UNIT)
		result = services_read(&platform->services, error);
	if (result == 0)
		result = toolhelp_read(&platform->processes, deadline, error);
	if (result != 0)
		return result;
	result = process_table_join(&platform->processes, snapshot, platform->pids, &describer);
	if (result != 0)
		platform_error_set(error, "out of memory");
	return result;
}

static void iphlpapi_close(struct platform *platform)
{
	if (platform == NULL)
		return;
	growing_release(&platform->table);
	free(platform->pids);
	process_table_release(&platform->processes);
	services_release(&platform->services);
	users_release(&platform->details.users);
	free(platform);
}

static int iphlpapi_read(struct platform *platform, struct deadline *deadline, struct snapshot *snapshot,
                         struct platform_error *error)
{
	uint64_t began = platform_now_ns(), dumped;
	int result;

	snapshot->states = STATE_BIT(STATE_COUNT) - 1;
	snapshot->facts = 0; /* Windows reports no queues, no ages and no further holders */
	result = read_sockets(platform, deadline, snapshot, error);
	dumped = platform_now_ns();
	if (result == 0)
		result = read_owners(platform, deadline, snapshot, error);
	snapshot->sockets_ns = dumped - began;
	snapshot->owners_ns = platform_now_ns() - dumped;
	return result;
}

static int iphlpapi_open(struct platform **out, const struct platform_options *options, struct platform_error *error)
{
	struct platform *platform = calloc(1, sizeof(*platform));

	*out = NULL;
	if (platform == NULL) {
		platform_error_set(error, "out of memory");
		return -ENOMEM;
	}
	platform->options = options;
	*out = platform;
	return 0;
}

const struct platform_backend platform_iphlpapi = {
        .name = "iphlpapi",
        .nobody = NAME_IDLE,
        .lacks = LACKS_PROCFS | LACKS_NETNS | LACKS_CONTAINERS | LACKS_ARGUMENTS | LACKS_CLOSED_OWNERS,
        .open = iphlpapi_open,
        .read = iphlpapi_read,
        .close = iphlpapi_close,
};
