/* SPDX-License-Identifier: Apache-2.0 */
/* Users: looks names up by LookupAccountSid(). */
#include "exporter/platform/windows/names/users.h"

#include <windows.h>

#include <sddl.h>
#include <stdlib.h>
#include <string.h>

#include "exporter/platform/windows/utf16.h"

/* A lookup at a domain controller can take seconds to fail, so it is not repeated at each scrape. */
#define RETRY_NS (300 * UINT64_C(1000000000))

static bool sid_of(HANDLE token, uint8_t sid[SID_BYTES_MAX])
{
	_Alignas(TOKEN_USER) uint8_t bytes[sizeof(TOKEN_USER) + SID_BYTES_MAX];
	const TOKEN_USER *user = (const TOKEN_USER *)bytes;
	DWORD length;

	memset(sid, 0, SID_BYTES_MAX);
	return GetTokenInformation(token, TokenUser, bytes, sizeof(bytes), &length) &&
	       CopySid(SID_BYTES_MAX, sid, user->User.Sid);
}

static size_t account_text(char text[USER_TEXT_MAX], void *sid)
{
	wchar_t user[USER_UNITS], domain[DOMAIN_UNITS];
	DWORD user_units = USER_UNITS, domain_units = DOMAIN_UNITS;
	SID_NAME_USE use;
	size_t length;

	if (!LookupAccountSidW(NULL, sid, user, &user_units, domain, &domain_units, &use))
		return 0;
	length = utf16_to_utf8(text, (const uint16_t *)domain, utf16_length((const uint16_t *)domain, DOMAIN_UNITS));
	if (length > 0)
		text[length++] = '\\';
	return length + utf16_to_utf8(text + length, (const uint16_t *)user,
	                              utf16_length((const uint16_t *)user, USER_UNITS - 1));
}

/* Writes the identifier as "S-1-5-18". Returns the length. */
static size_t number_text(char text[USER_TEXT_MAX], void *sid)
{
	wchar_t *number;
	size_t length = 0;

	if (!ConvertSidToStringSidW(sid, &number))
		return 0;
	if (UTF16_AS_UTF8_MAX(wcslen(number)) <= USER_TEXT_MAX)
		length = utf16_to_utf8(text, (const uint16_t *)number, wcslen(number));
	LocalFree(number);
	return length;
}

void users_release(struct users *users)
{
	free(users->names);
	*users = (struct users){0};
}

static struct user_name *find(const struct users *users, const uint8_t sid[SID_BYTES_MAX])
{
	for (size_t i = 0; i < users->count; i++)
		if (memcmp(users->names[i].sid, sid, SID_BYTES_MAX) == 0)
			return &users->names[i];
	return NULL;
}

static void look_up(struct user_name *name)
{
	name->length = account_text(name->text, name->sid);
	name->retry_ns = name->length > 0 ? UINT64_MAX : platform_now_ns() + RETRY_NS;
	if (name->length == 0)
		name->length = number_text(name->text, name->sid);
}

int users_find(struct users *users, void *token, const struct user_name **name)
{
	uint8_t sid[SID_BYTES_MAX];
	struct user_name *found;
	int result;

	*name = NULL;
	if (!sid_of(token, sid))
		return 0;
	found = find(users, sid);
	if (found == NULL) {
		result = array_reserve((void **)&users->names, &users->capacity, users->count + 1, sizeof(*found));
		if (result != 0)
			return result;
		found = &users->names[users->count++];
		memcpy(found->sid, sid, sizeof(sid));
		found->retry_ns = 0;
	}
	if (found->retry_ns <= platform_now_ns())
		look_up(found);
	*name = found;
	return 0;
}
