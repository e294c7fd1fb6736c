/* SPDX-License-Identifier: Apache-2.0 */
/* Floor of the BPF backend: its walk over all files, which ignores the rows. */
#include "probe.h"

#include <errno.h>
#include <stdlib.h>

#include "exporter/platform/linux/bpf/iterator.h"

static void *open_walk(char **arguments)
{
	struct bpf_iterator *iterator = malloc(sizeof(*iterator));
	const struct bpf_iterator_options options = {.all_netns = false};
	struct platform_error error;
	int result;

	(void)arguments;
	if (!iterator)
		return NULL;
	result = bpf_iterator_init(iterator, &options, &error);
	if (result == 0)
		return iterator;
	free(iterator);
	errno = -result;
	return NULL;
}

static int count_rows(void *data, const struct window *window)
{
	struct probe_sample *sample = data;

	sample->count += window->row_count;
	return 0;
}

static int run_walk(void *state, struct probe_sample *sample)
{
	const struct bpf_iterator_sink sink = {.rows = count_rows, .data = sample};
	struct deadline deadline = {.expires_ns = UINT64_MAX};
	struct platform_error error;
	int result = bpf_iterator_walk_files(state, &deadline, &sink, &error);

	errno = -result;
	return result == 0 ? 0 : -1;
}

static void close_walk(void *state)
{
	bpf_iterator_release(state);
	free(state);
}

const struct probe_kind probe_bpf_walk = {
        .name = "bpf-walk", .arguments = "", .open = open_walk, .run = run_walk, .close = close_walk};
