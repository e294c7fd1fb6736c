/* SPDX-License-Identifier: Apache-2.0 */
/* Row as JSON (RFC 8259): one socket as an object on one line, for --print-table=json and /sockets. */
#ifndef EXPORTER_SOCKETS_ROW_JSON_H
#define EXPORTER_SOCKETS_ROW_JSON_H

#include <stdbool.h>
#include <stddef.h>

#include "metrics/snapshot.h"
#include "metrics/textbuf.h"

/* "[::ffff:255.255.255.255]", "[" and "]" around the longest IPv6 address. */
enum { ROW_ADDRESS_MAX = 48 };

/* Writes the address without brackets, in at most ROW_ADDRESS_MAX - 1 bytes with its end. Returns its length. A row of
 * an IPv6 socket shows IPv4 addresses in the IPv4-mapped form. */
size_t row_address_text(char *text, const struct snapshot_address *address, bool mapped);

/* Writes the row as an object. `name` is the owner's name, which is not terminated. */
void row_json_write(struct textbuf *out, const struct snapshot *snapshot, const struct snapshot_socket *socket,
                    const char *name, size_t name_length);

#endif
