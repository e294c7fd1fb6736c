/* SPDX-License-Identifier: Apache-2.0 */
/* Loading the BPF program, and emptying its window. */
#include "exporter/platform/linux/bpf_iterator.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
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

static void describe(struct platform_error *error, const char *what, int result)
{
	if (result == -EPERM || result == -EACCES)
		platform_error_set(error, "cannot %s: %s (it needs CAP_BPF and CAP_PERFMON)", what, strerror(-result));
	else
		platform_error_set(error, "cannot %s: %s", what, strerror(-result));
}

static void describe_load(struct platform_error *error, int result)
{
	if (result != -EPERM && result != -EACCES && access(KERNEL_BTF, R_OK) < 0)
		platform_error_set(
		        error, "cannot load the BPF program: the kernel's type information \"%s\" cannot be read: %s",
		        KERNEL_BTF, strerror(errno));
	else
		describe(error, "load the BPF program", result);
}

static int load_one(struct bpf_iterator *iterator, const struct bpf_iterator_options *options, bool by_helper)
{
	struct task_file_bpf *program = task_file_bpf__open();
	int result;

	if (!program)
		return -errno;
	program->rodata->all_netns = options->all_netns;
	bpf_program__set_autoload(program->progs.tasks, !by_helper);
	bpf_program__set_autoload(program->progs.tasks_by_helper, by_helper);
	result = task_file_bpf__load(program);
	if (result == 0) {
		iterator->link = bpf_program__attach_iter(
		        by_helper ? program->progs.tasks_by_helper : program->progs.tasks, NULL);
		result = iterator->link ? 0 : -errno;
	}
	if (result == 0)
		iterator->program = program;
	else
		task_file_bpf__destroy(program);
	return result;
}

/* Before Linux 6.2 a program cannot read objects directly. To try is faster than to look into the kernel's types. */
static int load(struct bpf_iterator *iterator, const struct bpf_iterator_options *options)
{
	int result = options->by_helper ? -ENOTSUP : load_one(iterator, options, false);

	if (result != 0 && result != -EPERM && result != -ENOMEM)
		result = load_one(iterator, options, true);
	return result;
}

int bpf_iterator_init(struct bpf_iterator *iterator, const struct bpf_iterator_options *options,
                      struct platform_error *error)
{
	int result;

	*iterator = (struct bpf_iterator){0};
	libbpf_set_print(silent);
	result = load(iterator, options);
	if (result != 0)
		describe_load(error, result);
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
	state->row_count = state->task_count = state->has_task = 0;
	return result;
}

/* The kernel's iterator returns with -EAGAIN when the program wants to go on with the same process. */
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
