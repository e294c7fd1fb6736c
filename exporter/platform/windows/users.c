/* SPDX-License-Identifier: Apache-2.0 */
/* Looks users up by LookupAccountSid(). */
#include "exporter/platform/windows/users.h"

#include <windows.h>

#include <sddl.h>
#include <stdlib.h>
#include <string.h>

#include "exporter/platform/windows/utf16.h"

/* Units of either part of the name, with its end; DNLEN and UNLEN bound them. */
enum { DOMAIN_UNITS = 16, USER_UNITS = 257 };

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

/* "S-1-5-18" */
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

int users_find(struct users *users, void *token, const struct user_name **name)
{
	struct user_name found;
	int result;

	*name = NULL;
	if (!sid_of(token, found.sid))
		return 0;
	for (size_t i = 0; i < users->count && *name == NULL; i++)
		if (memcmp(users->names[i].sid, found.sid, sizeof(found.sid)) == 0)
			*name = &users->names[i];
	if (*name != NULL)
		return 0;
	result = array_reserve((void **)&users->names, &users->capacity, users->count + 1, sizeof(*users->names));
	if (result != 0)
		return result;
	found.length = account_text(found.text, found.sid);
	if (found.length == 0)
		found.length = number_text(found.text, found.sid);
	users->names[users->count] = found;
	*name = &users->names[users->count++];
	return 0;
}
