/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of the parsers of procfs texts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "exporter/platform/linux/procfs/parse.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static void pids(void **state)
{
	static const struct {
		const char *name;
		bool valid;
		uint32_t pid;
	} cases[] = {
	        {"1", true, 1},
	        {"4194304", true, 4194304},
	        {"2147483647", true, 2147483647},
	        {"2147483648", false, 0},
	        {"", false, 0},
	        {"self", false, 0},
	        {"12a", false, 0},
	        {" 1", false, 0},
	        {"-1", false, 0},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		uint32_t pid = 0;

		assert_int_equal(parse_pid(cases[i].name, &pid), cases[i].valid);
		assert_int_equal(pid, cases[i].pid);
	}
}

#define STAT_TAIL " S 1 2 3 4 -1 4194560 7 8 9 10 11 12 13 14 20 0 3 0 98765 221 5"

static void stat_of_any_comm(void **state)
{
	static const char *const comms[] = {"bash", ") R 1 2", "a b) S (", "", "\n\n)", "\xff\xfe"};

	(void)state;
	for (size_t i = 0; i < LENGTH(comms); i++) {
		struct proc_stat stat;
		char bytes[256];
		int length = snprintf(bytes, sizeof(bytes), "42 (%s)%s\n", comms[i], STAT_TAIL);

		assert_true(parse_stat(bytes, (size_t)length, &stat));
		assert_int_equal(stat.state, 'S');
		assert_int_equal(stat.flags, 4194560);
		assert_int_equal(stat.threads, 3);
		assert_int_equal(stat.start, 98765);
	}
}

static void stat_cut_short(void **state)
{
	static const char whole[] = "42 (x)" STAT_TAIL;
	struct proc_stat stat = {.start = 7};
	const char *start_ends = strstr(whole, "98765") + 1;

	(void)state;
	for (const char *end = whole; end < start_ends; end++)
		assert_false(parse_stat(whole, (size_t)(end - whole), &stat));
	assert_int_equal(stat.start, 7);
}

static void links(void **state)
{
	uint32_t inode = 0;
	uint64_t id = 0;

	(void)state;
	assert_true(parse_socket_link("socket:[4294967295]", 19, &inode));
	assert_int_equal(inode, UINT32_MAX);
	assert_false(parse_socket_link("socket:[4294967296]", 19, &inode));
	assert_false(parse_socket_link("socket:[12", 10, &inode));
	assert_false(parse_socket_link("socket:[]", 9, &inode));
	assert_false(parse_socket_link("socket:[1]x", 11, &inode));
	assert_false(parse_socket_link("pipe:[1]", 8, &inode));
	assert_false(parse_socket_link("/socket:[1]", 11, &inode));
	assert_false(parse_socket_link("", 0, &inode));
	assert_true(parse_ns_link("net:[4026531840]", 16, "net", &id));
	assert_int_equal(id, UINT64_C(4026531840));
	assert_false(parse_ns_link("pid:[4026531836]", 16, "net", &id));
}

static void status_lines(void **state)
{
	static const char status[] = "Name:\tUid: x\nUid:\t33\t0\t0\t0\nNSpid:\t812\t17\t1\nThreads:\t1\n";
	uint32_t pid = 0, uid = 0;

	(void)state;
	assert_true(parse_status_innermost_pid(status, strlen(status), &pid));
	assert_int_equal(pid, 1);
	assert_true(parse_status_uid(status, strlen(status), &uid));
	assert_int_equal(uid, 33);
	assert_false(parse_status_innermost_pid("NSpid:\n", 7, &pid));
	assert_false(parse_status_innermost_pid("NSpid:\t1x\n", 10, &pid));
	assert_false(parse_status_uid("Gid:\t1\n", 7, &uid));
}

static void port_ranges(void **state)
{
	static const struct {
		const char *text;
		bool valid;
	} cases[] = {
	        {"32768\t60999\n", true}, {"1 65535", true}, {"1024\t1024\n", true}, {"60999\t32768\n", false},
	        {"1\t65536\n", false},    {"", false},       {"5\n", false},         {"1 2 3\n", false},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		uint16_t low = 9, high = 8;

		assert_int_equal(parse_port_range(cases[i].text, strlen(cases[i].text), &low, &high), cases[i].valid);
		assert_int_equal(low == 9 && high == 8, !cases[i].valid);
	}
}

static void reserved_ports(void **state)
{
	struct port_set ports = {0};

	(void)state;
	assert_true(parse_reserved_ports("\n", 1, &ports));
	assert_true(parse_reserved_ports("8080,9148-9150,65535\n", 21, &ports));
	assert_true(port_set_has(&ports, 8080) && port_set_has(&ports, 9148) && port_set_has(&ports, 9150));
	assert_true(port_set_has(&ports, 65535));
	assert_false(port_set_has(&ports, 9151) || port_set_has(&ports, 8081) || port_set_has(&ports, 0));
	assert_false(parse_reserved_ports("1-", 2, &ports));
	assert_false(parse_reserved_ports("3-1", 3, &ports));
	assert_false(parse_reserved_ports("1,,2", 4, &ports));
	assert_false(parse_reserved_ports("70000", 5, &ports));
	assert_false(port_set_has(&ports, 1));
}

#define ID64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void cgroups(void **state)
{
	static const struct {
		const char *text, *unit, *container;
	} cases[] = {
	        {"0::/system.slice/ssh.service\n", "ssh.service", ""},
	        {"0::/user.slice/user-1000.slice/user@1000.service/app.slice/x.service\n", "x.service", ""},
	        {"0::/user.slice/user-1000.slice/user@1000.service/init.scope\n", "init.scope", ""},
	        {"0::/../../system.slice/ssh.service\n", "ssh.service", ""},
	        {"0::/../docker-" ID64 ".scope\n", "docker-" ID64 ".scope", ID64},
	        {"0::/../../..\n", "", ""},
	        {"0::/system.slice/a.service/payload/b.service\n", "a.service", ""},
	        {"0::/machine.slice/libpod-conmon-" ID64 ".scope\n", "libpod-conmon-" ID64 ".scope", ""},
	        {"0::/x.slice/crio-conmon-" ID64 ".scope\n", "crio-conmon-" ID64 ".scope", ""},
	        {"0::/conmon-" ID64, "", ""},
	        {"0::/user.slice/user-1000.slice/session-3.scope\n", "session-3.scope", ""},
	        {"0::/init.scope\n", "init.scope", ""},
	        {"0::/\n", "", ""},
	        {"", "", ""},
	        {"no colons\n:\n::\n", "", ""},
	        {"4:memory:/x\n1:name=systemd:/system.slice/a.service\n", "a.service", ""},
	        {"4:memory:/system.slice/a.service\n", "", ""},
	        {"0::/system.slice/docker-" ID64 ".scope\n", "docker-" ID64 ".scope", ID64},
	        {"5:cpu:/docker/" ID64 "\n", "", ID64},
	        {"0::/kubepods.slice/kubepods-burstable.slice/cri-containerd-" ID64 ".scope",
	         "cri-containerd-" ID64 ".scope", ID64},
	        {"0::/kubepods/besteffort/pod123/" ID64 "\n", "", ID64},
	        {"0::/x/" ID64 "0\n", "", ""},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct parsed_text unit = parse_cgroup_unit(cases[i].text, strlen(cases[i].text));
		struct parsed_text container = parse_cgroup_container(cases[i].text, strlen(cases[i].text));

		assert_int_equal(unit.length, strlen(cases[i].unit));
		assert_memory_equal(unit.length ? unit.bytes : "", cases[i].unit, unit.length);
		assert_int_equal(container.length, strlen(cases[i].container));
		assert_memory_equal(container.length ? container.bytes : "", cases[i].container, container.length);
	}
}

static void socket_counts(void **state)
{
	static const char v4[] = "sockets: used 231\nTCP: inuse 27 orphan 3 tw 15 alloc 30 mem 3\nUDP: inuse 4 mem 2\n";
	static const char v6[] = "TCP6: inuse 8\nUDP6: inuse 3\n";
	struct sockstat sockstat = {4711, 4712};

	(void)state;
	assert_true(parse_sockstat(v4, strlen(v4), "TCP:", &sockstat));
	assert_int_equal(sockstat.in_use, 27);
	assert_int_equal(sockstat.time_wait, 15);
	assert_true(parse_sockstat(v6, strlen(v6), "TCP6:", &sockstat));
	assert_int_equal(sockstat.in_use, 8);
	assert_int_equal(sockstat.time_wait, 0);
	assert_false(parse_sockstat(v4, strlen(v4), "TCP6:", &sockstat));
	assert_false(parse_sockstat("TCP: orphan 3 tw 15\n", 20, "TCP:", &sockstat));
	assert_false(parse_sockstat("TCP: inuse 3 orphan 3\n", 22, "TCP:", &sockstat));
	assert_int_equal(sockstat.in_use, 8); /* unchanged */
}

static void opened_connections(void **state)
{
	static const char good[] = "Ip: Forwarding DefaultTTL\nIp: 1 64\n"
	                           "Tcp: RtoAlgorithm MaxConn ActiveOpens PassiveOpens AttemptFails\n"
	                           "Tcp: 1 -1 320 27 5\nUdp: InDatagrams\nUdp: 3\n";
	static const char *const bad[] = {"", "Tcp: ActiveOpens PassiveOpens X\n", "Tcp: a b c\nTcp: 1 2 3\n",
	                                  "Tcp: ActiveOpens PassiveOpens X\nTcp: 1\n",
	                                  "Tcp: ActiveOpens PassiveOpens X\nTcp: -1 3 4\n"};
	uint64_t opened = 4711;

	(void)state;
	for (size_t i = 0; i < LENGTH(bad); i++)
		assert_false(parse_snmp_opened(bad[i], strlen(bad[i]), &opened));
	assert_int_equal(opened, 4711);
	assert_true(parse_snmp_opened(good, strlen(good), &opened));
	assert_int_equal(opened, 347);
}

static void pid_namespaces(void **state)
{
	static const char nested[] = "Name:\tx\nNSpid:\t4711\t12\t1\nVmPeak:\t1 kB\n";
	uint32_t innermost = 0, count = 0;

	(void)state;
	assert_true(parse_status_pids(nested, strlen(nested), &innermost, &count));
	assert_int_equal(innermost, 1);
	assert_int_equal(count, 3);
	assert_true(parse_status_pids("NSpid:\t9\n", 9, &innermost, &count));
	assert_int_equal(innermost, 9);
	assert_int_equal(count, 1);
	assert_false(parse_status_pids("NSpid:\t\n", 8, &innermost, &count));
	assert_false(parse_status_pids("NSpid:\t9x\n", 10, &innermost, &count));
	assert_int_equal(count, 1);
}

static void command_lines(void **state)
{
	char arguments[] = "java\0-jar\0a b.jar\0\0";
	char empty[] = "\0\0";

	(void)state;
	assert_int_equal(parse_cmdline(arguments, sizeof(arguments)), 17);
	assert_memory_equal(arguments, "java -jar a b.jar", 17);
	assert_int_equal(parse_cmdline(empty, sizeof(empty)), 0);
	assert_int_equal(parse_exe_link("/usr/bin/x (deleted)", 20), 10);
	assert_int_equal(parse_exe_link("/usr/bin/x", 10), 10);
	assert_int_equal(parse_exe_link(" (deleted)", 10), 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(pids),
	        cmocka_unit_test(stat_of_any_comm),
	        cmocka_unit_test(stat_cut_short),
	        cmocka_unit_test(links),
	        cmocka_unit_test(status_lines),
	        cmocka_unit_test(port_ranges),
	        cmocka_unit_test(reserved_ports),
	        cmocka_unit_test(cgroups),
	        cmocka_unit_test(command_lines),
	        cmocka_unit_test(socket_counts),
	        cmocka_unit_test(opened_connections),
	        cmocka_unit_test(pid_namespaces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
