/* SPDX-License-Identifier: Apache-2.0 */
/* Parsers of procfs texts. */
#include "exporter/platform/linux/procfs/parse.h"

#include <string.h>

/* A read position in bytes. */
struct cursor {
	const char *at, *end;
};

static bool is_digit(char byte)
{
	return byte >= '0' && byte <= '9';
}

/* Reads a decimal number. Returns false if it is missing or above `max`. */
static bool take_number(struct cursor *cursor, uint64_t max, uint64_t *value)
{
	uint64_t sum = 0;
	const char *at = cursor->at;

	while (at < cursor->end && is_digit(*at)) {
		uint64_t digit = (uint64_t)(*at - '0');

		if (sum > (max - digit) / 10)
			return false;
		sum = sum * 10 + digit;
		at++;
	}
	if (at == cursor->at)
		return false;
	cursor->at = at;
	*value = sum;
	return true;
}

static bool take_byte(struct cursor *cursor, char byte)
{
	if (cursor->at == cursor->end || *cursor->at != byte)
		return false;
	cursor->at++;
	return true;
}

static void skip_blanks(struct cursor *cursor)
{
	while (cursor->at < cursor->end && (*cursor->at == ' ' || *cursor->at == '\t'))
		cursor->at++;
}

/* Skips `count` fields that are separated by blanks. */
static void skip_fields(struct cursor *cursor, unsigned count)
{
	while (count-- > 0) {
		while (cursor->at < cursor->end && *cursor->at != ' ' && *cursor->at != '\t')
			cursor->at++;
		skip_blanks(cursor);
	}
}

bool parse_pid(const char *name, uint32_t *pid)
{
	struct cursor cursor = {name, name + strlen(name)};
	uint64_t value;

	if (!take_number(&cursor, INT32_MAX, &value) || cursor.at != cursor.end)
		return false;
	*pid = (uint32_t)value;
	return true;
}

bool parse_stat(const char *bytes, size_t length, struct proc_stat *stat)
{
	const char *comm_end = memrchr(bytes, ')', length);
	struct cursor cursor;
	uint64_t flags, threads, start;
	char state;

	if (!comm_end)
		return false;
	cursor = (struct cursor){comm_end + 1, bytes + length};
	skip_blanks(&cursor);
	if (cursor.at == cursor.end)
		return false;
	state = *cursor.at;
	skip_fields(&cursor, 6); /* from state (3) to flags (9) */
	if (!take_number(&cursor, UINT32_MAX, &flags))
		return false;
	skip_fields(&cursor, 11); /* from the end of flags to num_threads (20) */
	skip_blanks(&cursor);
	if (!take_number(&cursor, INT32_MAX, &threads))
		return false;
	skip_fields(&cursor, 2); /* to starttime (22) */
	if (!take_number(&cursor, UINT64_MAX, &start))
		return false;
	*stat = (struct proc_stat){
	        .start = start, .flags = (uint32_t)flags, .threads = (uint32_t)threads, .state = state};
	return true;
}

/* Parses exactly "KIND:[NUMBER]". */
static bool parse_bracketed(const char *bytes, size_t length, const char *kind, uint64_t max, uint64_t *number)
{
	size_t kind_length = strlen(kind);
	struct cursor cursor;
	uint64_t value;

	if (length < kind_length || memcmp(bytes, kind, kind_length) != 0)
		return false;
	cursor = (struct cursor){bytes + kind_length, bytes + length};
	if (!take_byte(&cursor, ':') || !take_byte(&cursor, '[') || !take_number(&cursor, max, &value) ||
	    !take_byte(&cursor, ']') || cursor.at != cursor.end)
		return false;
	*number = value;
	return true;
}

bool parse_socket_link(const char *bytes, size_t length, uint32_t *inode)
{
	uint64_t value;

	/* sockfs inode numbers come from get_next_ino(), an unsigned int. */
	if (!parse_bracketed(bytes, length, "socket", UINT32_MAX, &value))
		return false;
	*inode = (uint32_t)value;
	return true;
}

bool parse_ns_link(const char *bytes, size_t length, const char *kind, uint64_t *id)
{
	return parse_bracketed(bytes, length, kind, UINT64_MAX, id);
}

/* Finds the line that begins with `key`. Sets `line` to the text after the key and blanks. */
static bool find_line(const char *bytes, size_t length, const char *key, struct cursor *line)
{
	size_t key_length = strlen(key);
	const char *at = bytes, *end = bytes + length;

	while (at < end) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		const char *line_end = newline ? newline : end;

		if ((size_t)(line_end - at) >= key_length && memcmp(at, key, key_length) == 0) {
			*line = (struct cursor){at + key_length, line_end};
			skip_blanks(line);
			return true;
		}
		at = newline ? newline + 1 : end;
	}
	return false;
}

static bool starts_with(const struct cursor *cursor, const char *text)
{
	size_t length = strlen(text);

	return (size_t)(cursor->end - cursor->at) >= length && memcmp(cursor->at, text, length) == 0;
}

bool parse_status_pids(const char *bytes, size_t length, uint32_t *innermost, uint32_t *count)
{
	struct cursor line;
	uint64_t value = 0;
	uint32_t found = 0;

	if (!find_line(bytes, length, "NSpid:", &line))
		return false;
	while (take_number(&line, INT32_MAX, &value)) {
		found++;
		skip_blanks(&line);
	}
	if (found == 0 || line.at != line.end)
		return false;
	*innermost = (uint32_t)value;
	*count = found;
	return true;
}

bool parse_status_innermost_pid(const char *bytes, size_t length, uint32_t *pid)
{
	uint32_t count;

	return parse_status_pids(bytes, length, pid, &count);
}

bool parse_status_uid(const char *bytes, size_t length, uint32_t *uid)
{
	struct cursor line;
	uint64_t value;

	if (!find_line(bytes, length, "Uid:", &line) || !take_number(&line, UINT32_MAX, &value))
		return false;
	*uid = (uint32_t)value;
	return true;
}

/* Reads "NAME NUMBER" and the blanks around it. */
static bool take_named(struct cursor *cursor, const char *name, uint64_t *value)
{
	struct cursor ahead = *cursor;

	for (; *name; name++)
		if (!take_byte(&ahead, *name))
			return false;
	if (!take_byte(&ahead, ' ') || !take_number(&ahead, UINT64_MAX, value))
		return false;
	skip_blanks(&ahead);
	*cursor = ahead;
	return true;
}

bool parse_sockstat(const char *bytes, size_t length, const char *protocol, struct sockstat *sockstat)
{
	struct sockstat found = {0, 0};
	struct cursor line;
	uint64_t orphans;

	if (!find_line(bytes, length, protocol, &line) || !take_named(&line, "inuse", &found.in_use))
		return false;
	if (take_named(&line, "orphan", &orphans) && !take_named(&line, "tw", &found.time_wait))
		return false;
	*sockstat = found;
	return true;
}

/* A protocol has two lines: the first has names, the second their numbers. */
bool parse_snmp_opened(const char *bytes, size_t length, uint64_t *opened)
{
	struct cursor names, numbers;
	uint64_t active, passive;

	if (!find_line(bytes, length, "Tcp:", &names) ||
	    !find_line(names.end, (size_t)(bytes + length - names.end), "Tcp:", &numbers))
		return false;
	while (names.at < names.end && !starts_with(&names, "ActiveOpens PassiveOpens ")) {
		skip_fields(&names, 1);
		skip_fields(&numbers, 1);
	}
	if (names.at == names.end || !take_number(&numbers, UINT64_MAX, &active) || !take_byte(&numbers, ' ') ||
	    !take_number(&numbers, UINT64_MAX, &passive))
		return false;
	*opened = active + passive;
	return true;
}

/* Returns true if only white space is left. */
static bool at_end(struct cursor *cursor)
{
	skip_blanks(cursor);
	(void)take_byte(cursor, '\n');
	return cursor->at == cursor->end;
}

bool parse_port_range(const char *bytes, size_t length, uint16_t *low, uint16_t *high)
{
	struct cursor cursor = {bytes, bytes + length};
	uint64_t first, last;

	if (!take_number(&cursor, UINT16_MAX, &first))
		return false;
	skip_blanks(&cursor);
	if (!take_number(&cursor, UINT16_MAX, &last) || !at_end(&cursor) || last < first)
		return false;
	*low = (uint16_t)first;
	*high = (uint16_t)last;
	return true;
}

/* Reads "8080" or "9148-9150". */
static bool take_port_span(struct cursor *cursor, uint64_t *first, uint64_t *last)
{
	if (!take_number(cursor, UINT16_MAX, first))
		return false;
	*last = *first;
	if (take_byte(cursor, '-'))
		return take_number(cursor, UINT16_MAX, last) && *last >= *first;
	return true;
}

bool parse_reserved_ports(const char *bytes, size_t length, struct port_set *ports)
{
	struct cursor cursor = {bytes, bytes + length};
	struct port_set found = *ports;

	if (at_end(&cursor))
		return true;
	do {
		uint64_t first, last;

		if (!take_port_span(&cursor, &first, &last))
			return false;
		for (; first <= last; first++)
			port_set_add(&found, (uint16_t)first);
	} while (take_byte(&cursor, ','));
	if (!at_end(&cursor))
		return false;
	*ports = found;
	return true;
}

size_t parse_cmdline(char *bytes, size_t length)
{
	while (length > 0 && bytes[length - 1] == '\0')
		length--;
	for (size_t i = 0; i < length; i++) {
		if (bytes[i] == '\0')
			bytes[i] = ' ';
	}
	return length;
}

size_t parse_exe_link(const char *bytes, size_t length)
{
	static const char deleted[] = " (deleted)";
	const size_t suffix = sizeof(deleted) - 1;

	if (length > suffix && memcmp(bytes + length - suffix, deleted, suffix) == 0)
		return length - suffix;
	return length;
}
