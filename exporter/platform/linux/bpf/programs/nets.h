/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/*
 * Network namespaces: those that the processes of a walk over files are in, and their tables of connections. All
 * namespaces share an ehash, but for those that net.ipv4.tcp_child_ehash_entries gives one of their own.
 */
#ifndef EXPORTER_PLATFORM_LINUX_BPF_PROGRAMS_NETS_H
#define EXPORTER_PLATFORM_LINUX_BPF_PROGRAMS_NETS_H

#include "exporter/platform/linux/bpf/programs/row.h"

/* Slots of the set, a power of two. No known host has half as many namespaces. */
#define NETS 16384
/* Slots that are looked at for one namespace. */
#define NET_PROBES 64

__u64 nets[NETS];

/* The addresses of kernel objects differ in their middle bits. */
static __always_inline __u32 first_net_slot(__u64 net)
{
	return (__u32)(net * 0x9e3779b97f4a7c15ull >> 40);
}

/* Returns 1 if the namespace was noted. */
__noinline int has_net(__u64 net)
{
	__u32 slot = first_net_slot(net);

	for (int i = 0; i < NET_PROBES; i++, slot++) {
		if (nets[slot % NETS] == net)
			return 1;
		if (nets[slot % NETS] == 0)
			break;
	}
	return 0;
}

/* Notes an ehash, if it is one that the walk has not noted. */
__noinline int note_table(__u64 hashinfo)
{
	__u32 count = facts.table_count;

	for (__u32 i = 0; i < WINDOW_TABLES && i < count; i++)
		if (facts.tables[i] == hashinfo)
			return 0;
	if (count >= WINDOW_TABLES) {
		facts.too_many = 1;
		return 0;
	}
	facts.tables[count] = hashinfo;
	facts.table_count = count + 1;
	return 0;
}

static __always_inline void add_net(__u64 net)
{
	__u32 slot = first_net_slot(net);

	for (int i = 0; i < NET_PROBES; i++, slot++) {
		if (nets[slot % NETS] != 0)
			continue;
		nets[slot % NETS] = net;
		return;
	}
	facts.too_many = 1;
}

/* Notes a namespace and its ehash. Before Linux 6.1 there is one ehash, and no program walks it. */
__noinline int note_net(__u64 address)
{
	struct net *net = (struct net *)address;

	if (!bpf_core_field_exists(net->ipv4.tcp_death_row.hashinfo) || has_net(address))
		return 0;
	add_net(address);
	return note_table((__u64)BPF_CORE_READ(net, ipv4.tcp_death_row.hashinfo));
}

#endif
