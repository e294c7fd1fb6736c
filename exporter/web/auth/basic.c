/* SPDX-License-Identifier: Apache-2.0 */
/* Basic authentication: decodes base64 by GnuTLS. GnuTLS skips blanks, so a header with blanks is refused before. */
#include "exporter/web/auth/basic.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Copies the bytes and adds a terminator, then wipes and frees them. */
static bool take(struct basic_login *login, gnutls_datum_t *bytes)
{
	login->name = malloc(bytes->size + 1);
	if (login->name != NULL) {
		memcpy(login->name, bytes->data, bytes->size);
		login->name[bytes->size] = '\0';
		login->name_length = bytes->size;
	}
	gnutls_memset(bytes->data, 0, bytes->size);
	gnutls_free(bytes->data);
	return login->name != NULL;
}

static bool decode(struct basic_login *login, const char *text, size_t length)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=";
	const gnutls_datum_t encoded = {(unsigned char *)(uintptr_t)text, (unsigned)length};
	gnutls_datum_t bytes = {NULL, 0};

	return length % 4 == 0 && strspn(text, alphabet) >= length && gnutls_base64_decode2(&encoded, &bytes) == 0 &&
	       take(login, &bytes);
}

bool basic_parse(struct basic_login *login, const char *header)
{
	static const char scheme[] = "Basic ";
	size_t length;
	char *colon;

	*login = (struct basic_login){NULL, 0, NULL, 0};
	if (header == NULL || strncasecmp(header, scheme, sizeof(scheme) - 1) != 0)
		return false;
	header += sizeof(scheme) - 1;
	length = strlen(header);
	while (length > 0 && (header[length - 1] == ' ' || header[length - 1] == '\t'))
		length--; /* a header's value does not include it: RFC 9110, 5.5 */
	if (!decode(login, header, length))
		return false;
	colon = memchr(login->name, ':', login->name_length);
	if (colon == NULL) {
		basic_release(login);
		return false;
	}
	*colon = '\0';
	login->password = colon + 1;
	login->password_length = login->name_length - (size_t)(login->password - login->name);
	login->name_length = (size_t)(colon - login->name);
	return true;
}

void basic_release(struct basic_login *login)
{
	if (login->name == NULL)
		return;
	gnutls_memset(login->name, 0, login->name_length + login->password_length);
	free(login->name);
	*login = (struct basic_login){NULL, 0, NULL, 0};
}
