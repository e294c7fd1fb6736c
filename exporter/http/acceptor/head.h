/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Request head checker: reads one request head (RFC 9112, sections 2 to 6), decides whether it is well formed, and
 * finds the length of the body. It exists because libmicrohttpd accepts heads that a server must refuse by RFC 9112,
 * and hides the fault from its callbacks: it cuts values at a NUL, joins folded lines and ends lines at a bare CR.
 *
 * The functions are pure. Limits: HEAD_BYTES_MAX bytes and HEAD_PARTS_MAX parts, so that libmicrohttpd can hold
 * every head that passes.
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
	HEAD_LENGTH_TOO_LARGE, /* more than 64 bits: libmicrohttpd answers it 413 or 400, by its version */
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
	uint64_t length; /* of the body; UINT64_MAX if it is larger */
};

/* Returns the length of the head that starts at `bytes`, with the empty line at its end, or 0 if the end is not
 * among the `length` bytes. Set *searched to 0 before the first call. Later calls use it to skip bytes. */
size_t head_find_end(const char *bytes, size_t length, size_t *searched);

/* Reads the head of `length` bytes that head_find_end() found. Moves blanks at the end of a field's value to its start,
 * where libmicrohttpd ignores them. */
void head_read(struct head *head, char *bytes, size_t length);

/* Fills the fault of a head without an end in HEAD_BYTES_MAX bytes. */
void head_read_too_large(struct head *head, const char *bytes, size_t length);

/* Name of the field in a request that replaces a bad one, and asks for the refusal. Its value is the number of the
 * fault. The name is not valid in HTTP, so no client can send it through an acceptor. */
#define HEAD_FAULT_FIELD "(fault)"

/* The status and the reason, one line without its end, of the answer to a fault. */
struct head_answer {
	unsigned status;
	const char *reason;
};
extern const struct head_answer head_answers[HEAD_FAULTS];

#endif
