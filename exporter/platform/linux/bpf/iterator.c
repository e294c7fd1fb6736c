/* SPDX-License-Identifier: Apache-2.0 */
/* Loading the BPF program, and emptying its window. */
#include "exporter/platform/linux/bpf/iterator.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "metrics/snapshot.h"

#include "programs.skel.h"

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

/* An iterator of one task: the one that asks. */
static struct bpf_link *attach_to_one(struct bpf_program *program)
{
	union bpf_iter_link_info info = {.task.tid = (uint32_t)getpid()};
	struct bpf_iter_attach_opts options;

	memset(&options, 0, sizeof(options)); /* libbpf looks at the padding as well */
	options.sz = sizeof(options);
	options.link_info = &info;
	options.link_info_len = sizeof(info);
	return bpf_program__attach_iter(program, &options);
}

enum variant { WITH_CONNECTIONS, FILES_ALONE, FILES_BY_HELPER };

static int attach(struct bpf_iterator *iterator, enum variant variant)
{
	struct programs_bpf *programs = iterator->programs;

	iterator->files = bpf_program__attach_iter(
	        variant == FILES_BY_HELPER ? programs->progs.tasks_by_helper : programs->progs.tasks, NULL);
	if (!iterator->files)
		return -errno;
	if (variant == WITH_CONNECTIONS) {
		iterator->connections = attach_to_one(programs->progs.walk_connections);
		if (!iterator->connections)
			return -errno;
	}
	return 0;
}

static int load_variant(struct bpf_iterator *iterator, const struct bpf_iterator_options *options, enum variant variant)
{
	struct programs_bpf *programs = iterator->programs = programs_bpf__open();
	int result;

	if (!programs)
		return -errno;
	programs->rodata->all_netns = options->all_netns;
	bpf_program__set_autoload(programs->progs.tasks, variant != FILES_BY_HELPER);
	bpf_program__set_autoload(programs->progs.tasks_by_helper, variant == FILES_BY_HELPER);
	bpf_program__set_autoload(programs->progs.walk_connections, variant == WITH_CONNECTIONS);
	result = programs_bpf__load(programs);
	if (result == 0)
		result = attach(iterator, variant);
	if (result != 0)
		bpf_iterator_release(iterator);
	return result;
}

/* Before Linux 6.2 a program cannot read objects directly. To try is faster than to look into the kernel's types. */
static int load(struct bpf_iterator *iterator, const struct bpf_iterator_options *options)
{
	int result = -ENOTSUP;

	for (int variant = options->by_helper ? FILES_BY_HELPER : WITH_CONNECTIONS; variant <= FILES_BY_HELPER;
	     variant++) {
		result = load_variant(iterator, options, (enum variant)variant);
		if (result == 0 || result == -EPERM || result == -ENOMEM)
			break;
	}
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
	bpf_link__destroy(iterator->files);
	bpf_link__destroy(iterator->connections);
	programs_bpf__destroy(iterator->programs);
	*iterator = (struct bpf_iterator){0};
}

/* Hands the window's rows on and empties it. */
static int drain(struct bpf_iterator *iterator, const struct bpf_iterator_sink *sink, uint64_t *drained)
{
	struct files_state *state = &iterator->programs->bss->state;
	uint32_t count = state->row_count;
	int result = count > 0 ? sink->rows(sink->data, &iterator->programs->bss->window, count) : 0;

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
	int fd = bpf_iter_create(bpf_link__fd(iterator->files));

	if (fd < 0)
		return false;
	close(fd);
	return true;
}

/* Runs one of the programs, which walks over `what`. */
static int run(struct bpf_iterator *iterator, const struct bpf_link *link, const char *what, struct patience *patience,
               const struct bpf_iterator_sink *sink, struct platform_error *error)
{
	struct files_state *state = &iterator->programs->bss->state;
	uint64_t drained = 0;
	int fd = bpf_iter_create(bpf_link__fd(link));
	int result;

	if (fd < 0) {
		result = -errno;
		describe(error, "start the BPF iterator", result);
		return result;
	}
	*state = (struct files_state){0};
	result = read_all(iterator, fd, patience, sink, &drained);
	close(fd);
	if (result == 0 && state->rows_seen != drained) {
		platform_error_set(error, "the BPF iterator saw %llu sockets and handed over %llu",
		                   (unsigned long long)state->rows_seen, (unsigned long long)drained);
		return -EIO;
	}
	if (result != 0)
		platform_error_set(error, "cannot walk %s: %s", what, strerror(-result));
	return result;
}

int bpf_iterator_walk(struct bpf_iterator *iterator, struct patience *patience, const struct bpf_iterator_sink *sink,
                      struct platform_error *error)
{
	return run(iterator, iterator->files, "the processes' files", patience, sink, error);
}

static void set_request(struct connections_state *connections, const struct bpf_iterator_request *request)
{
	*connections = (struct connections_state){
	        .ownerless_states = request->ownerless_states,
	        .port_states = request->ports ? request->port_states : 0,
	};
	if (request->ports)
		memcpy(connections->ports, request->ports->words, sizeof(connections->ports));
}

int bpf_iterator_walk_connections(struct bpf_iterator *iterator, const struct bpf_iterator_request *request,
                                  struct patience *patience, const struct bpf_iterator_sink *sink,
                                  struct platform_error *error)
{
	struct connections_state *connections = &iterator->programs->bss->connections;
	int result;

	if (!iterator->connections)
		return -ENOTSUP;
	set_request(connections, request);
	result = run(iterator, iterator->connections, "the table of connections", patience, sink, error);
	return result == 0 && connections->incomplete ? -ENOTSUP : result;
}

uint32_t bpf_iterator_keepalive_jiffies(const struct bpf_iterator *iterator)
{
	return iterator->programs->bss->state.keepalive_jiffies;
}
