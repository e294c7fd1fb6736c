/* SPDX-License-Identifier: Apache-2.0 */
/* Socket rows: turns the kernel's facts about a socket into a row of the snapshot. */
#ifndef EXPORTER_PLATFORM_LINUX_NETLINK_SOCKET_ROW_H
#define EXPORTER_PLATFORM_LINUX_NETLINK_SOCKET_ROW_H

#include "exporter/platform/linux/netlink/inet_diag.h"
#include "metrics/snapshot.h"

/*
 * Makes the row of a socket in a dump, without an owner and quiet_ms. Adds its local address to the snapshot as one
 * of `netns`, and with `remote` its remote address. Returns 0, -ENOMEM, or -EBADMSG for an unknown state or family.
 */
int socket_row_of_diag(struct snapshot *snapshot, uint32_t netns, bool remote, const struct inet_diag_row *row,
                       struct snapshot_socket *socket) MUST_CHECK;

/* Sets the queues in bytes. The kernel's queues count SYN and FIN too. A listener's queues stay as they are. */
void socket_row_set_queues(struct snapshot_socket *socket, uint32_t receive, uint32_t send);

/* Enters the milliseconds since the peer's last segment. */
void socket_row_set_quiet(struct snapshot_socket *socket, uint32_t quiet_ms);

#endif
