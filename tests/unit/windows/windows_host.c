/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of the Windows host: listening sockets of every form, the process's own numbers, the stop. */
#include "exporter/platform/host.h"

#include <sys/socket.h>

#include <windows.h>

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "exporter/platform/condition.h"
#include "exporter/platform/file.h"
#include "exporter/platform/windows/host/stop.h"
#include "exporter/platform/windows/wide.h"
#include "exporter/platform/windows/win32_error.h"

static uint16_t port_of(int socket)
{
	char text[HOST_ADDRESS_MAX];

	host_socket_address(socket, text, sizeof(text));
	assert_non_null(strrchr(text, ':'));
	return (uint16_t)atoi(strrchr(text, ':') + 1);
}

static bool connects(int family, uint16_t port)
{
	const struct sockaddr_in v4 = {
	        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	const struct sockaddr_in6 v6 = {
	        .sin6_family = AF_INET6, .sin6_port = htons(port), .sin6_addr = {.s6_addr[15] = 1}};
	int opened = socket(family, SOCK_STREAM, 0);
	bool connected;

	assert_true(opened >= 0);
	if (family == AF_INET)
		connected = connect(opened, (const struct sockaddr *)&v4, sizeof(v4)) == 0;
	else
		connected = connect(opened, (const struct sockaddr *)&v6, sizeof(v6)) == 0;
	host_close_socket(opened);
	return connected;
}

static void test_listen(void **state)
{
	static const struct {
		const char *address, *host; /* as it is shown; NULL: either of two */
		bool on_v4, on_v6;
	} cases[] = {
	        {":0", "[::]", true, true},        {"127.0.0.1:0", "127.0.0.1", true, false},
	        {"[::1]:0", "[::1]", false, true}, {"0.0.0.0:0", "0.0.0.0", true, false},
	        {"localhost:0", NULL, true, true}, {"[::1%1]:0", "[::1]", false, true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct platform_error error = {""};
		char text[HOST_ADDRESS_MAX], expected[HOST_ADDRESS_MAX];
		int opened = host_listen(cases[i].address, &error);
		uint16_t port;

		if (opened < 0)
			fail_msg("%s", error.text);
		port = port_of(opened);
		assert_int_not_equal(port, 0);
		if (cases[i].host != NULL) {
			host_socket_address(opened, text, sizeof(text));
			snprintf(expected, sizeof(expected), "%s:%u", cases[i].host, port);
			assert_string_equal(text, expected);
			assert_int_equal(connects(AF_INET, port), cases[i].on_v4);
			assert_int_equal(connects(AF_INET6, port), cases[i].on_v6);
		} else {
			assert_true(connects(AF_INET, port) || connects(AF_INET6, port));
		}
		host_close_socket(opened);
		assert_false(connects(AF_INET, port));
	}
}

static void test_listen_errors(void **state)
{
	struct platform_error error = {""};
	char address[64], expected[80], text[HOST_ADDRESS_MAX];
	int opened = host_listen("127.0.0.1:0", &error);

	(void)state;
	assert_true(opened >= 0);
	snprintf(address, sizeof(address), "127.0.0.1:%u", port_of(opened));
	snprintf(expected, sizeof(expected), "cannot listen on \"%s\": ", address);
	assert_int_equal(host_listen(address, &error), -EADDRINUSE);
	assert_memory_equal(error.text, expected, strlen(expected));
	assert_non_null(strstr(error.text, "(error 10048)"));
	host_close_socket(opened);

	assert_int_equal(host_listen("nonsense", &error), -EINVAL);
	assert_int_equal(host_listen("192.0.2.1:0", &error), -EADDRNOTAVAIL); /* TEST-NET-1, which no host has */
	assert_true(host_listen("256.256.256.256.:0", &error) < 0);
	assert_int_equal(host_listen(":no-such", &error), -EADDRNOTAVAIL);
	assert_string_equal(error.text, "cannot listen on \":no-such\": there is no such service");
	assert_int_equal(host_listen("[::1%nowhere]:0", &error), -EADDRNOTAVAIL);
	assert_string_equal(error.text, "cannot listen on \"[::1%nowhere]:0\": there is no such interface");
	assert_int_equal(host_listen("unix:/x", &error), -ENOTSUP);
	assert_string_equal(error.text, "cannot listen on \"unix:/x\": Unix sockets do not work on Windows");
	host_socket_address(-1, text, sizeof(text));
	assert_string_equal(text, "");
}

static void test_process(void **state)
{
	struct host_process before, after;
	volatile unsigned spin = 0;
	HANDLE handles[3];

	(void)state;
	host_process_read(&before);
	assert_true(before.resident_bytes > 100000 && before.resident_bytes < UINT64_C(1) << 32);
	assert_true(before.virtual_bytes > 10000 && before.virtual_bytes != UINT64_MAX);
	assert_int_equal(before.virtual_max_bytes, UINT64_MAX);
	assert_true(before.start_ms / 1000 <= (uint64_t)time(NULL) + 1);
	assert_true(before.start_ms / 1000 + 120 > (uint64_t)time(NULL));
	for (size_t i = 0; i < 3; i++)
		handles[i] = CreateEventW(NULL, TRUE, FALSE, NULL);
	do {
		for (int i = 0; i < 1000000; i++)
			spin = spin + 1;
		host_process_read(&after);
	} while (after.cpu_us < before.cpu_us + 20000);
	if (GetProcAddress(GetModuleHandleW(L"ntdll.dll"), "wine_get_version") == NULL)
		assert_int_equal(after.open_fds, before.open_fds + 3);
	else
		assert_int_equal(after.open_fds, UINT64_MAX); /* Wine does not count them */
	assert_int_equal(after.start_ms, before.start_ms);
	for (size_t i = 0; i < 3; i++)
		CloseHandle(handles[i]);
}

static void *ask_later(void *data)
{
	(void)data;
	Sleep(100);
	stop_request("SERVICE_STOP");
	return NULL;
}

static void test_stop(void **state)
{
	const struct host_hooks hooks = {.status = ""};
	struct platform_error error = {""};
	pthread_t thread;

	(void)state;
	assert_int_equal(host_prepare_to_serve(&error), 0);
	stop_request("CTRL_C");
	stop_request("CTRL_BREAK"); /* the first counts */
	assert_string_equal(host_wait_for_stop(&hooks), "CTRL_C");
	assert_int_equal(pthread_create(&thread, NULL, ask_later, NULL), 0);
	assert_string_equal(host_wait_for_stop(&hooks), "SERVICE_STOP");
	assert_int_equal(pthread_join(thread, NULL), 0);
}

/* Timed waits must not follow the date, which is winpthreads' own clock. */
static void test_condition(void **state)
{
	pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	uint64_t start_ns = platform_now_ns(), time_ns;
	pthread_cond_t condition;

	(void)state;
	condition_init(&condition);
	pthread_mutex_lock(&lock);
	while (platform_now_ns() < start_ns + 200000000)
		condition_wait_until(&condition, &lock, start_ns + 200000000);
	time_ns = platform_now_ns() - start_ns;
	assert_in_range(time_ns, 200000000, 2000000000);
	condition_wait_until(&condition, &lock, start_ns); /* a deadline in the past ends the wait at once */
	assert_true(platform_now_ns() - start_ns - time_ns < 1000000000);
	pthread_mutex_unlock(&lock);
	pthread_cond_destroy(&condition);
}

static void test_errors(void **state)
{
	char what[sizeof(((struct platform_error *)NULL)->text) - 24] = "";
	struct platform_error error;

	(void)state;
	assert_int_equal(win32_errno(ERROR_ACCESS_DENIED), -EACCES);
	assert_int_equal(win32_errno(ERROR_INSUFFICIENT_BUFFER), -ENOBUFS);
	assert_int_equal(win32_errno(WSAEADDRINUSE), -EADDRINUSE);
	assert_int_equal(win32_errno(987654321), -EIO);
	assert_int_equal(win32_errno(NO_ERROR), -EIO);
	assert_int_equal(win32_fail(&error, "cannot x", ERROR_ACCESS_DENIED), -EACCES);
	assert_string_equal(error.text, "cannot x: Access denied (error 5)");
	assert_int_equal(win32_fail(&error, "cannot x", 987654321), -EIO);
	assert_string_equal(error.text, "cannot x: (error 987654321)");
	memset(what, 'x', sizeof(what) - 1);
	assert_int_equal(win32_fail(&error, what, ERROR_ACCESS_DENIED), -EACCES);
	assert_string_equal(strrchr(error.text, 'x'), "x: Acc (error 5)");
}

static void test_wide(void **state)
{
	wchar_t wide[8];

	(void)state;
	wide_from_utf8(wide, 8, "a\xc3\xa4\xf0\x9f\x92\xa9");
	assert_memory_equal(wide, L"a\xe4\xd83d\xdca9", sizeof(L"a\xe4\xd83d\xdca9"));
	wide_from_utf8(wide, 4, "abcdefgh");
	assert_memory_equal(wide, L"abc", sizeof(L"abc"));
	wide_from_utf8(wide, 1, "abc");
	assert_int_equal(wide[0], 0);
}

static void test_copies(void **state)
{
	static const char text[] = "a\xc3\xa4\xf0\x9f\x92\xa9";
	wchar_t *wide = wide_copy(text);
	char *copy;

	(void)state;
	assert_non_null(wide);
	assert_memory_equal(wide, L"a\xe4\xd83d\xdca9", sizeof(L"a\xe4\xd83d\xdca9"));
	copy = utf8_copy(wide);
	assert_non_null(copy);
	assert_string_equal(copy, text);
	free(wide);
	free(copy);
	assert_null(wide_copy("\xe4"));
	assert_int_equal(errno, EILSEQ);
}

static void test_files(void **state)
{
	static const wchar_t name[] = L"\x65e5.txt";
	FILE *file = _wfopen(name, L"wb");

	(void)state;
	assert_non_null(file);
	assert_int_equal(fputs("a\r\n", file) < 0, 0);
	assert_int_equal(fclose(file), 0);
	file = host_file_open("\xe6\x97\xa5.txt");
	assert_non_null(file);
	assert_int_equal(getc(file), 'a');
	assert_int_equal(getc(file), '\r');
	assert_int_equal(fclose(file), 0);
	assert_int_equal(_wremove(name), 0);
	assert_null(host_file_open("\xe6\x97\xa5.txt"));
	assert_int_equal(errno, ENOENT);
}

static void test_host_name(void **state)
{
	char name[HOST_NAME_SIZE], expected[HOST_NAME_SIZE];

	(void)state;
	assert_int_equal(gethostname(expected, sizeof(expected)), 0);
	host_name(name, sizeof(name));
	assert_string_equal(name, expected);
}

static void test_file_names(void **state)
{
	(void)state;
	assert_int_equal(host_file_folder("C:\\etc\\web.yml"), 7);
	assert_int_equal(host_file_folder("C:web.yml"), 2);
	assert_int_equal(host_file_folder("C:\\etc/web.yml"), 7);
	assert_true(host_file_is_absolute("C:\\etc\\web.yml"));
	assert_true(host_file_is_absolute("C:web.yml"));
	assert_true(host_file_is_absolute("\\\\host\\share\\web.yml"));
	assert_false(host_file_is_absolute("etc\\web.yml"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_listen),    cmocka_unit_test(test_listen_errors), cmocka_unit_test(test_process),
	        cmocka_unit_test(test_stop),      cmocka_unit_test(test_condition),     cmocka_unit_test(test_errors),
	        cmocka_unit_test(test_wide),      cmocka_unit_test(test_copies),        cmocka_unit_test(test_files),
	        cmocka_unit_test(test_host_name), cmocka_unit_test(test_file_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
