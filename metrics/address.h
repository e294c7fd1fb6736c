/* SPDX-License-Identifier: Apache-2.0 */
/* The text of an IP address. */
#ifndef METRICS_ADDRESS_H
#define METRICS_ADDRESS_H

#include <stddef.h>

#include "metrics/snapshot.h"

/* The longest address has eight groups of four digits. */
#define ADDRESS_TEXT_MAX sizeof("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")

/* Writes the address, terminated: dotted decimal, or IPv6 in its canonical form (RFC 5952). Returns its length. */
size_t address_format(char out[ADDRESS_TEXT_MAX], const struct snapshot_address *address);

#endif
