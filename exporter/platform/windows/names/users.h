/* SPDX-License-Identifier: Apache-2.0 */
/* Names of users by their security identifiers, kept: a domain controller may have to be asked for one. */
#ifndef EXPORTER_PLATFORM_WINDOWS_NAMES_USERS_H
#define EXPORTER_PLATFORM_WINDOWS_NAMES_USERS_H

#include "exporter/platform/platform.h"

enum {
	/* SECURITY_MAX_SID_SIZE */
	SID_BYTES_MAX = 68,
	/* Units of either part of a name, with its end: of a user UNLEN + 1; of what names users beside domains, such
	 * as "NT VIRTUAL MACHINE", no bound is known, but that it is above DNLEN. */
	USER_UNITS = 257,
	DOMAIN_UNITS = 256,
	/* "DOMAIN\user", each unit up to three bytes */
	USER_TEXT_MAX = 3 * (DOMAIN_UNITS + USER_UNITS),
};

struct user_name {
	uint8_t sid[SID_BYTES_MAX]; /* zeros after its end */
	uint64_t retry_ns;          /* when its name is looked up again; UINT64_MAX: it has one */
	size_t length;
	char text[USER_TEXT_MAX]; /* UTF-8: "DOMAIN\user", or "S-1-..." as long as it has no name */
};

/* All zeros is valid and empty. */
struct users {
	struct user_name *names;
	size_t count, capacity;
};

void users_release(struct users *users);

/* The user of an access token (a HANDLE). *name is NULL if Windows does not tell, and stays valid until the next
 * call. 0 or -ENOMEM. */
int users_find(struct users *users, void *token, const struct user_name **name) MUST_CHECK;

#endif
