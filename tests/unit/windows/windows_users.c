/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of a user whose name is not available at first and long afterwards, with a fake function in place of Windows'
 * own. */
#include "exporter/platform/windows/names/users.h"

#include <windows.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <wchar.h>

#include <cmocka.h>

static unsigned calls;
static const wchar_t *domain_there; /* NULL: the name is not available */

static BOOL WINAPI look_up(const wchar_t *system, SID *sid, wchar_t *user, DWORD *user_units, wchar_t *domain,
                           DWORD *domain_units, SID_NAME_USE *use)
{
	assert_null(system);
	assert_true(IsValidSid(sid));
	calls++;
	if (domain_there == NULL || wcslen(domain_there) >= *domain_units || *user_units < sizeof("user")) {
		SetLastError(domain_there == NULL ? ERROR_NONE_MAPPED : ERROR_INSUFFICIENT_BUFFER);
		return FALSE;
	}
	wcscpy(user, L"user");
	wcscpy(domain, domain_there);
	*use = SidTypeUser;
	return TRUE;
}

/* The function that a call through the import table finds. */
typedef BOOL(WINAPI *look_up_function)(const wchar_t *, SID *, wchar_t *, DWORD *, wchar_t *, DWORD *, SID_NAME_USE *);
extern const look_up_function imported __asm__("__imp_LookupAccountSidW");
const look_up_function imported = look_up;

static void assert_name(struct users *users, HANDLE token, const char *start, unsigned expected_calls)
{
	const struct user_name *name;

	calls = 0;
	assert_int_equal(users_find(users, token, &name), 0);
	assert_non_null(name);
	assert_true(name->length >= strlen(start));
	assert_memory_equal(name->text, start, strlen(start));
	assert_int_equal(calls, expected_calls);
	assert_int_equal(users->count, 1);
}

static void test_no_name_at_first(void **state)
{
	struct users users = {0};
	HANDLE token;

	(void)state;
	assert_true(OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token));
	assert_name(&users, token, "S-1-5-", 1);
	domain_there = L"NT VIRTUAL MACHINE";
	assert_name(&users, token, "S-1-5-", 0); /* within the time between two attempts */
	users.names[0].retry_ns = 0;             /* as if the time had passed */
	assert_name(&users, token, "NT VIRTUAL MACHINE\\user", 1);
	domain_there = NULL;
	assert_name(&users, token, "NT VIRTUAL MACHINE\\user", 0);
	users_release(&users);
	CloseHandle(token);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_no_name_at_first)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
