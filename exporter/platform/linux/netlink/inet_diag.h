/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decodes the messages of an inet_diag dump: (bytes, length) -> rows. Pure; every length that the
 * messages claim is checked. Formats: linux/inet_diag.h, netlink(7), sock_diag(7).
 */
#ifndef EXPORTER_PLATFORM_LINUX_NETLINK_INET_DIAG_H
#define EXPORTER_PLATFORM_LINUX_NETLINK_INET_DIAG_H

#include <linux/inet_diag.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "metrics/snapshot.h"

struct inet_diag_row {
	const struct inet_diag_msg *msg; /* in the decoded bytes */
	uint32_t quiet_ms;               /* tcpi_last_ack_recv: since the peer's last segment */
	bool has_quiet;
	bool v6_only;
};

struct inet_diag_sink {
	int (*row)(void *data, const struct inet_diag_row *row); /* 0, or -errno to give up */
	void *data;
	bool tcp_info; /* it was asked for: without it only listeners have attributes that matter */
};

/*
 * Decodes one datagram of a dump whose request had the sequence number `sequence`; messages of other
 * sequences are passed over. 1: the dump is complete; 0: more is to come; -EBADMSG: not an inet_diag
 * dump; another -errno: the kernel's own error, or the sink's. `bytes` is aligned to 4.
 */
int inet_diag_decode(const void *bytes, size_t length, uint32_t sequence, struct inet_diag_sink *sink) MUST_CHECK;

#endif
