/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of the snapshot, from the kernel's numbers. */
#include "exporter/platform/linux/netlink/socket_row.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

_Static_assert((int)STATE_ESTABLISHED == TCP_ESTABLISHED - 1 && (int)STATE_CLOSING == TCP_CLOSING - 1,
               "the kernel numbers the states from 1, in the order of enum socket_state");

/* inet_diag_msg.idiag_timer. */
enum { TIMER_RETRANSMIT = 1, TIMER_PERSIST = 4 };

/* Returns the unread bytes. A FIN that the process has not read counts as one byte of rcv_nxt - copied_seq. */
static uint32_t unread_bytes(enum socket_state state, uint32_t queue)
{
	bool fin_received = state == STATE_CLOSE_WAIT || state == STATE_LAST_ACK || state == STATE_CLOSING;

	return fin_received && queue > 0 ? queue - 1 : queue;
}

/*
 * Returns the unacknowledged bytes. A FIN without an acknowledgement counts as one byte of write_seq - snd_una. Before
 * the SYN is sent (TCP_FASTOPEN_CONNECT), write_seq is a random number and snd_una is 0. Only the SYN's data waits
 * then.
 */
static uint32_t unacknowledged_bytes(enum socket_state state, uint32_t queue)
{
	bool fin_sent = state == STATE_FIN_WAIT1 || state == STATE_LAST_ACK || state == STATE_CLOSING;

	if (state == STATE_SYN_SENT)
		return 0;
	return fin_sent && queue > 0 ? queue - 1 : queue;
}

void socket_row_set_queues(struct snapshot_socket *socket, uint32_t receive, uint32_t send)
{
	socket->receive_queue = unread_bytes((enum socket_state)socket->state, receive);
	socket->send_queue = unacknowledged_bytes((enum socket_state)socket->state, send);
	socket->flags |= SOCKET_HAS_QUEUES;
}

void socket_row_set_quiet(struct snapshot_socket *socket, uint32_t quiet_ms)
{
	socket->quiet_ms = quiet_ms;
	socket->flags |= SOCKET_HAS_QUIET;
}

static int intern(struct snapshot *snapshot, uint32_t netns, const struct inet_diag_msg *msg, const void *address,
                  uint32_t *index)
{
	return snapshot_intern_address(snapshot, netns, msg->idiag_family == AF_INET6 ? 6 : 4, address, index);
}

/* Returns true if the timers of a socket in that state are about data, not about the handshake. */
static bool sends_data(const struct snapshot_socket *socket)
{
	return socket->state != STATE_SYN_SENT && socket->state != STATE_SYN_RECV;
}

/* The kernel shows the timer that is pending, and how often it has expired (inet_sk_diag_fill() in
 * net/ipv4/inet_diag.c). */
static void set_timer(struct snapshot_socket *socket, const struct inet_diag_msg *msg)
{
	if (!sends_data(socket))
		return;
	if (msg->idiag_timer == TIMER_RETRANSMIT && msg->idiag_retrans > 0)
		socket->flags |= SOCKET_RETRANSMITTING;
	if (msg->idiag_timer == TIMER_PERSIST)
		socket->flags |= SOCKET_ZERO_WINDOW;
}

int socket_row_of_diag(struct snapshot *snapshot, uint32_t netns, bool remote, const struct inet_diag_row *row,
                       struct snapshot_socket *socket)
{
	const struct inet_diag_msg *msg = row->msg;
	int result;

	*socket = (struct snapshot_socket){.owner = OWNER_NONE, .remote = ADDRESS_ABSENT};
	if (msg->idiag_state < TCP_ESTABLISHED || msg->idiag_state > TCP_CLOSING ||
	    (msg->idiag_family != AF_INET && msg->idiag_family != AF_INET6))
		return -EBADMSG;
	result = intern(snapshot, netns, msg, msg->id.idiag_src, &socket->local);
	if (result == 0 && remote)
		result = intern(snapshot, netns, msg, msg->id.idiag_dst, &socket->remote);
	if (result == 0)
		result = snapshot_intern_device(snapshot, msg->id.idiag_if, &socket->device);
	if (result != 0)
		return result;
	socket->state = (uint8_t)(msg->idiag_state - TCP_ESTABLISHED);
	socket->local_port = ntohs(msg->id.idiag_sport);
	socket->remote_port = ntohs(msg->id.idiag_dport);
	socket_row_set_queues(socket, msg->idiag_rqueue, msg->idiag_wqueue);
	set_timer(socket, msg);
	if (row->v6_only)
		socket->flags |= SOCKET_V6_ONLY;
	if (msg->idiag_family == AF_INET6 && snapshot->addresses[socket->local].family == 4)
		socket->flags |= SOCKET_V4_MAPPED;
	if (row->has_drops)
		return snapshot_set_drops(snapshot, socket, msg->idiag_inode, row->drops);
	return 0;
}
