/* SPDX-License-Identifier: Apache-2.0 */
/* Parser of the Authorization header of basic authentication (RFC 7617). */
#ifndef EXPORTER_WEB_AUTH_BASIC_H
#define EXPORTER_WEB_AUTH_BASIC_H

#include <stdbool.h>
#include <stddef.h>

/* A name and a password, each with a terminator that is not counted; either may hold zero bytes. */
struct basic_login {
	char *name; /* the one allocation */
	size_t name_length;
	const char *password;
	size_t password_length;
};

/* Returns false if `header` is NULL or is not of basic authentication, or if memory is short. */
bool basic_parse(struct basic_login *login, const char *header);
/* Overwrites and frees the name and the password. */
void basic_release(struct basic_login *login);

#endif
