/* SPDX-License-Identifier: Apache-2.0 */
/* Basic authentication: parses the Authorization header (RFC 7617). */
#ifndef EXPORTER_WEB_AUTH_BASIC_H
#define EXPORTER_WEB_AUTH_BASIC_H

#include <stdbool.h>
#include <stddef.h>

/* A name and a password. Each has a terminator that its length does not count, and may hold zero bytes. */
struct basic_login {
	char *name; /* the one allocation */
	size_t name_length;
	const char *password;
	size_t password_length;
};

/* Parses the header, or NULL if there is no header. Returns false if it has no such login, or if memory is short. */
bool basic_parse(struct basic_login *login, const char *header);
/* Wipes and frees the login. */
void basic_release(struct basic_login *login);

#endif
