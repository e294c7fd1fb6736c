/* SPDX-License-Identifier: Apache-2.0 */
/* The text of IP addresses, written without the operating system. */
#include "metrics/address.h"

enum { GROUPS = 8 };

/* NOLINTNEXTLINE(misc-no-recursion): the depth is the number of digits */
static char *put_number(char *out, unsigned number, unsigned base)
{
	if (number >= base)
		out = put_number(out, number / base, base);
	*out = "0123456789abcdef"[number % base];
	return out + 1;
}

static char *put_v4(char *out, const uint8_t bytes[4])
{
	for (int i = 0; i < 4; i++) {
		if (i > 0)
			*out++ = '.';
		out = put_number(out, bytes[i], 10);
	}
	return out;
}

/* Finds the longest run of at least two zero groups, the first of equals (RFC 5952, 4.2). *length is 0 without a run.
 */
static int zero_run(const unsigned groups[GROUPS], int *length)
{
	int start = 0;

	*length = 0;
	for (int i = 0; i < GROUPS;) {
		int end = i;

		while (end < GROUPS && groups[end] == 0)
			end++;
		if (end - i > 1 && end - i > *length) {
			start = i;
			*length = end - i;
		}
		i = end + 1;
	}
	return start;
}

static char *put_v6(char *out, const uint8_t bytes[16])
{
	unsigned groups[GROUPS];
	int start, length;

	for (size_t i = 0; i < GROUPS; i++)
		groups[i] = (unsigned)(bytes[2 * i] << 8 | bytes[2 * i + 1]);
	start = zero_run(groups, &length);
	for (int i = 0; i < GROUPS; i++) {
		if (length > 0 && i == start) {
			*out++ = ':';
			*out++ = ':';
			i += length - 1;
			continue;
		}
		if (i > 0 && out[-1] != ':')
			*out++ = ':';
		out = put_number(out, groups[i], 16);
	}
	return out;
}

size_t address_format(char out[ADDRESS_TEXT_MAX], const struct snapshot_address *address)
{
	char *end = address->family == 4 ? put_v4(out, address->bytes) : put_v6(out, address->bytes);

	*end = '\0';
	return (size_t)(end - out);
}
