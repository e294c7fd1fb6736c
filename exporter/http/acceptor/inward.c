/* SPDX-License-Identifier: Apache-2.0 */
/* Inward buffer: finds requests in a stream of bytes. */
#include "exporter/http/acceptor/inward.h"

#include <stdio.h>
#include <string.h>

#include "exporter/wipe.h"

/* Replaces the head by a request that asks for the refusal. */
static void refuse(struct inward *inward, const struct head *head)
{
	int length = snprintf(inward->bytes + inward->ready, INWARD_FAULT_MAX,
	                      "%s / HTTP/1.1\r\nHost: x\r\n" HEAD_FAULT_FIELD ": %d\r\n\r\n",
	                      head->to_head ? "HEAD" : "GET", (int)head->fault);

	inward->ready += (size_t)length;
	inward->end = inward->ready;
	inward->deaf = true;
}

/* Releases the received part of the present request's body. */
static void release_body(struct inward *inward)
{
	const size_t left = inward->end - inward->ready, length = inward->body < left ? (size_t)inward->body : left;

	inward->ready += length;
	inward->body -= length;
}

/* Drops empty lines before a request (RFC 9112, 2.2). */
static void drop_empty_lines(struct inward *inward)
{
	const char *bytes = inward->bytes + inward->ready;
	size_t left = inward->end - inward->ready, length = 0;

	for (;;) {
		if (left - length >= 2 && bytes[length] == '\r' && bytes[length + 1] == '\n')
			length += 2;
		else if (left - length >= 1 && bytes[length] == '\n')
			length++;
		else
			break;
	}
	if (length == 0)
		return;
	inward->searched = 0;
	inward->end -= length;
	memmove(inward->bytes + inward->ready, bytes + length, left - length);
}

/* Releases the next request's head and returns true. Returns false after a bad head, or if the head is not whole yet.
 */
static bool release_head(struct inward *inward, bool needs_tls)
{
	char *bytes = inward->bytes + inward->ready;
	size_t left = inward->end - inward->ready, length = head_find_end(bytes, left, &inward->searched);
	struct head head = {.fault = HEAD_GOOD};

	if (length > 0)
		head_read(&head, bytes, length);
	else if (left >= HEAD_BYTES_MAX)
		head_read_too_large(&head, bytes, left);
	else
		return false;
	if (needs_tls)
		head.fault = HEAD_NEEDS_TLS;
	if (head.fault != HEAD_GOOD) {
		refuse(inward, &head);
		return false;
	}
	inward->ready += length;
	inward->body = head.length;
	inward->deaf = head.endless;
	if (head.endless)
		inward->end = inward->ready;
	return true;
}

bool inward_has_room(const struct inward *inward)
{
	return inward->end - inward->start < HEAD_BYTES_MAX;
}

size_t inward_reserve(struct inward *inward, char **bytes)
{
	if (inward->start > 0 && inward->end > HEAD_BYTES_MAX / 2) {
		memmove(inward->bytes, inward->bytes + inward->start, inward->end - inward->start);
		inward->ready -= inward->start;
		inward->end -= inward->start;
		inward->start = 0;
	}
	*bytes = inward->bytes + inward->end;
	return inward->end < HEAD_BYTES_MAX ? HEAD_BYTES_MAX - inward->end : 0;
}

void inward_add(struct inward *inward, size_t length, bool needs_tls)
{
	if (inward->deaf)
		return;
	inward->end += length;
	do {
		release_body(inward);
		if (inward->body == 0)
			drop_empty_lines(inward);
	} while (inward->ready < inward->end && inward->body == 0 && release_head(inward, needs_tls));
}

bool inward_is_within_body(const struct inward *inward)
{
	return inward->body > 0;
}

bool inward_is_ready(const struct inward *inward)
{
	return inward->start < inward->ready;
}

size_t inward_ready(const struct inward *inward, const char **bytes)
{
	*bytes = inward->bytes + inward->start;
	return inward->ready - inward->start;
}

void inward_take(struct inward *inward, size_t length)
{
	inward->start += length;
	if (inward->start == inward->end)
		inward->start = inward->ready = inward->end = 0;
}

void inward_wipe(struct inward *inward)
{
	wipe(inward->bytes, sizeof(inward->bytes));
}
