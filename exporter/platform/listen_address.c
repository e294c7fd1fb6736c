/* SPDX-License-Identifier: Apache-2.0 */
/* Takes addresses to listen on apart. */
#include "exporter/platform/listen_address.h"

#include "exporter/platform/host.h"

#include <stdlib.h>
#include <string.h>

static bool parse_port(const char *text, struct listen_address *address)
{
	size_t length = strspn(text, "0123456789");
	unsigned long number;

	if (length == 0 || text[length] != '\0' || length >= sizeof(address->port))
		return false;
	number = strtoul(text, NULL, 10);
	if (number > UINT16_MAX)
		return false;
	memcpy(address->port, text, length + 1);
	address->port_number = (uint16_t)number;
	return true;
}

static bool parse_host(const char *text, size_t length, struct listen_address *address)
{
	if (length > 0 && text[0] == '[') {
		if (length < 4 || text[length - 1] != ']') /* the shortest is "[::]" */
			return false;
		text++;
		length -= 2;
		if (memchr(text, ':', length) == NULL)
			return false;
	} else if (memchr(text, ':', length) != NULL) {
		return false; /* an IPv6 address without brackets: which colon ends it? */
	}
	if (length >= sizeof(address->host) || memchr(text, '[', length) != NULL || memchr(text, ']', length) != NULL)
		return false;
	memcpy(address->host, text, length);
	address->host[length] = '\0';
	return true;
}

bool listen_address_parse(struct listen_address *address, const char *text)
{
	const char *colon = strrchr(text, ':');

	return colon != NULL && parse_host(text, (size_t)(colon - text), address) && parse_port(colon + 1, address);
}

bool host_address_valid(const char *text)
{
	struct listen_address address;

	return listen_address_parse(&address, text);
}
