/* SPDX-License-Identifier: Apache-2.0 */
/* Bound ports, from the tables that the IP helper allocates. */
#include "exporter/platform/windows/ports/bound_ports.h"

#include "exporter/platform/windows/tables/mib_tcp.h"

#define SAME(type, field, ours, our_field)                                                                             \
	_Static_assert(offsetof(type, field) == offsetof(struct ours, our_field), "another layout of " #type)
_Static_assert(sizeof(MIB_TCPROW2) == sizeof(struct mib_bound4_row), "another layout of MIB_TCPROW2");
_Static_assert(sizeof(MIB_TCP6ROW2) == sizeof(struct mib_bound6_row), "another layout of MIB_TCP6ROW2");
_Static_assert(offsetof(MIB_TCPTABLE2, table) == sizeof(uint32_t), "another header");
_Static_assert(offsetof(MIB_TCP6TABLE2, table) == sizeof(uint32_t), "another header");
SAME(MIB_TCPROW2, dwLocalPort, mib_bound4_row, local_port);
SAME(MIB_TCP6ROW2, dwLocalPort, mib_bound6_row, local_port);

static void read_family(ip_helper_bound *allocate, const struct mib_layout *layout, struct snapshot *snapshot)
{
	const HANDLE heap = GetProcessHeap();
	void *table = NULL;

	if (allocate == NULL || allocate(&table, heap, 0) != NO_ERROR || table == NULL)
		return;
	for (int64_t i = mib_count(layout, table, HeapSize(heap, 0, table)); i > 0; i--)
		port_set_add(&snapshot->bound_ports, mib_row(layout, table, (size_t)i - 1).local_port);
	HeapFree(heap, 0, table);
}

void bound_ports_read(const struct ip_helper *helper, struct snapshot *snapshot)
{
	read_family(helper->bound4, &mib_bound4, snapshot);
	read_family(helper->bound6, &mib_bound6, snapshot);
}
