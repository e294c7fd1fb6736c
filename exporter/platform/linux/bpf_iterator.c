/* SPDX-License-Identifier: Apache-2.0 */
/* Loading the BPF program, and emptying its window. */
#include "exporter/platform/linux/bpf_iterator.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "task_file.skel.h"

#define KERNEL_BTF "/sys/kernel/btf/vmlinux"

static int silent(enum libbpf_print_level level, const char *format, va_list arguments)
{
	(void)level;
	(void)format;
	(void)arguments;
	return 0;
}

/* Whether the kernel has the helpers that the program for Linux 5.11 and later calls. -errno if it has no BTF. */
static int has_socket_helpers(void)
{
	struct btf *btf = btf__load_vmlinux_btf();
	const struct btf_enum *value;
	const struct btf_type *type;
	int id, found = 0;

	if (!btf)
		return -errno;
	id = btf__find_by_name_kind(btf, "bpf_func_id", BTF_KIND_ENUM);
	type = id < 0 ? NULL : btf__type_by_id(btf, (uint32_t)id);
	value = type ? btf_enum(type) : NULL;
	for (int i = 0; value && !found && i < btf_vlen(type); i++)
		found = strcmp(btf__name_by_offset(btf, value[i].name_off), "BPF_FUNC_sock_from_file") == 0;
	btf__free(btf);
	return found;
}

static void describe(struct platform_error *error, const char *what, int result)
{
	if (result == -EPERM || result == -EACCES)
		platform_error_set(error, "cannot %s: %s (it needs CAP_BPF and CAP_PERFMON)", what, strerror(-result));
	else if (access(KERNEL_BTF, R_OK) < 0)
		platform_error_set(error, "cannot %s: the kernel's type information \"%s\" cannot be read: %s", what,
		                   KERNEL_BTF, strerror(errno));
	else
		platform_error_set(error, "cannot %s: %s", what, strerror(-result));
}

static int load(struct bpf_iterator *iterator, bool all_netns)
{
	struct task_file_bpf *program = NULL;
	int helpers = has_socket_helpers(), result;

	if (helpers < 0)
		return helpers;
	program = task_file_bpf__open();
	if (!program)
		return -errno;
	program->rodata->all_netns = all_netns;
	bpf_program__set_autoload(program->progs.task_file, helpers);
	bpf_program__set_autoload(program->progs.task_file_older, !helpers);
	result = task_file_bpf__load(program);
	if (result == 0) {
		iterator->link = bpf_program__attach_iter(
		        helpers ? program->progs.task_file : program->progs.task_file_older, NULL);
		result = iterator->link ? 0 : -errno;
	}
	if (result == 0)
		iterator->program = program;
	else
		task_file_bpf__destroy(program);
	return result;
}

int bpf_iterator_init(struct bpf_iterator *iterator, bool all_netns, struct platform_error *error)
{
	int result;

	*iterator = (struct bpf_iterator){0};
	libbpf_set_print(silent);
	result = load(iterator, all_netns);
	if (result != 0)
		describe(error, "load the BPF program", result);
	return result;
}

void bpf_iterator_release(struct bpf_iterator *iterator)
{
	bpf_link__destroy(iterator->link);
	task_file_bpf__destroy(iterator->program);
	*iterator = (struct bpf_iterator){0};
}

/* Hands the window's rows on and empties it. */
static int drain(struct bpf_iterator *iterator, const struct bpf_iterator_sink *sink, uint64_t *drained)
{
	struct task_file_state *state = &iterator->program->bss->state;
	uint32_t count = state->row_count;
	int result = count > 0 ? sink->rows(sink->data, &iterator->program->bss->window, count) : 0;

	*drained += count;
	state->row_count = state->task_count = state->visits = state->has_task = 0;
	return result;
}

/*
 * The kernel's iterator returns after the file that made the output reach the size asked for, one byte,
 * and goes on with the next file; after a million files without output with -EAGAIN, to go on as well.
 */
static int read_all(struct bpf_iterator *iterator, int fd, struct patience *patience,
                    const struct bpf_iterator_sink *sink, uint64_t *drained)
{
	ssize_t length;

	do {
		int result = patience_over(patience);
		char byte;

		if (result != 0)
			return result;
		length = read(fd, &byte, sizeof(byte));
		if (length < 0 && errno != EAGAIN && errno != EINTR)
			return -errno;
		result = drain(iterator, sink, drained);
		if (result != 0)
			return result;
	} while (length != 0);
	return 0;
}

bool bpf_iterator_can_walk(const struct bpf_iterator *iterator)
{
	int fd = bpf_iter_create(bpf_link__fd(iterator->link));

	if (fd < 0)
		return false;
	close(fd);
	return true;
}

int bpf_iterator_walk(struct bpf_iterator *iterator, struct patience *patience, const struct bpf_iterator_sink *sink,
                      struct platform_error *error)
{
	struct task_file_state *state = &iterator->program->bss->state;
	uint64_t drained = 0;
	int fd = bpf_iter_create(bpf_link__fd(iterator->link));
	int result;

	if (fd < 0) {
		result = -errno;
		describe(error, "start the BPF iterator", result);
		return result;
	}
	*state = (struct task_file_state){0};
	result = read_all(iterator, fd, patience, sink, &drained);
	close(fd);
	if (result == 0 && (state->rows_lost != 0 || state->rows_seen != drained)) {
		platform_error_set(error, "the BPF iterator saw %llu sockets and handed over %llu",
		                   (unsigned long long)state->rows_seen, (unsigned long long)drained);
		return -EIO;
	}
	if (result != 0)
		platform_error_set(error, "cannot walk the processes' files: %s", strerror(-result));
	return result;
}

uint32_t bpf_iterator_keepalive_jiffies(const struct bpf_iterator *iterator)
{
	return iterator->program->bss->state.keepalive_jiffies;
}
