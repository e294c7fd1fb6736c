/* SPDX-License-Identifier: Apache-2.0 */
/* A process that does nothing: as long as it is there, Wine need not start anew for each test. */
#include <stdio.h>
#include <windows.h>

/* Longer than the tests take; so long it stays if they are interrupted. */
enum { IDLE_MS = 15 * 60 * 1000 };

int main(void)
{
	SetConsoleCtrlHandler(NULL, TRUE); /* Ctrl+C is meant for those under test, and told to all */
	puts("idle");                      /* Wine is ready */
	fflush(stdout);
	Sleep(IDLE_MS);
	return 0;
}
