/* SPDX-License-Identifier: Apache-2.0 */
/* Names: finds the names of processes with patterns. */
#include "exporter/scrape/names.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "exporter/scrape/pattern.h"
#include "metrics/textbuf.h"

/* The longest name, a command line of 2 MiB, if each of its bytes becomes the three bytes of U+FFFD. */
#define NAME_BYTES_MAX ((size_t)8 * 1024 * 1024)

struct names {
	struct textbuf text; /* the name of one process, as UTF-8 */
	size_t count;
	struct pattern *patterns[];
};

static int compile_all(struct names *names, const char *const *patterns)
{
	int err = 0;

	for (size_t i = 0; err == 0 && i < names->count; i++)
		err = pattern_new(&names->patterns[i], patterns[i]);
	return err;
}

int names_new(struct names **result, const char *const *patterns, size_t count, struct platform_error *error)
{
	struct names *names;
	int err = -ENOMEM;

	*result = NULL;
	if (count == 0)
		return 0;
	/* NOLINTNEXTLINE(bugprone-sizeof-expression): the array has pointers */
	names = calloc(1, sizeof(*names) + count * sizeof(names->patterns[0]));
	if (names != NULL) {
		textbuf_init(&names->text, NAME_BYTES_MAX);
		names->count = count;
		err = compile_all(names, patterns);
	}
	if (err != 0) {
		platform_error_set(error, "cannot prepare the patterns of names: %s", strerror(-err));
		names_free(names);
		return err;
	}
	*result = names;
	return 0;
}

void names_free(struct names *names)
{
	if (names == NULL)
		return;
	for (size_t i = 0; i < names->count; i++)
		pattern_free(names->patterns[i]);
	textbuf_release(&names->text);
	free(names);
}

static int rename_process(struct names *names, struct snapshot *snapshot, uint32_t process)
{
	struct snapshot_text old = snapshot->processes[process].text[PROCESS_NAME];
	const char *bytes = snapshot_text(snapshot, old), *name;
	size_t length;

	if (bytes == NULL || old.length == 0)
		return 0;
	textbuf_reset(&names->text);
	textbuf_put_utf8(&names->text, bytes, old.length);
	if (names->text.error != 0)
		return names->text.error;
	for (size_t i = 0; i < names->count; i++)
		if (pattern_find_name(names->patterns[i], names->text.data, names->text.length, &name, &length))
			return snapshot_set_text(snapshot, process, PROCESS_NAME, name, length);
	return 0;
}

int names_apply(struct names *names, struct snapshot *snapshot, struct deadline *deadline, struct platform_error *error)
{
	int err = 0;

	for (size_t i = 0; names != NULL && err == 0 && i < snapshot->process_count; i++) {
		err = deadline_check(deadline);
		if (err == 0)
			err = rename_process(names, snapshot, (uint32_t)i);
	}
	if (err != 0)
		platform_error_set(error, "cannot name processes: %s", strerror(-err));
	return err;
}
