/* SPDX-License-Identifier: Apache-2.0 */
/* Users: names by security identifier. The names are kept, since a lookup may need a domain controller. */
#ifndef EXPORTER_PLATFORM_WINDOWS_NAMES_USERS_H
#define EXPORTER_PLATFORM_WINDOWS_NAMES_USERS_H

#include "exporter/platform/platform.h"

enum {
	/* SECURITY_MAX_SID_SIZE */
	SID_BYTES_MAX = 68,
	/* Units of either part of a name, terminated. A user's name has UNLEN + 1. The first part can be longer than a
	 * domain's DNLEN ("NT VIRTUAL MACHINE"), and has no documented bound. */
	USER_UNITS = 257,
	DOMAIN_UNITS = 256,
	/* "DOMAIN\user", each unit up to three bytes */
	USER_TEXT_MAX = 3 * (DOMAIN_UNITS + USER_UNITS),
};

struct user_name {
	uint8_t sid[SID_BYTES_MAX]; /* padded with zeros */
	uint64_t retry_ns;          /* the time of the next lookup; UINT64_MAX: the name is known */
	size_t length;
	char text[USER_TEXT_MAX]; /* UTF-8: "DOMAIN\user", or "S-1-..." until the name is known */
};

/* All zeros is valid and empty. */
struct users {
	struct user_name *names;
	size_t count, capacity;
};

void users_release(struct users *users);

/* Finds the user of an access token (a HANDLE). *name is NULL if Windows does not report it, and stays valid until the
 * next call. Returns 0 or -ENOMEM. */
int users_find(struct users *users, void *token, const struct user_name **name) MUST_CHECK;

#endif
