/* SPDX-License-Identifier: Apache-2.0 */
/* Arguments: reads the files that they name. */
#include "exporter/cli/arguments.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exporter/platform/file.h"
#include "exporter/printable.h"

enum {
	FILE_MAX = 1024 * 1024,
	QUOTED_MAX = 96,
};

static int add(struct arguments *arguments, const char *text)
{
	const char **items = realloc(arguments->items, ((size_t)arguments->count + 1) * sizeof(*items));

	if (!items)
		return -ENOMEM;
	arguments->items = items;
	items[arguments->count++] = text;
	return 0;
}

/* Returns the file's text, terminated, or NULL with errno set. The caller calls free(). */
static char *read_text(const char *name)
{
	FILE *file = host_file_open(name);
	char *text;
	size_t length;
	int err;

	if (!file)
		return NULL;
	text = malloc(FILE_MAX + 1);
	if (!text) {
		fclose(file);
		errno = ENOMEM;
		return NULL;
	}
	length = fread(text, 1, FILE_MAX + 1, file);
	err = ferror(file) ? EIO : length > FILE_MAX ? EFBIG : 0;
	fclose(file);
	if (err == 0) {
		text[length] = '\0';
		return text;
	}
	free(text);
	errno = err;
	return NULL;
}

static int keep_text(struct arguments *arguments, char *text)
{
	char **texts = realloc(arguments->texts, (arguments->text_count + 1) * sizeof(*texts));

	if (!texts) {
		free(text);
		return -ENOMEM;
	}
	arguments->texts = texts;
	texts[arguments->text_count++] = text;
	return 0;
}

static int add_lines(struct arguments *arguments, char *text)
{
	static const char mark[] = "\xef\xbb\xbf"; /* editors of Windows write it at the start of UTF-8 */
	int err = keep_text(arguments, text);

	if (err == 0 && strncmp(text, mark, strlen(mark)) == 0)
		text += strlen(mark);
	while (err == 0 && *text != '\0') {
		const size_t length = strcspn(text, "\n");
		char *next = text + length + (text[length] == '\n');

		text[length] = '\0';
		if (length > 0 && text[length - 1] == '\r')
			text[length - 1] = '\0';
		if (text[0] != '\0' && text[0] != '#')
			err = add(arguments, text);
		text = next;
	}
	return err;
}

static int add_file(struct arguments *arguments, const char *name, char *error, size_t size)
{
	char *text = read_text(name), quoted[QUOTED_MAX];
	int err;

	if (text)
		return add_lines(arguments, text); /* -Wanalyzer-malloc-leak: the arguments own the text */
	err = -errno;
	printable_quote(quoted, sizeof(quoted), name);
	snprintf(error, size, "cannot read %s, which an argument names with @: %s", quoted, strerror(-err));
	return err;
}

int arguments_read(struct arguments *arguments, int argc, const char *const *argv, char *error, size_t size)
{
	int err = 0;

	*arguments = (struct arguments){0};
	snprintf(error, size, "out of memory");
	for (int i = 0; err == 0 && i < argc; i++)
		err = argv[i][0] == '@' ? add_file(arguments, argv[i] + 1, error, size) : add(arguments, argv[i]);
	return err;
}

void arguments_release(struct arguments *arguments)
{
	for (size_t i = 0; i < arguments->text_count; i++)
		free(arguments->texts[i]);
	free(arguments->texts);
	free(arguments->items);
}
