/* SPDX-License-Identifier: Apache-2.0 */
/* BPF iterators: loads the programs, runs them and empties their window. */
#include "exporter/platform/linux/bpf/iterator.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "exporter/platform/linux/bpf/refusal.h"
#include "metrics/snapshot.h"

/* Frees a skeleton, also one whose lists could not be allocated: libbpf 1.5 would read them. */
static void destroy_skeleton(struct bpf_object_skeleton *skeleton)
{
	if (skeleton && !skeleton->maps)
		skeleton->map_cnt = 0;
	if (skeleton && !skeleton->progs)
		skeleton->prog_cnt = 0;
	bpf_object__destroy_skeleton(skeleton);
}

#define bpf_object__destroy_skeleton destroy_skeleton
#include "programs.skel.h"

/* An iterator of one task, the calling thread. */
static struct bpf_link *attach_to_one(struct bpf_program *program)
{
	union bpf_iter_link_info info = {.task.tid = (uint32_t)getpid()};
	struct bpf_iter_attach_opts options;

	memset(&options, 0, sizeof(options)); /* libbpf checks the padding too */
	options.sz = sizeof(options);
	options.link_info = &info;
	options.link_info_len = sizeof(info);
	return bpf_program__attach_iter(program, &options);
}

static int attach(struct bpf_iterator *iterator, struct bpf_program *files, struct bpf_program *tables)
{
	iterator->files = bpf_program__attach_iter(files, NULL);
	if (!iterator->files)
		return -errno;
	if (tables) {
		iterator->tables = attach_to_one(tables);
		if (!iterator->tables)
			return -errno;
	}
	return 0;
}

/* Reads once, so that the programs know the reader's namespaces before the first note. */
static int introduce_reader(const struct bpf_iterator *iterator)
{
	int fd = bpf_iter_create(bpf_link__fd(iterator->files));
	ssize_t length;
	char byte;

	if (fd < 0)
		return -errno;
	length = read(fd, &byte, sizeof(byte));
	close(fd);
	return length < 0 && errno != EAGAIN && errno != EINTR ? -errno : 0;
}

static int attach_to_closes(struct bpf_iterator *iterator)
{
	int result = introduce_reader(iterator);

	if (result != 0)
		return result;
	iterator->closes = bpf_program__attach(iterator->programs->progs.note_closed);
	return iterator->closes ? 0 : -errno;
}

static struct programs_bpf *open_programs(const struct bpf_iterator_options *options)
{
	struct bpf_object_open_opts open;

	memset(&open, 0, sizeof(open)); /* libbpf checks the padding too */
	open.sz = sizeof(open);
	open.btf_custom_path = options->btf;
	return programs_bpf__open_opts(&open);
}

/* Chooses the variant's programs, which alone are loaded. *tables is NULL if it has none. */
static void choose_walks(struct programs_bpf *programs, enum bpf_variant variant, struct bpf_program **files,
                         struct bpf_program **tables)
{
	struct bpf_program *const of_files[BPF_VARIANT_COUNT] = {
	        [BPF_DIRECTLY] = programs->progs.files_directly,
	        [BPF_BY_HELPER] = programs->progs.files_by_helper,
	        [BPF_FILES_ALONE] = programs->progs.files_by_helper,
	        [BPF_UNORDERED] = programs->progs.files_unordered,
	};
	struct bpf_program *const of_tables[BPF_VARIANT_COUNT] = {
	        [BPF_DIRECTLY] = programs->progs.tables_directly,
	        [BPF_BY_HELPER] = programs->progs.tables_by_helper,
	};

	*files = of_files[variant];
	*tables = of_tables[variant];
	for (int i = 0; i < BPF_VARIANT_COUNT; i++) {
		bpf_program__set_autoload(of_files[i], of_files[i] == *files);
		if (of_tables[i])
			bpf_program__set_autoload(of_tables[i], of_tables[i] == *tables);
	}
}

static int load_variant(struct bpf_iterator *iterator, const struct bpf_iterator_options *options,
                        enum bpf_variant variant)
{
	struct programs_bpf *programs = iterator->programs = open_programs(options);
	struct bpf_program *files, *tables;
	int result;

	if (!programs)
		return -errno;
	programs->rodata->all_netns = options->all_netns;
	programs->rodata->closed_owners = options->closed_owners;
	bpf_program__set_autoload(programs->progs.note_closed, options->closed_owners);
	result = bpf_map__set_autocreate(programs->maps.closed_notes, options->closed_owners);
	choose_walks(programs, variant, &files, &tables);
	iterator->variant = variant;
	if (result == 0)
		result = programs_bpf__load(programs);
	if (result == 0)
		result = attach(iterator, files, tables);
	if (result == 0 && options->closed_owners)
		result = attach_to_closes(iterator);
	if (result != 0)
		bpf_iterator_release(iterator);
	return result;
}

/* Trying is faster than reading the kernel's types. */
static int load(struct bpf_iterator *iterator, const struct bpf_iterator_options *options, struct bpf_words *words)
{
	int result = -ENOTSUP;

	for (int variant = (int)options->variant; variant < BPF_VARIANT_COUNT; variant++) {
		bpf_words_begin(words);
		result = load_variant(iterator, options, (enum bpf_variant)variant);
		if (result == 0 || result == -EPERM || result == -ENOMEM)
			break;
	}
	return result;
}

int bpf_iterator_init(struct bpf_iterator *iterator, const struct bpf_iterator_options *options,
                      struct platform_error *error)
{
	struct bpf_refusal refusal;
	struct bpf_words words = {""};
	int result;

	*iterator = (struct bpf_iterator){0};
	/* The kernel's pointers, and the words of its tables of descriptors, have 64 bits in what the two share. */
	if (sizeof(void *) != sizeof(uint64_t)) {
		platform_error_set(error, "the BPF programs need a 64-bit kernel and a 64-bit exporter");
		return -ENOTSUP;
	}
	result = load(iterator, options, &words);
	bpf_words_end();
	if (result == 0)
		return 0;
	bpf_refusal_gather(&refusal, result, words.text);
	bpf_refusal_describe(&refusal, error);
	if (options->last_words && words.text[0] != '\0')
		options->last_words(words.text);
	return result;
}

void bpf_iterator_release(struct bpf_iterator *iterator)
{
	bpf_link__destroy(iterator->files);
	bpf_link__destroy(iterator->tables);
	bpf_link__destroy(iterator->closes);
	programs_bpf__destroy(iterator->programs);
	*iterator = (struct bpf_iterator){0};
}

/* Hands the window's rows on and empties it. */
static int drain(struct bpf_iterator *iterator, const struct bpf_iterator_sink *sink, uint64_t *drained)
{
	struct table_state *table = &iterator->programs->bss->table;
	struct window *window = &iterator->programs->bss->window;
	int result = window->row_count > 0 || window->task_count > 0 ? sink->rows(sink->data, window) : 0;

	*drained += window->row_count;
	window->row_count = window->task_count = iterator->programs->bss->state.has_task = 0;
	if (window->candidate_count > 0) {
		table->wanted_count = sink->choose(sink->data, window->candidates, window->candidate_count);
		table->wanted_next = window->candidate_count = 0;
	}
	return result;
}

/* The kernel's iterator returns with -EAGAIN when the program wants to go on with the same process. */
static int read_all(struct bpf_iterator *iterator, int fd, struct deadline *deadline,
                    const struct bpf_iterator_sink *sink, uint64_t *drained)
{
	ssize_t length;

	do {
		int result = deadline_check(deadline);
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
static int run(struct bpf_iterator *iterator, const struct bpf_link *link, const char *what, struct deadline *deadline,
               const struct bpf_iterator_sink *sink, struct platform_error *error)
{
	struct walk_state *state = &iterator->programs->bss->state;
	uint64_t drained = 0;
	int fd = bpf_iter_create(bpf_link__fd(link));
	int result;

	if (fd < 0) {
		result = -errno;
		platform_error_set(error, "cannot start the BPF iterator: %s", strerror(-result));
		return result;
	}
	*state = (struct walk_state){0};
	iterator->programs->bss->window.row_count = iterator->programs->bss->window.task_count = 0;
	iterator->programs->bss->window.candidate_count = 0;
	result = read_all(iterator, fd, deadline, sink, &drained);
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

int bpf_iterator_walk_files(struct bpf_iterator *iterator, struct deadline *deadline,
                            const struct bpf_iterator_sink *sink, struct platform_error *error)
{
	iterator->programs->bss->facts = (struct walk_facts){0};
	memset(iterator->programs->bss->shared_tables, 0, sizeof(iterator->programs->bss->shared_tables));
	memset(iterator->programs->bss->nets, 0, sizeof(iterator->programs->bss->nets));
	return run(iterator, iterator->files, "the processes' files", deadline, sink, error);
}

static int walk_table(struct bpf_iterator *iterator, const struct table_state *which, struct deadline *deadline,
                      const struct bpf_iterator_sink *sink, struct platform_error *error)
{
	struct table_state *table = &iterator->programs->bss->table;
	int result;

	*table = *which;
	result = run(iterator, iterator->tables, "the kernel's tables of sockets", deadline, sink, error);
	if (result != 0 || !table->incomplete)
		return result;
	platform_error_set(error,
	                   "cannot read the kernel's table of %s: it changes too fast, or its chains are too long",
	                   which->of_listeners ? "listeners" : "connections");
	return -ENOTSUP;
}

int bpf_iterator_walk_tables(struct bpf_iterator *iterator, const struct bpf_table_request *request,
                             struct deadline *deadline, const struct bpf_iterator_sink *sink,
                             struct platform_error *error)
{
	const struct walk_facts *facts = bpf_iterator_facts(iterator);
	struct table_state table = {
	        .timewait_jiffies = request->timewait_jiffies,
	        .no_candidates = request->no_candidates,
	};
	int result = 0;

	if (!iterator->tables || facts->table_count == 0 || facts->too_many)
		return -ENOTSUP;
	for (uint32_t i = 0; i < facts->table_count && result == 0; i++) {
		table.hashinfo = facts->tables[i];
		result = walk_table(iterator, &table, deadline, sink, error);
	}
	if (result != 0 || request->no_candidates)
		return result;
	/* All network namespaces share the table of listeners (inet_pernet_hashinfo_alloc() in net/ipv4). */
	table.hashinfo = facts->tables[0];
	table.of_listeners = true;
	return walk_table(iterator, &table, deadline, sink, error);
}

bool bpf_iterator_find_closer(const struct bpf_iterator *iterator, const struct closed_key *key, struct closer *closer)
{
	return bpf_map__lookup_elem(iterator->programs->maps.closed_notes, key, sizeof(*key), closer, sizeof(*closer),
	                            0) == 0;
}

bool bpf_iterator_has_tables(const struct bpf_iterator *iterator)
{
	return iterator->tables != NULL;
}

const struct walk_facts *bpf_iterator_facts(const struct bpf_iterator *iterator)
{
	return &iterator->programs->bss->facts;
}
