/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/* How the BPF programs read the kernel's objects and make rows of them. */
#ifndef EXPORTER_PLATFORM_LINUX_BPF_PROGRAMS_ROW_H
#define EXPORTER_PLATFORM_LINUX_BPF_PROGRAMS_ROW_H

#include "exporter/platform/linux/bpf/programs/kernel.h"

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "exporter/platform/linux/bpf/programs/window.h"

#define AF_INET        2
#define AF_INET6       10
#define TCP_CLOSE_WAIT 8

struct files_state state;
struct window window;

/* Since Linux 6.2: makes an address readable as an object of that type; what is no such object reads as zeros. */
extern void *bpf_rdonly_cast(const void *object, __u32 type) __ksym __weak;

/* An object at an address, and a field of it: read directly where the kernel lets a program do so, else by a helper. */
#define OBJECT(name, address)                                                                                          \
	((struct name *)(direct ? bpf_rdonly_cast((void *)(address), bpf_core_type_id_kernel(struct name))             \
	                        : (void *)(address)))
#define FIELD(pointer, field) (direct ? (pointer)->field : BPF_CORE_READ(pointer, field))

static __always_inline void fill_addresses(struct window_row *row, struct sock *sk, __u16 family, const bool direct)
{
	if (family == AF_INET) {
		row->family = 4;
		*(__be32 *)row->local = FIELD(sk, __sk_common.skc_rcv_saddr);
		*(__be32 *)row->remote = FIELD(sk, __sk_common.skc_daddr);
		return;
	}
	row->family = 6;
	for (int i = 0; i < 4; i++) {
		((__be32 *)row->local)[i] = FIELD(sk, __sk_common.skc_v6_rcv_saddr.in6_u.u6_addr32[i]);
		((__be32 *)row->remote)[i] = FIELD(sk, __sk_common.skc_v6_daddr.in6_u.u6_addr32[i]);
	}
}

static __always_inline void fill_connection(struct window_row *row, struct tcp_sock *tp, __u8 tcp_state,
                                            const bool direct)
{
	__s32 unread = (__s32)(FIELD(tp, rcv_nxt) - FIELD(tp, copied_seq));

	row->receive_queue = unread > 0 ? (__u32)unread : 0;
	row->send_queue = FIELD(tp, write_seq) - FIELD(tp, snd_una);
	if (tcp_state == TCP_CLOSE_WAIT)
		row->quiet = (__u32)bpf_jiffies64() - FIELD(tp, rcv_tstamp);
}

#endif
