/* SPDX-License-Identifier: Apache-2.0 */
/* Properties of the test's own process on Windows. */
#include "own.h"

#include <sys/socket.h>

#include <windows.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Windows does not report a socket's state to its owner. Over loopback, a segment needs far less time. */
enum { SETTLE_MS = 200 };

const char *own_name(void)
{
	return "contract_platform.exe";
}

uint32_t own_pid(void)
{
	return GetCurrentProcessId();
}

unsigned own_facts(void)
{
	return 0;
}

void own_wait_for_close(int client, int server)
{
	(void)client;
	(void)server;
	Sleep(SETTLE_MS);
}

/* Wine finds the owner of a socket once its process has asked something about it. */
bool own_shows_made(int socket)
{
	int value, length = sizeof(value);

	assert_int_equal(getsockopt((SOCKET)socket, SOL_SOCKET, SO_KEEPALIVE, (char *)&value, &length), 0);
	return true;
}

/* Windows reports the owner. Wine never does. */
bool own_shows_accepted(int socket)
{
	(void)socket;
	return GetProcAddress(GetModuleHandleW(L"ntdll.dll"), "wine_get_version") == NULL;
}

void own_close(int socket)
{
	closesocket((SOCKET)socket);
}
