/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of the BPF programs with the types of other kernels. Copies of the running kernel's BTF lack a name, as if the
 * kernel were built without it. The programs load, and find the sockets of this process.
 */
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <bpf/btf.h>
#include <cmocka.h>

#include "bpf_sockets.h"

static struct seen seen;
static uint16_t port;

static int keep(void *data, const struct window *window)
{
	(void)data;
	for (uint32_t i = 0; i < window->row_count; i++)
		if (window->rows[i].state != 0 && window->rows[i].local_port == port)
			add_seen(&seen, &window->rows[i]);
	return 0;
}

/* Overwrites each whole string `name` of the BTF. Strings are stored once, whatever uses them. */
static void spoil(char *bytes, size_t length, const char *name)
{
	const size_t size = strlen(name) + 1;
	unsigned found = 0;

	for (size_t i = 1; i + size <= length; i++) {
		if (bytes[i - 1] != '\0' || memcmp(bytes + i, name, size) != 0)
			continue;
		bytes[i] = '_';
		found++;
	}
	assert_true(found > 0);
}

/* Writes a file with the kernel's BTF without `names`, a list that ends with a NULL. */
static void write_types(char *path, const char *const *names)
{
	struct btf *btf = btf__load_vmlinux_btf();
	const void *raw;
	char *bytes;
	uint32_t length;
	int fd = mkstemp(path);

	assert_non_null(btf);
	assert_true(fd >= 0);
	raw = btf__raw_data(btf, &length);
	bytes = malloc(length);
	assert_non_null(bytes);
	memcpy(bytes, raw, length);
	for (; *names; names++)
		spoil(bytes, length, *names);
	assert_int_equal(write(fd, bytes, length), length);
	assert_int_equal(close(fd), 0);
	free(bytes);
	btf__free(btf);
}

static void expect_listener(enum bpf_variant variant, const char *const *names)
{
	char path[] = "/tmp/bpf_types.XXXXXX";
	const struct bpf_iterator_options options = {.variant = variant, .closed_owners = true, .btf = path};
	const struct bpf_iterator_sink sink = {.rows = keep};
	struct deadline deadline = {.expires_ns = UINT64_MAX};
	struct platform_error error = {{0}};
	struct bpf_iterator iterator;

	write_types(path, names);
	if (bpf_iterator_init(&iterator, &options, &error) != 0)
		fail_msg("%s: %s", *names, error.text);
	assert_int_equal(unlink(path), 0);
	seen.count = 0;
	if (bpf_iterator_walk_files(&iterator, &deadline, &sink, &error) != 0)
		fail_msg("%s: %s", *names, error.text);
	bpf_iterator_release(&iterator);
	assert_int_equal(seen.count, 1);
	assert_int_equal(seen.rows[0].state, TCP_LISTEN);
}

static void without(const char *const *names)
{
	for (int variant = BPF_DIRECTLY; variant < BPF_VARIANT_COUNT; variant++)
		expect_listener((enum bpf_variant)variant, names);
}

static void without_multipath_tcp(void **state)
{
	(void)state;
	without((const char *const[]){"mptcp_sock", "mptcp_subflow_context", NULL});
}

static void without_ipv6(void **state)
{
	(void)state;
	without((const char *const[]){"skc_v6_daddr", "skc_v6_rcv_saddr", NULL});
}

/* Before Linux 6.1 no network namespace has a table of its own. */
static void without_tables_per_namespace(void **state)
{
	(void)state;
	for (int variant = BPF_FILES_ALONE; variant < BPF_VARIANT_COUNT; variant++)
		expect_listener((enum bpf_variant)variant, (const char *const[]){"hashinfo", NULL});
}

static int set_up(void **state)
{
	(void)state;
	enter_empty_network();
	port = port_of(listen_on(AF_INET));
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(without_multipath_tcp),
	        cmocka_unit_test(without_ipv6),
	        cmocka_unit_test(without_tables_per_namespace),
	};

	if (geteuid() != 0 && !getenv("CI"))
		return 77; /* SKIP_RETURN_CODE */
	return cmocka_run_group_tests(tests, set_up, NULL);
}
