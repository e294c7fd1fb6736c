/* SPDX-License-Identifier: Apache-2.0 */
/* Generator of the manual page, from its template on standard input, and of the completions of shells. */
#include <stdio.h>
#include <string.h>

#include "exporter/packaging/manpage/manpage.h"

/* Much more than any output needs. */
#define OUTPUT_BYTES_MAX (1 << 20)

static void manual(struct textbuf *out)
{
	manpage_manual(out, stdin);
}

static const struct {
	const char *name;
	void (*put)(struct textbuf *out);
} outputs[] = {{"man", manual}, {"bash", manpage_bash}, {"zsh", manpage_zsh}, {"fish", manpage_fish}};

enum { OUTPUT_COUNT = sizeof(outputs) / sizeof(outputs[0]) };

int main(int argc, char **argv)
{
	struct textbuf out;
	size_t at = 0;
	int failed;

	while (at < OUTPUT_COUNT && (argc != 2 || strcmp(argv[1], outputs[at].name) != 0))
		at++;
	if (at == OUTPUT_COUNT) {
		fprintf(stderr, "usage: manpage man|bash|zsh|fish\n");
		return 2;
	}
	textbuf_init(&out, OUTPUT_BYTES_MAX);
	outputs[at].put(&out);
	failed = out.error != 0 || fwrite(out.data, 1, out.length, stdout) != out.length || fflush(stdout) != 0;
	textbuf_release(&out);
	return failed;
}
