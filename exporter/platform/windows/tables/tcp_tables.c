/* SPDX-License-Identifier: Apache-2.0 */
/* TCP tables: fetches and decodes them. */
#include "exporter/platform/windows/tables/tcp_tables.h"

#include <errno.h>
#include <stdlib.h>

#include "exporter/platform/windows/sockets/pair.h"
#include "exporter/platform/windows/tables/mib_tcp.h"
#include "exporter/platform/windows/win32_error.h"

/* Checks the decoder's layouts against those of Windows. */
#define SAME(type, field, ours, our_field)                                                                             \
	_Static_assert(offsetof(type, field) == offsetof(struct ours, our_field), "another layout of " #type)
#define SAME_SIZE(type, ours) _Static_assert(sizeof(type) == sizeof(struct ours), "another layout of " #type)
SAME_SIZE(MIB_TCPROW_OWNER_MODULE, mib_tcp4_row);
SAME(MIB_TCPROW_OWNER_MODULE, dwState, mib_tcp4_row, state);
SAME(MIB_TCPROW_OWNER_MODULE, dwLocalAddr, mib_tcp4_row, local);
SAME(MIB_TCPROW_OWNER_MODULE, dwLocalPort, mib_tcp4_row, local_port);
SAME(MIB_TCPROW_OWNER_MODULE, dwRemoteAddr, mib_tcp4_row, remote);
SAME(MIB_TCPROW_OWNER_MODULE, dwRemotePort, mib_tcp4_row, remote_port);
SAME(MIB_TCPROW_OWNER_MODULE, dwOwningPid, mib_tcp4_row, pid);
SAME(MIB_TCPROW_OWNER_MODULE, liCreateTimestamp, mib_tcp4_row, created);
SAME(MIB_TCPROW_OWNER_MODULE, OwningModuleInfo, mib_tcp4_row, module);
SAME_SIZE(MIB_TCP6ROW_OWNER_MODULE, mib_tcp6_row);
SAME(MIB_TCP6ROW_OWNER_MODULE, ucLocalAddr, mib_tcp6_row, local);
SAME(MIB_TCP6ROW_OWNER_MODULE, dwLocalPort, mib_tcp6_row, local_port);
SAME(MIB_TCP6ROW_OWNER_MODULE, ucRemoteAddr, mib_tcp6_row, remote);
SAME(MIB_TCP6ROW_OWNER_MODULE, dwRemotePort, mib_tcp6_row, remote_port);
SAME(MIB_TCP6ROW_OWNER_MODULE, dwState, mib_tcp6_row, state);
SAME(MIB_TCP6ROW_OWNER_MODULE, dwOwningPid, mib_tcp6_row, pid);
SAME(MIB_TCP6ROW_OWNER_MODULE, liCreateTimestamp, mib_tcp6_row, created);
SAME(MIB_TCP6ROW_OWNER_MODULE, OwningModuleInfo, mib_tcp6_row, module);
_Static_assert(offsetof(MIB_TCPTABLE_OWNER_MODULE, table) == sizeof(uint64_t), "another header");
_Static_assert(offsetof(MIB_TCP6TABLE_OWNER_MODULE, table) == sizeof(uint64_t), "another header");

static const struct family {
	ULONG number;
	const char *what;
	const struct mib_layout *layout;
} families[TCP_FAMILIES] = {
        {AF_INET, "cannot read the table of IPv4", &mib_tcp4},
        {AF_INET6, "cannot read the table of IPv6", &mib_tcp6},
};

/* A call of the IP helper, and its result. */
struct request {
	const struct ip_helper *helper;
	ULONG family;
	unsigned long code;
};

static int fetch(void *data, void *bytes, size_t capacity, size_t *needed)
{
	struct request *request = data;
	DWORD size = capacity < UINT32_MAX ? (DWORD)capacity : UINT32_MAX;

	request->code = request->helper->tcp_table(bytes, &size, FALSE, request->family, TCP_TABLE_OWNER_MODULE_ALL, 0);
	*needed = size;
	return request->code != NO_ERROR ? win32_errno(request->code) : 0;
}

static int add_row(struct tcp_tables *tables, struct snapshot *snapshot, const struct mib_row *row, size_t number,
                   bool with_remote)
{
	size_t index = snapshot->socket_count;
	int result =
	        array_reserve((void **)&tables->owners, &tables->owners_capacity, index + 1, sizeof(*tables->owners));

	if (result != 0)
		return result;
	tables->owners[index] = (struct row_owner){row->pid, row->service, row->created, number};
	return mib_row_add(snapshot, row, with_remote);
}

/* Appends the rows of one family's table. */
static int add_rows(struct tcp_tables *tables, size_t which, bool with_remote, struct deadline *deadline,
                    struct snapshot *snapshot, struct platform_error *error)
{
	const struct family *family = &families[which];
	const struct growing *bytes = &tables->bytes[which];
	int64_t count = mib_count(family->layout, bytes->bytes, bytes->capacity);
	int result = count < 0 ? (int)count : 0;

	if (result != 0)
		platform_error_set(error, "%s: it is shorter than it says", family->what);
	for (int64_t i = 0; i < count && result == 0; i++) {
		struct mib_row row = mib_row(family->layout, bytes->bytes, (size_t)i);

		if (row.family == 4 && pair_has_address(row.local))
			continue;
		result = add_row(tables, snapshot, &row, (size_t)i, with_remote);
		if (result == 0)
			result = deadline_check(deadline);
		if (result != 0)
			platform_error_set(error, "%s: %s", family->what,
			                   result == -ENOMEM ? "out of memory" : "no time left");
	}
	return result;
}

/* Fetches one family's table. *absent: the host does not have the family. */
static int fetch_family(struct tcp_tables *tables, const struct ip_helper *helper, size_t which, bool *absent,
                        struct platform_error *error)
{
	const struct family *family = &families[which];
	struct request request = {.helper = helper, .family = family->number};
	int result = growing_fetch(&tables->bytes[which], fetch, &request);

	*absent = request.code == ERROR_NOT_SUPPORTED && family->number == AF_INET6;
	if (*absent)
		return 0;
	if (result == -ENOMEM)
		platform_error_set(error, "%s: out of memory", family->what);
	else if (result == -EINTR)
		platform_error_set(error, "%s: it grew faster than it could be read", family->what);
	else if (result != 0)
		result = win32_fail(error, family->what, request.code);
	return result;
}

void tcp_tables_release(struct tcp_tables *tables)
{
	for (size_t i = 0; i < TCP_FAMILIES; i++)
		growing_release(&tables->bytes[i]);
	free(tables->owners);
	*tables = (struct tcp_tables){0};
}

int tcp_tables_read(struct tcp_tables *tables, const struct ip_helper *helper, bool with_remote,
                    struct deadline *deadline, struct snapshot *snapshot, struct platform_error *error)
{
	int result = 0;

	for (size_t i = 0; i < TCP_FAMILIES && result == 0; i++) {
		bool absent;

		result = fetch_family(tables, helper, i, &absent, error);
		if (result == 0 && !absent)
			result = add_rows(tables, i, with_remote, deadline, snapshot, error);
		if (i == 0)
			tables->v4_count = snapshot->socket_count;
	}
	return result;
}

/* A question for the module of a row. */
struct module_request {
	const struct ip_helper *helper;
	const void *row;
	size_t family;
};

static int fetch_module(void *data, void *bytes, size_t capacity, size_t *needed)
{
	const struct module_request *request = data;
	DWORD size = (DWORD)capacity;
	MIB_TCPROW_OWNER_MODULE row4;
	MIB_TCP6ROW_OWNER_MODULE row6;
	unsigned long code;

	/* The functions do not promise to leave the row as it is. */
	if (request->family == 0) {
		row4 = *(const MIB_TCPROW_OWNER_MODULE *)request->row;
		code = request->helper->module4(&row4, TCPIP_OWNER_MODULE_INFO_BASIC, bytes, &size);
	} else {
		row6 = *(const MIB_TCP6ROW_OWNER_MODULE *)request->row;
		code = request->helper->module6(&row6, TCPIP_OWNER_MODULE_INFO_BASIC, bytes, &size);
	}
	*needed = size;
	return code != NO_ERROR ? win32_errno(code) : 0;
}

int tcp_tables_module(const struct tcp_tables *tables, const struct ip_helper *helper, size_t row,
                      struct growing *buffer)
{
	struct module_request request = {.helper = helper, .family = row < tables->v4_count ? 0 : 1};
	const struct mib_layout *layout = families[request.family].layout;
	const char *bytes = tables->bytes[request.family].bytes;

	if (helper->module4 == NULL || helper->module6 == NULL)
		return -ENOTSUP;
	request.row = bytes + layout->header + tables->owners[row].number * layout->size;
	return growing_fetch(buffer, fetch_module, &request);
}
