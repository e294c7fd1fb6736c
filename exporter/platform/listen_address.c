/* SPDX-License-Identifier: Apache-2.0 */
/* Parser of listen addresses. */
#include "exporter/platform/listen_address.h"

#include "exporter/platform/host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Copies `length` bytes and a terminator. Returns false if they do not fit. */
static bool copy(char *to, size_t size, const char *text, size_t length)
{
	if (length >= size)
		return false;
	memcpy(to, text, length);
	to[length] = '\0';
	return true;
}

/* Returns true for letters, digits and hyphens with at least one letter (RFC 6335, 5.1). */
static bool is_service_name(const char *text)
{
	static const char bytes[] = "-0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

	return strpbrk(text, bytes + strlen("-0123456789")) && text[strspn(text, bytes)] == '\0';
}

static bool parse_port(const char *text, struct listen_address *address)
{
	unsigned long number;

	if (!copy(address->port, sizeof(address->port), text, strlen(text)))
		return false;
	address->port_is_name = is_service_name(text);
	if (address->port_is_name)
		return true;
	if (text[0] == '\0' || text[strspn(text, "0123456789")] != '\0' || strlen(text) > strlen("65535"))
		return false;
	number = strtoul(text, NULL, 10);
	address->port_number = (uint16_t)number;
	return number <= UINT16_MAX;
}

/* Parses an IPv6 address without its brackets, and its zone. */
static bool parse_v6(const char *text, size_t length, struct listen_address *address)
{
	const char *percent = memchr(text, '%', length);
	const size_t host = percent ? (size_t)(percent - text) : length;

	if (percent &&
	    (host + 1 == length || !copy(address->zone, sizeof(address->zone), percent + 1, length - host - 1)))
		return false;
	return memchr(text, ':', host) && copy(address->host, sizeof(address->host), text, host);
}

static bool parse_host(const char *text, size_t length, struct listen_address *address)
{
	if (length == 1 && text[0] == '*')
		return true;
	if (length > 0 && text[0] == '[')
		return text[length - 1] == ']' && !memchr(text + 1, '[', length - 1) &&
		       !memchr(text, ']', length - 1) && parse_v6(text + 1, length - 2, address);
	/* an IPv6 address without brackets is ambiguous */
	return !memchr(text, ':', length) && !memchr(text, '[', length) && !memchr(text, ']', length) &&
	       copy(address->host, sizeof(address->host), text, length);
}

/* Returns the path in "unix:PATH", or NULL for other forms. */
static const char *local_path(const char *text)
{
	static const char local[] = "unix:";

	return strncmp(text, local, strlen(local)) == 0 ? text + strlen(local) : NULL;
}

bool listen_address_parse(struct listen_address *address, const char *text)
{
	const char *colon = strrchr(text, ':'), *path = local_path(text);

	*address = (struct listen_address){.port_number = 0};
	if (path)
		return path[0] == '/' && copy(address->path, sizeof(address->path), path, strlen(path));
	return colon && parse_host(text, (size_t)(colon - text), address) && parse_port(colon + 1, address);
}

bool host_address_valid(const char *text, char *reason, size_t size)
{
	struct listen_address address;
	const char *path = local_path(text);

	reason[0] = '\0';
	if (listen_address_parse(&address, text))
		return true;
	if (path && strlen(path) >= LISTEN_PATH_MAX)
		snprintf(reason, size, "the path has %zu bytes, and the longest has %d", strlen(path),
		         LISTEN_PATH_MAX - 1);
	return false;
}
