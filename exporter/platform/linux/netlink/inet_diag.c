/* SPDX-License-Identifier: Apache-2.0 */
/* Decoder of inet_diag dumps. */
#include "exporter/platform/linux/netlink/inet_diag.h"

#include <errno.h>
#include <limits.h>
#include <linux/sock_diag.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <string.h>

#include <libmnl/libmnl.h>

static int decode_attribute(const struct nlattr *attribute, void *data)
{
	const size_t quiet_at = offsetof(struct tcp_info, tcpi_last_ack_recv);
	const size_t drops_at = SK_MEMINFO_DROPS * sizeof(uint32_t);
	const char *payload = mnl_attr_get_payload(attribute);
	size_t length = mnl_attr_get_payload_len(attribute);
	struct inet_diag_row *row = data;

	switch (mnl_attr_get_type(attribute)) {
	case INET_DIAG_INFO: /* newer kernels append fields: only quiet_ms must be there */
		if (length >= quiet_at + sizeof(row->quiet_ms)) {
			memcpy(&row->quiet_ms, payload + quiet_at, sizeof(row->quiet_ms));
			row->has_quiet = true;
		}
		break;
	case INET_DIAG_SKMEMINFO:
		if (length >= drops_at + sizeof(row->drops)) {
			memcpy(&row->drops, payload + drops_at, sizeof(row->drops));
			row->has_drops = true;
		}
		break;
	case INET_DIAG_SKV6ONLY:
		row->v6_only = length >= 1 && payload[0] != 0;
		break;
	default:
		break;
	}
	return MNL_CB_OK;
}

static int decode_row(const struct nlmsghdr *header, struct inet_diag_sink *sink)
{
	struct inet_diag_row row = {0};

	/* The last attribute is padded, and so is the row. libmnl always reads to the padded end. */
	if (mnl_nlmsg_get_payload_len(header) < sizeof(*row.msg) || header->nlmsg_len % MNL_ALIGNTO != 0)
		return -EBADMSG;
	row.msg = mnl_nlmsg_get_payload(header);
	if (!sink->tcp_info && row.msg->idiag_state != TCP_LISTEN)
		return sink->row(sink->data, &row); /* no attribute is needed */
	if (mnl_attr_parse(header, sizeof(*row.msg), decode_attribute, &row) != MNL_CB_OK)
		return -EBADMSG;
	return sink->row(sink->data, &row);
}

static int decode_error(const struct nlmsghdr *header)
{
	const struct nlmsgerr *error = mnl_nlmsg_get_payload(header);

	if (mnl_nlmsg_get_payload_len(header) < sizeof(*error))
		return -EBADMSG;
	/* The kernel never acknowledges a dump. An error of 0 or of the wrong sign is invalid. */
	return error->error < 0 && error->error != INT_MIN ? error->error : -EBADMSG;
}

/* Decodes the end of a dump. Since Linux 4.11 it carries an errno, or 0 for success. */
static int decode_done(const struct nlmsghdr *header)
{
	int error = 0;

	if (mnl_nlmsg_get_payload_len(header) >= sizeof(error))
		memcpy(&error, mnl_nlmsg_get_payload(header), sizeof(error));
	return error < 0 && error != INT_MIN ? error : 1;
}

static int decode_message(const struct nlmsghdr *header, struct inet_diag_sink *sink)
{
	switch (header->nlmsg_type) {
	case NLMSG_DONE:
		return decode_done(header);
	case NLMSG_ERROR:
		return decode_error(header);
	case NLMSG_NOOP:
		return 0;
	case NLMSG_OVERRUN:
		return -ENOBUFS;
	case TCPDIAG_GETSOCK:
	case SOCK_DIAG_BY_FAMILY:
		return decode_row(header, sink);
	default:
		return -EBADMSG;
	}
}

int inet_diag_decode(const void *bytes, size_t length, uint32_t sequence, struct inet_diag_sink *sink)
{
	const struct nlmsghdr *header = bytes;
	int left = length > INT_MAX ? INT_MAX : (int)length;

	/* mnl_nlmsg_ok() reads a length of 2 GiB or more as a negative number, and accepts it. */
	while (mnl_nlmsg_ok(header, left) && header->nlmsg_len <= (uint32_t)left) {
		int result = header->nlmsg_seq == sequence ? decode_message(header, sink) : 0;

		if (result != 0)
			return result;
		header = mnl_nlmsg_next(header, &left);
	}
	return left > 0 ? -EBADMSG : 0;
}
