/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Request head checker: reads one request head (RFC 9112, sections 2 to 6), and finds its fault and the length of its
 * body. It exists because libmicrohttpd accepts heads that RFC 9112 requires a server to refuse, and hides their faults
 * from its callbacks. libmicrohttpd cuts values at a NUL, joins folded lines and ends lines at a bare CR.
 *
 * Pure functions of bytes. Limits: HEAD_BYTES_MAX bytes and HEAD_PARTS_MAX parts, so that libmicrohttpd can hold every
 * good head.
 */
#ifndef EXPORTER_HTTP_ACCEPTOR_HEAD_H
#define EXPORTER_HTTP_ACCEPTOR_HEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	/* Browsers send cookies of at most 16 KiB; other servers accept heads of 8 KiB to 1 MiB. */
	HEAD_BYTES_MAX = 32 * 1024,
	/* Header lines, cookies and query arguments: libmicrohttpd allocates a record of 64 bytes for each. */
	HEAD_PARTS_MAX = 400,
};

enum head_fault {
	HEAD_GOOD,
	HEAD_REQUEST_LINE,
	HEAD_VERSION,
	HEAD_FOLDED,
	HEAD_FIELD_NAME,
	HEAD_FIELD_VALUE,
	HEAD_BARE_CR,
	HEAD_NO_HOST,
	HEAD_HOST,
	HEAD_LENGTH,
	HEAD_CODING,
	HEAD_TARGET_TOO_LONG,
	HEAD_TOO_LARGE,
	HEAD_NEEDS_TLS, /* not found by the checker */
	HEAD_FAULTS,
};

struct head {
	enum head_fault fault;
	bool to_head;    /* the method is HEAD: the answer has no content */
	bool endless;    /* the body has a transfer coding */
	uint64_t length; /* of the body; capped at UINT64_MAX */
};

/* Returns the length of the head that starts at `bytes`, with the empty line at its end; 0 if the end is not among the
 * `length` bytes. *searched is 0 at first, and holds the number of searched bytes for later calls. */
size_t head_find_end(const char *bytes, size_t length, size_t *searched);

/* Reads the head of `length` bytes that head_find_end() found. Moves blanks at the end of a field's value to its start,
 * where libmicrohttpd ignores them. */
void head_read(struct head *head, char *bytes, size_t length);

/* Fills the fault of a head without an end in HEAD_BYTES_MAX bytes. */
void head_read_too_large(struct head *head, const char *bytes, size_t length);

/* Header field of the request that replaces a bad one. Its value is the number of the fault, and the server refuses the
 * request for it. The name is not valid, so that no client can send it through an acceptor. */
#define HEAD_FAULT_FIELD "(fault)"

/* Answer to a fault: the status and the reason, one line without a newline. */
struct head_answer {
	unsigned status;
	const char *reason;
};
extern const struct head_answer head_answers[HEAD_FAULTS];

#endif
