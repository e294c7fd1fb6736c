/* SPDX-License-Identifier: Apache-2.0 */
/* Idle process: while it runs, Wine does not start again for each test. In scenes it owns sockets. */
#include <stdio.h>
#include <windows.h>

/* Longer than the tests run. The process also ends after this time if the tests are interrupted. */
enum { IDLE_MS = 15 * 60 * 1000 };

int main(void)
{
	FILETIME start, end, kernel, user;

	SetConsoleCtrlHandler(NULL, TRUE); /* Ctrl+C is for the programs under test, but all receive it */
	GetProcessTimes(GetCurrentProcess(), &start, &end, &kernel, &user);
	/* Wine is ready. */
	printf("idle %lu %llu\n", GetCurrentProcessId(),
	       (unsigned long long)start.dwHighDateTime << 32 | start.dwLowDateTime);
	fflush(stdout);
	Sleep(IDLE_MS);
	return 0;
}
