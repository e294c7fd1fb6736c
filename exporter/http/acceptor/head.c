/* SPDX-License-Identifier: Apache-2.0 */
/* Request head checker: checks the request line and the field lines against the grammar of RFC 9112 and RFC 9110. */
#include "exporter/http/acceptor/head.h"

#include <string.h>
#include <strings.h>

const struct head_answer head_answers[HEAD_FAULTS] = {
        [HEAD_GOOD] = {200, ""},
        [HEAD_REQUEST_LINE] = {400, "the request line is not of the form METHOD TARGET VERSION"},
        [HEAD_VERSION] = {505, "the version is not HTTP/1"},
        [HEAD_FOLDED] = {400, "a header line starts with a blank"},
        [HEAD_FIELD_NAME] = {400, "a header's name is not valid, or no colon follows it"},
        [HEAD_FIELD_VALUE] = {400, "a header's value has a control character"},
        [HEAD_BARE_CR] = {400, "a CR is not followed by an LF"},
        [HEAD_NO_HOST] = {400, "there is no Host header"},
        [HEAD_HOST] = {400, "there are two Host headers, or Host is not valid"},
        [HEAD_LENGTH] = {400, "Content-Length is not valid, or not the only length"},
        [HEAD_LENGTH_TOO_LARGE] = {413, "the body is too large, and not needed"},
        [HEAD_CODING] = {400, "HTTP/1.0 has no Transfer-Encoding"},
        [HEAD_TARGET_TOO_LONG] = {414, "the target is too long"},
        [HEAD_TOO_LARGE] = {431, "the request's head is too large"},
        [HEAD_NEEDS_TLS] = {400, "Client sent an HTTP request to an HTTPS server."},
};

/* Bytes of the head. They can be changed. */
struct span {
	char *start;
	size_t length;
};

struct parse {
	struct head *head;
	unsigned minor; /* of the version 1.minor */
	size_t parts;
	bool has_host, has_length;
};

static bool is_blank(char byte)
{
	return byte == ' ' || byte == '\t';
}

static bool is_digit(char byte)
{
	return byte >= '0' && byte <= '9';
}

static bool is_alphanumeric(char byte)
{
	return is_digit(byte) || (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
}

/* Returns true for a tchar of RFC 9110, 5.6.2. */
static bool is_token_byte(char byte)
{
	return is_alphanumeric(byte) || (byte != '\0' && strchr("!#$%&'*+-.^_`|~", byte));
}

/* Returns true for a byte of uri-host and port (RFC 3986, 3.2.2). */
static bool is_host_byte(char byte)
{
	return is_alphanumeric(byte) || (byte != '\0' && strchr("-._~%!$&'()*+,;=:[]", byte));
}

/* Returns true for a byte of a target. Like other servers, it accepts bytes above ASCII. */
static bool is_target_byte(char byte)
{
	return (unsigned char)byte > ' ' && byte != 0x7f;
}

static bool is_value_byte(char byte)
{
	return (unsigned char)byte >= ' ' ? byte != 0x7f : byte == '\t';
}

/* Returns the number of bytes at the start of the span for which `is` returns true. */
static size_t count_while(struct span span, bool (*is)(char byte))
{
	size_t count = 0;

	while (count < span.length && is(span.start[count]))
		count++;
	return count;
}

static size_t count_byte(struct span span, char byte)
{
	size_t count = 0;

	for (size_t i = 0; i < span.length; i++)
		count += span.start[i] == byte;
	return count;
}

static struct span after(struct span span, size_t skipped)
{
	return (struct span){span.start + skipped, span.length - skipped};
}

static bool is_text(struct span span, const char *text)
{
	return span.length == strlen(text) && strncasecmp(span.start, text, span.length) == 0;
}

/* Removes the next line from the head and returns it without its end: CRLF, or LF alone (RFC 9112, 2.2). */
static struct span next_line(struct span *rest)
{
	const char *end = memchr(rest->start, '\n', rest->length);
	size_t length = end ? (size_t)(end - rest->start) : rest->length;
	struct span line = {rest->start, length};

	*rest = after(*rest, end ? length + 1 : length);
	if (line.length > 0 && line.start[line.length - 1] == '\r')
		line.length--;
	return line;
}

/* ---- The request line ---- */

static enum head_fault read_version(struct parse *parse, struct span version)
{
	if (version.length != strlen("HTTP/1.1") || memcmp(version.start, "HTTP/", 5) != 0 ||
	    !is_digit(version.start[5]) || version.start[6] != '.' || !is_digit(version.start[7]))
		return HEAD_REQUEST_LINE;
	parse->minor = (unsigned)(version.start[7] - '0');
	return version.start[5] == '1' ? HEAD_GOOD : HEAD_VERSION;
}

static enum head_fault read_request_line(struct parse *parse, struct span line)
{
	size_t method = count_while(line, is_token_byte), target;

	if (method == 0 || method == line.length || line.start[method] != ' ')
		return HEAD_REQUEST_LINE;
	parse->head->to_head = method == 4 && memcmp(line.start, "HEAD", 4) == 0;
	line = after(line, method + 1);
	target = count_while(line, is_target_byte);
	if (target == 0 || target == line.length || line.start[target] != ' ')
		return HEAD_REQUEST_LINE;
	parse->parts += count_byte((struct span){line.start, target}, '&');
	return read_version(parse, after(line, target + 1));
}

/* ---- Field lines ---- */

static enum head_fault read_host(struct parse *parse, struct span value)
{
	if (parse->has_host || count_while(value, is_host_byte) < value.length)
		return HEAD_HOST;
	parse->has_host = true;
	return HEAD_GOOD;
}

static enum head_fault read_length(struct parse *parse, struct span value)
{
	uint64_t length = 0;

	if (parse->has_length || value.length == 0 || count_while(value, is_digit) < value.length)
		return HEAD_LENGTH;
	for (size_t i = 0; i < value.length; i++) {
		if (length > UINT64_MAX / 10 - 1)
			return HEAD_LENGTH_TOO_LARGE;
		length = length * 10 + (uint64_t)(value.start[i] - '0');
	}
	parse->has_length = true;
	parse->head->length = length;
	return HEAD_GOOD;
}

static enum head_fault read_field(struct parse *parse, struct span name, struct span value)
{
	if (is_text(name, "Host"))
		return read_host(parse, value);
	if (is_text(name, "Content-Length"))
		return read_length(parse, value);
	if (is_text(name, "Transfer-Encoding"))
		parse->head->endless = true;
	if (is_text(name, "Cookie"))
		parse->parts += count_byte(value, ';');
	return HEAD_GOOD;
}

/* Moves the blanks after a value before it. Returns the value without blanks. */
static struct span trim(struct span value)
{
	size_t before = count_while(value, is_blank), behind = 0;

	value = after(value, before);
	while (behind < value.length && is_blank(value.start[value.length - behind - 1]))
		behind++;
	memmove(value.start + behind, value.start, value.length - behind);
	memset(value.start, ' ', behind);
	return after(value, behind);
}

static enum head_fault read_field_line(struct parse *parse, struct span line)
{
	size_t name = count_while(line, is_token_byte);
	struct span value;

	parse->parts++;
	if (is_blank(line.start[0]))
		return HEAD_FOLDED;
	if (name == 0 || name == line.length || line.start[name] != ':')
		return HEAD_FIELD_NAME;
	value = after(line, name + 1);
	if (count_while(value, is_value_byte) < value.length)
		return HEAD_FIELD_VALUE;
	return read_field(parse, (struct span){line.start, name}, trim(value));
}

/* Returns a fault that only the whole head shows. */
static enum head_fault read_whole(const struct parse *parse)
{
	if (!parse->has_host && parse->minor > 0)
		return HEAD_NO_HOST;
	if (parse->head->endless && parse->minor == 0)
		return HEAD_CODING;
	if (parse->head->endless && parse->has_length)
		return HEAD_LENGTH;
	return parse->parts > HEAD_PARTS_MAX ? HEAD_TOO_LARGE : HEAD_GOOD;
}

/* ---- Public ---- */

size_t head_find_end(const char *bytes, size_t length, size_t *searched)
{
	const char *at = bytes + *searched, *end = bytes + length, *line;

	while ((at = memchr(at, '\n', (size_t)(end - at)))) {
		line = at + 1;
		if (line < end && *line == '\r')
			line++;
		if (line == end)
			break; /* the next byte decides */
		if (*line == '\n') {
			*searched = 0;
			return (size_t)(line + 1 - bytes);
		}
		at++;
	}
	*searched = at ? (size_t)(at - bytes) : length;
	return 0;
}

void head_read(struct head *head, char *bytes, size_t length)
{
	struct span rest = {bytes, length}, line = next_line(&rest);
	struct parse parse = {.head = head};

	*head = (struct head){.fault = HEAD_GOOD};
	if (memchr(line.start, '\r', line.length))
		head->fault = HEAD_BARE_CR;
	if (head->fault == HEAD_GOOD)
		head->fault = read_request_line(&parse, line);
	while (head->fault == HEAD_GOOD && (line = next_line(&rest)).length > 0)
		head->fault = memchr(line.start, '\r', line.length) ? HEAD_BARE_CR : read_field_line(&parse, line);
	if (head->fault == HEAD_GOOD)
		head->fault = read_whole(&parse);
}

void head_read_too_large(struct head *head, const char *bytes, size_t length)
{
	*head = (struct head){.fault = memchr(bytes, '\n', length) ? HEAD_TOO_LARGE : HEAD_TARGET_TOO_LONG};
	head->to_head = length > 5 && memcmp(bytes, "HEAD ", 5) == 0;
}
