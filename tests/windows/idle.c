/* SPDX-License-Identifier: Apache-2.0 */
/* Idle process: while it runs, Wine does not start again for each test. */
#include <stdio.h>
#include <windows.h>

/* Longer than the tests run. The process also ends after this time if the tests are interrupted. */
enum { IDLE_MS = 15 * 60 * 1000 };

int main(void)
{
	SetConsoleCtrlHandler(NULL, TRUE); /* Ctrl+C is for the programs under test, but all receive it */
	puts("idle");                      /* Wine is ready */
	fflush(stdout);
	Sleep(IDLE_MS);
	return 0;
}
