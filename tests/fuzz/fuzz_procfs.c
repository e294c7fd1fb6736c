/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzzes the parsers of procfs texts: results are in the text, and a refusal leaves the results unchanged. */
#include "tests/fuzz/fuzz.h"

#include <ctype.h>

#include "exporter/platform/linux/procfs/parse.h"

/* Returns true if the number is somewhere in the text, with or without leading zeros. */
static bool has_number(const char *bytes, size_t length, uint64_t number)
{
	char digits[24];
	int count = snprintf(digits, sizeof(digits), "%llu", (unsigned long long)number);

	return memmem(bytes, length, digits, (size_t)count) != NULL;
}

static bool is_all(const void *object, size_t size, unsigned char byte)
{
	const unsigned char *at = object;

	while (size > 0 && at[size - 1] == byte)
		size--;
	return size == 0;
}

static void fuzz_stat(const char *bytes, size_t length)
{
	struct proc_stat stat;

	memset(&stat, 0xa5, sizeof(stat));
	if (!parse_stat(bytes, length, &stat)) {
		CHECK(is_all(&stat, sizeof(stat), 0xa5));
		return;
	}
	CHECK(memchr(bytes, ')', length) && memchr(bytes, stat.state, length));
	CHECK(has_number(bytes, length, stat.start) && has_number(bytes, length, stat.flags));
	CHECK(has_number(bytes, length, stat.threads));
}

static void fuzz_pid(const char *bytes, size_t length)
{
	char *name = terminated_copy(bytes, length);
	uint32_t pid = 4711;

	if (parse_pid(name, &pid)) {
		CHECK(pid <= INT32_MAX && strlen(name) == strspn(name, "0123456789"));
		CHECK(strtoull(name, NULL, 10) == pid);
	} else {
		CHECK(pid == 4711);
	}
	free(name);
}

static void fuzz_status(const char *bytes, size_t length)
{
	uint32_t pid = 4711, uid = 4711;

	if (parse_status_innermost_pid(bytes, length, &pid))
		CHECK(pid <= INT32_MAX && has_number(bytes, length, pid) && memmem(bytes, length, "NSpid:", 6));
	else
		CHECK(pid == 4711);
	if (parse_status_uid(bytes, length, &uid))
		CHECK(has_number(bytes, length, uid) && memmem(bytes, length, "Uid:", 4));
	else
		CHECK(uid == 4711);
}

static void fuzz_counts(const char *bytes, size_t length)
{
	struct sockstat sockstat = {4711, 4712};
	uint64_t opened = 4711;
	uint32_t pid = 4711, namespaces = 4712;

	if (parse_sockstat(bytes, length, "TCP:", &sockstat))
		CHECK(has_number(bytes, length, sockstat.in_use) &&
		      (sockstat.time_wait == 0 || has_number(bytes, length, sockstat.time_wait)));
	else
		CHECK(sockstat.in_use == 4711 && sockstat.time_wait == 4712);
	if (parse_snmp_opened(bytes, length, &opened))
		CHECK(memmem(bytes, length, "ActiveOpens PassiveOpens", 24));
	else
		CHECK(opened == 4711);
	if (parse_status_pids(bytes, length, &pid, &namespaces))
		CHECK(namespaces > 0 && namespaces < length && has_number(bytes, length, pid));
	else
		CHECK(pid == 4711 && namespaces == 4712);
}

/* Checks that the text is "KIND:[NUMBER]" and nothing else. */
static void check_link(const char *bytes, size_t length, const char *kind, uint64_t number)
{
	size_t before = strlen(kind) + 2;

	CHECK(length > before + 1 && memcmp(bytes, kind, strlen(kind)) == 0);
	CHECK(bytes[before - 2] == ':' && bytes[before - 1] == '[' && bytes[length - 1] == ']');
	for (size_t i = before; i < length - 1; i++)
		CHECK(bytes[i] >= '0' && bytes[i] <= '9');
	CHECK(strtoull(bytes + before, NULL, 10) == number);
}

static void fuzz_links(const char *bytes, size_t length)
{
	uint32_t inode = 4711;
	uint64_t id = 4711;

	if (parse_socket_link(bytes, length, &inode))
		check_link(bytes, length, "socket", inode);
	else
		CHECK(inode == 4711);
	if (parse_ns_link(bytes, length, "net", &id))
		check_link(bytes, length, "net", id);
	else
		CHECK(id == 4711);
}

static void fuzz_port_range(const char *bytes, size_t length)
{
	uint16_t low = 4711, high = 4712;

	if (parse_port_range(bytes, length, &low, &high))
		CHECK(low <= high && has_number(bytes, length, low) && has_number(bytes, length, high));
	else
		CHECK(low == 4711 && high == 4712);
}

static void fuzz_reserved_ports(const char *bytes, size_t length)
{
	struct port_set before = {{0}}, ports;
	bool understood;

	port_set_add(&before, 4711);
	ports = before;
	understood = parse_reserved_ports(bytes, length, &ports);
	CHECK(port_set_has(&ports, 4711));
	if (!understood)
		CHECK(memcmp(&ports, &before, sizeof(ports)) == 0);
	/* A port is in the set only if the list begins with a number. */
	while (length > 0 && strchr(" \t\n", *bytes)) {
		bytes++;
		length--;
	}
	if (memcmp(&ports, &before, sizeof(ports)) != 0)
		CHECK(length > 0 && *bytes >= '0' && *bytes <= '9');
}

static void check_within(const char *bytes, size_t length, struct parsed_text text)
{
	CHECK(text.bytes >= bytes && text.length <= length);
	CHECK((size_t)(text.bytes - bytes) <= length - text.length);
}

static void fuzz_cgroup(const char *bytes, size_t length)
{
	struct parsed_text unit = parse_cgroup_unit(bytes, length);
	struct parsed_text container = parse_cgroup_container(bytes, length);

	if (unit.length > 0) {
		check_within(bytes, length, unit);
		CHECK(!memchr(unit.bytes, '/', unit.length) && !memchr(unit.bytes, '\n', unit.length));
		CHECK(memchr(unit.bytes, '.', unit.length));
	}
	if (container.length > 0) {
		check_within(bytes, length, container);
		CHECK(container.length == 64);
		for (size_t i = 0; i < container.length; i++)
			CHECK(isxdigit((unsigned char)container.bytes[i]));
	}
}

static void fuzz_cmdline(const char *bytes, size_t length)
{
	char *line = exact_copy(bytes, length);
	size_t count = parse_cmdline(line, length);

	CHECK(count <= length);
	for (size_t i = 0; i < count; i++)
		CHECK(line[i] == (bytes[i] == '\0' ? ' ' : bytes[i]));
	CHECK(is_all(bytes + count, length - count, '\0'));
	CHECK(count == 0 || bytes[count - 1] != '\0');
	free(line);
}

static void fuzz_exe_link(const char *bytes, size_t length)
{
	static const char deleted[] = " (deleted)";
	size_t count = parse_exe_link(bytes, length), left = strlen(deleted);

	CHECK(count == length || (count + left == length && memcmp(bytes + count, deleted, left) == 0));
	CHECK(count > 0 || length == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	char *copy = exact_copy(bytes, length);

	fuzz_stat(copy, length);
	fuzz_pid(copy, length);
	fuzz_counts(copy, length);
	fuzz_status(copy, length);
	fuzz_links(copy, length);
	fuzz_port_range(copy, length);
	fuzz_reserved_ports(copy, length);
	fuzz_cgroup(copy, length);
	fuzz_cmdline(copy, length);
	fuzz_exe_link(copy, length);
	free(copy);
	return 0;
}
