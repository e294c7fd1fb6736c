/* SPDX-License-Identifier: Apache-2.0 */
/* Output of netsh.exe: reads its lines word by word. */
#include "exporter/platform/windows/ports/netsh_text.h"

#include <string.h>

enum { PORT_MAX = 65535 };

struct text {
	const char *at, *end;
};

/* Takes the next line off the text. Returns false at the end. */
static bool next_line(struct text *text, struct text *line)
{
	size_t left = (size_t)(text->end - text->at);
	const char *newline = left > 0 ? memchr(text->at, '\n', left) : NULL;

	if (left == 0)
		return false;
	*line = (struct text){text->at, newline != NULL ? newline : text->end};
	text->at = newline != NULL ? newline + 1 : text->end;
	return true;
}

static bool is_blank(char byte)
{
	return byte == ' ' || byte == '\t' || byte == '\r';
}

/* Takes the next word off the line. Returns false at the end. */
static bool next_word(struct text *line, struct text *word)
{
	while (line->at < line->end && is_blank(*line->at))
		line->at++;
	word->at = line->at;
	while (line->at < line->end && !is_blank(*line->at))
		line->at++;
	word->end = line->at;
	return word->at < word->end;
}

/* Returns the number of a port, or 0 if the word is none. */
static uint32_t port_of(const struct text *word)
{
	uint32_t number = 0;

	for (const char *at = word->at; at < word->end; at++) {
		if (*at < '0' || *at > '9')
			return 0;
		number = number * 10 + (uint32_t)(*at - '0');
		if (number > PORT_MAX)
			return 0;
	}
	return number;
}

bool netsh_parse_range(const char *bytes, size_t length, uint16_t *low, uint16_t *high)
{
	struct text text = {bytes, bytes + length}, line, word;
	uint32_t numbers[2];
	size_t count = 0;

	while (next_line(&text, &line)) {
		uint32_t last = 0;

		while (next_word(&line, &word))
			last = port_of(&word);
		if (last == 0)
			continue;
		if (count == 2)
			return false;
		numbers[count++] = last;
	}
	if (count != 2 || numbers[0] + numbers[1] - 1 > PORT_MAX)
		return false;
	*low = (uint16_t)numbers[0];
	*high = (uint16_t)(numbers[0] + numbers[1] - 1);
	return true;
}

void netsh_parse_excluded(const char *bytes, size_t length, struct port_set *ports)
{
	struct text text = {bytes, bytes + length}, line, first, last;

	while (next_line(&text, &line)) {
		uint32_t low, high;

		if (!next_word(&line, &first) || !next_word(&line, &last))
			continue;
		low = port_of(&first);
		high = port_of(&last);
		for (uint32_t port = low; port > 0 && port <= high; port++)
			port_set_add(ports, (uint16_t)port);
	}
}
