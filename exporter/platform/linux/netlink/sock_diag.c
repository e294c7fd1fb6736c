/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Dumps of the TCP sockets over netlink. A dump is repeated if the kernel drops a part of it.
 *
 * The kernel never marks such a dump with NLM_F_DUMP_INTR: nl_dump_check_consistent() compares sequence numbers that
 * inet_diag_dump_icsk() in net/ipv4/inet_diag.c does not set.
 */
#include "exporter/platform/linux/netlink/sock_diag.h"

#include <errno.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <libmnl/libmnl.h>

/* The kernel fills at most 32 KiB per datagram (netlink_dump in net/netlink/af_netlink.c). */
#define DATAGRAM_SIZE ((size_t)32 * 1024)
/* Three dumps in a row lose a datagram only if the kernel lacks memory. A fourth is likely to lose one too. */
#define DUMP_ATTEMPTS 3
/* The kernel answers a dump at once. After a second without an answer, no answer comes. */
#define RECEIVE_TIMEOUT_SECONDS 1

int sock_diag_init(struct sock_diag *diag)
{
	*diag = (struct sock_diag){.buffer = malloc(DATAGRAM_SIZE)};
	return diag->buffer ? 0 : -ENOMEM;
}

void sock_diag_release(struct sock_diag *diag)
{
	free(diag->buffer);
	diag->buffer = NULL;
}

static int open_socket(struct mnl_socket **out)
{
	const struct timeval timeout = {.tv_sec = RECEIVE_TIMEOUT_SECONDS};
	struct mnl_socket *socket = mnl_socket_open2(NETLINK_SOCK_DIAG, SOCK_CLOEXEC);
	int err;

	if (!socket)
		return -errno;
	if (mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) < 0 ||
	    setsockopt(mnl_socket_get_fd(socket), SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)) < 0) {
		err = -errno;
		mnl_socket_close(socket);
		return err;
	}
	*out = socket;
	return 0;
}

/*
 * A filter program for one port, in a chain of programs (inet_diag_bc_run() in net/ipv4/inet_diag.c). `yes` and `no`
 * are jump distances in bytes. The operand of a comparison is the `no` of the next instruction. A jump to the program's
 * end accepts the socket. A jump to 4 bytes beyond the end refuses it.
 */
struct port_filter {
	struct inet_diag_bc_op at_least, low, at_most, high, taken;
};

static void fill_filter(struct port_filter *filters, const uint16_t *ports, size_t count)
{
	const uint8_t compare_size = 2 * sizeof(struct inet_diag_bc_op);

	for (size_t i = 0; i < count; i++) {
		const size_t left = (count - i) * sizeof(*filters);
		const size_t next = sizeof(*filters) + (i + 1 == count ? sizeof(struct inet_diag_bc_op) : 0);

		filters[i] = (struct port_filter){
		        .at_least = {.code = INET_DIAG_BC_S_GE, .yes = compare_size, .no = (uint16_t)next},
		        .low = {.code = INET_DIAG_BC_NOP, .no = ports[i]},
		        .at_most = {.code = INET_DIAG_BC_S_LE,
		                    .yes = compare_size,
		                    .no = (uint16_t)(next - compare_size)},
		        .high = {.code = INET_DIAG_BC_NOP, .no = ports[i]},
		        .taken = {.code = INET_DIAG_BC_JMP,
		                  .yes = sizeof(struct inet_diag_bc_op),
		                  .no = (uint16_t)(left - offsetof(struct port_filter, taken))},
		};
	}
}

static void put_ports(struct nlmsghdr *header, const struct sock_diag_request *request)
{
	struct port_filter filters[SOCK_DIAG_PORTS_MAX];

	if (request->port_count == 0 || request->port_count > SOCK_DIAG_PORTS_MAX)
		return;
	fill_filter(filters, request->ports, request->port_count);
	mnl_attr_put(header, INET_DIAG_REQ_BYTECODE, request->port_count * sizeof(filters[0]), filters);
}

/* Returns the attributes that the rows need. The drops of listeners are a part of SKMEMINFO. */
static uint8_t extensions_of(const struct sock_diag_request *request)
{
	if (request->states == SOCK_DIAG_LISTEN)
		return 1u << (INET_DIAG_SKMEMINFO - 1);
	return request->tcp_info ? 1u << (INET_DIAG_INFO - 1) : 0;
}

/* Sends a request. AF_UNSPEC selects the older request type, which walks the hash table once for both families. */
static int send_request(struct sock_diag *diag, struct mnl_socket *socket, int family,
                        const struct sock_diag_request *request)
{
	const uint8_t extensions = extensions_of(request);
	struct nlmsghdr *header = mnl_nlmsg_put_header(diag->buffer);

	header->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	header->nlmsg_seq = ++diag->sequence;
	if (family == AF_UNSPEC) {
		struct inet_diag_req *one_walk = mnl_nlmsg_put_extra_header(header, sizeof(*one_walk));

		header->nlmsg_type = TCPDIAG_GETSOCK;
		one_walk->idiag_ext = extensions;
		one_walk->idiag_states = request->states;
	} else {
		struct inet_diag_req_v2 *of_family = mnl_nlmsg_put_extra_header(header, sizeof(*of_family));

		header->nlmsg_type = SOCK_DIAG_BY_FAMILY;
		of_family->sdiag_family = (uint8_t)family;
		of_family->sdiag_protocol = IPPROTO_TCP;
		of_family->idiag_ext = extensions;
		of_family->idiag_states = request->states;
	}
	put_ports(header, request);
	return mnl_socket_sendto(socket, header, header->nlmsg_len) < 0 ? -errno : 0;
}

/* Receives until the dump is complete. */
static int receive_dump(struct sock_diag *diag, struct mnl_socket *socket, struct deadline *deadline,
                        struct inet_diag_sink *sink)
{
	for (;;) {
		ssize_t length;
		int result = deadline_check(deadline);

		if (result != 0)
			return result;
		length = mnl_socket_recvfrom(socket, diag->buffer, DATAGRAM_SIZE);
		if (length < 0 && errno == EINTR)
			continue;
		if (length < 0)
			return errno == EAGAIN ? -ETIMEDOUT : -errno;
		result = inet_diag_decode(diag->buffer, (size_t)length, diag->sequence, sink);
		if (result != 0)
			return result < 0 ? result : 0;
	}
}

static int dump_family(struct sock_diag *diag, int family, const struct sock_diag_request *request,
                       struct deadline *deadline, struct inet_diag_sink *sink)
{
	struct mnl_socket *socket = NULL;
	int result = open_socket(&socket);

	if (result != 0)
		return result;
	result = send_request(diag, socket, family, request);
	if (result == 0)
		result = receive_dump(diag, socket, deadline, sink);
	mnl_socket_close(socket);
	return result;
}

/* Returns true for the errors of a kernel that lacks the one-walk request. */
static bool is_refusal(int result)
{
	return result == -EINVAL || result == -EOPNOTSUPP || result == -ENOENT || result == -EPROTONOSUPPORT ||
	       result == -EAFNOSUPPORT;
}

/* Dumps both families one after the other. A kernel without IPv6 refuses the IPv6 dump, which then counts as empty. */
static int dump_both(struct sock_diag *diag, const struct sock_diag_request *request, struct deadline *deadline,
                     struct inet_diag_sink *sink)
{
	int result;

	if (!diag->no_one_walk) {
		result = dump_family(diag, AF_UNSPEC, request, deadline, sink);
		if (!is_refusal(result))
			return result;
		diag->no_one_walk = true;
	}
	result = dump_family(diag, AF_INET, request, deadline, sink);
	if (result != 0)
		return result;
	result = dump_family(diag, AF_INET6, request, deadline, sink);
	return is_refusal(result) ? 0 : result;
}

/* Dumps listeners by a request of their own: every row would have the attribute of their drops otherwise. The two
 * requests walk over different tables of the kernel. */
static int dump_states(struct sock_diag *diag, const struct sock_diag_request *request, struct deadline *deadline,
                       struct inet_diag_sink *sink)
{
	struct sock_diag_request part = *request;
	int result = 0;

	part.states = request->states & SOCK_DIAG_LISTEN;
	if (part.states != 0)
		result = dump_both(diag, &part, deadline, sink);
	part.states = request->states & ~SOCK_DIAG_LISTEN;
	return result == 0 && part.states != 0 ? dump_both(diag, &part, deadline, sink) : result;
}

/* sock_diag asks for the module of the family and protocol, and the kernel loads it by modprobe. */
static const char *reason_of(int result)
{
	return result == -ENOENT ? "the kernel module tcp_diag is missing, and modprobe cannot load it"
	                         : strerror(-result);
}

int sock_diag_dump(struct sock_diag *diag, const struct sock_diag_request *request, struct deadline *deadline,
                   const struct sock_diag_rows *rows, struct platform_error *error)
{
	int result = 0;

	for (int attempt = 0; attempt < DUMP_ATTEMPTS; attempt++) {
		struct inet_diag_sink sink = {.row = rows->row, .data = rows->data, .tcp_info = request->tcp_info};

		result = rows->restart(rows->data);
		if (result == 0)
			result = dump_states(diag, request, deadline, &sink);
		if (result != -ENOBUFS)
			break;
	}
	if (result != 0)
		platform_error_set(error, "cannot dump the sockets over netlink: %s", reason_of(result));
	return result;
}
