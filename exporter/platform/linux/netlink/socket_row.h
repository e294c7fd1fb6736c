/* SPDX-License-Identifier: Apache-2.0 */
/* From what the kernel says of a socket to a row of the snapshot. */
#ifndef EXPORTER_PLATFORM_LINUX_NETLINK_SOCKET_ROW_H
#define EXPORTER_PLATFORM_LINUX_NETLINK_SOCKET_ROW_H

#include "exporter/platform/linux/netlink/inet_diag.h"
#include "metrics/snapshot.h"

/*
 * Makes the row of a socket in a dump, with its addresses entered into the snapshot as `netns`'s; the remote
 * one only if `remote`. No owner, no quiet_ms. 0, -ENOMEM, or -EBADMSG: no such state or family.
 */
int socket_row_of_diag(struct snapshot *snapshot, uint32_t netns, bool remote, const struct inet_diag_msg *msg,
                       bool v6_only, struct snapshot_socket *socket) MUST_CHECK;

/* Turns the kernel's queues, which count SYN and FIN, into bytes; a listener's are left as they are. */
void socket_row_set_queues(struct snapshot_socket *socket, uint32_t receive, uint32_t send);

/* Enters the milliseconds since the peer's last segment. */
void socket_row_set_quiet(struct snapshot_socket *socket, uint32_t quiet_ms);

#endif
