/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inet_diag decoder: turns the messages of a dump into rows. It is pure, and checks every length that the messages
 * claim. Formats: linux/inet_diag.h, netlink(7), sock_diag(7).
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
	uint32_t drops;                  /* of a listener: connection attempts that the kernel has dropped */
	bool has_quiet, has_drops;
	bool v6_only;
};

struct inet_diag_sink {
	int (*row)(void *data, const struct inet_diag_row *row); /* returns 0, or -errno to end the dump */
	void *data;
	bool tcp_info; /* the request asked for tcp_info; without it only listeners have attributes that are read */
};

/*
 * Decodes one datagram of a dump whose request had the sequence number `sequence`. Passes over messages of other
 * sequences. Returns 1 if the dump is complete, 0 if more follows, -EBADMSG if this is no inet_diag dump, or another
 * -errno: the kernel's or the sink's. `bytes` is aligned to 4.
 */
int inet_diag_decode(const void *bytes, size_t length, uint32_t sequence, struct inet_diag_sink *sink) MUST_CHECK;

#endif
