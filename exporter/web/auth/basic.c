/* SPDX-License-Identifier: Apache-2.0 */
/* Base64, strictly: padded, and nothing but its alphabet. */
#include "exporter/web/auth/basic.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static int sextet(char byte)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *found = byte != '\0' ? strchr(alphabet, byte) : NULL;

	return found != NULL ? (int)(found - alphabet) : -1;
}

/* Four characters to at most three bytes; how many, or 0: they are no base64. */
static size_t decode_quad(const char *quad, bool last, char *bytes)
{
	size_t padding = last ? (size_t)(quad[3] == '=') + (quad[2] == '=' && quad[3] == '=') : 0;
	unsigned long bits = 0;

	for (size_t i = 0; i < 4; i++) {
		int value = i < 4 - padding ? sextet(quad[i]) : 0;

		if (value < 0)
			return 0;
		bits = bits << 6 | (unsigned long)value;
	}
	bytes[0] = (char)(bits >> 16 & 0xff);
	bytes[1] = (char)(bits >> 8 & 0xff);
	bytes[2] = (char)(bits & 0xff);
	return 3 - padding;
}

static bool decode(const char *text, size_t length, char *bytes, size_t *decoded)
{
	*decoded = 0;
	if (length % 4 != 0)
		return false;
	for (size_t i = 0; i < length; i += 4) {
		size_t count = decode_quad(text + i, i + 4 == length, bytes + *decoded);

		if (count == 0)
			return false;
		*decoded += count;
	}
	return true;
}

bool basic_parse(struct basic_login *login, const char *header)
{
	static const char scheme[] = "Basic ";
	size_t length, decoded = 0;
	char *colon;

	*login = (struct basic_login){NULL, 0, NULL, 0};
	if (header == NULL || strncasecmp(header, scheme, sizeof(scheme) - 1) != 0)
		return false;
	header += sizeof(scheme) - 1;
	length = strlen(header);
	while (length > 0 && (header[length - 1] == ' ' || header[length - 1] == '\t'))
		length--; /* no part of a header's value: RFC 9110, 5.5 */
	login->name = malloc(length + 1);
	if (login->name == NULL)
		return false;
	colon = decode(header, length, login->name, &decoded) ? memchr(login->name, ':', decoded) : NULL;
	login->name_length = decoded;
	if (colon == NULL) {
		basic_release(login);
		return false;
	}
	login->name[decoded] = '\0';
	*colon = '\0';
	login->name_length = (size_t)(colon - login->name);
	login->password = colon + 1;
	login->password_length = decoded - login->name_length - 1;
	return true;
}

void basic_release(struct basic_login *login)
{
	if (login->name == NULL)
		return;
	explicit_bzero(login->name, login->name_length + login->password_length);
	free(login->name);
	*login = (struct basic_login){NULL, 0, NULL, 0};
}
