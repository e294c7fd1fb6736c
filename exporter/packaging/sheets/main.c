/* SPDX-License-Identifier: Apache-2.0 */
/* sheets man|bash|zsh|fish: writes the manual page, from its template on standard input, or a shell's completions. */
#include <stdio.h>
#include <string.h>

#include "exporter/packaging/sheets/sheets.h"

/* Far more than any sheet needs. */
#define SHEET_BYTES_MAX (1 << 20)

static void manual(struct textbuf *out)
{
	sheet_manual(out, stdin);
}

static const struct {
	const char *name;
	void (*put)(struct textbuf *out);
} sheets[] = {{"man", manual}, {"bash", sheet_bash}, {"zsh", sheet_zsh}, {"fish", sheet_fish}};

enum { SHEET_COUNT = sizeof(sheets) / sizeof(sheets[0]) };

int main(int argc, char **argv)
{
	struct textbuf out;
	size_t at = 0;
	int failed;

	while (at < SHEET_COUNT && (argc != 2 || strcmp(argv[1], sheets[at].name) != 0))
		at++;
	if (at == SHEET_COUNT) {
		fprintf(stderr, "usage: sheets man|bash|zsh|fish\n");
		return 2;
	}
	textbuf_init(&out, SHEET_BYTES_MAX);
	sheets[at].put(&out);
	failed = out.error != 0 || fwrite(out.data, 1, out.length, stdout) != out.length || fflush(stdout) != 0;
	textbuf_release(&out);
	return failed;
}
