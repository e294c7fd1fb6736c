/* SPDX-License-Identifier: Apache-2.0 */
/* HTTP client that writes a test's bytes unchanged and reads answers. Every error fails the test. */
#ifndef TESTS_UNIT_HTTP_HTTP_CLIENT_H
#define TESTS_UNIT_HTTP_HTTP_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct http_client {
	int socket;
	char *bytes; /* received and not yet taken */
	size_t length, capacity;
};

struct http_answer {
	unsigned status;
	char *head; /* from the status line to the empty line, terminated */
	char *body; /* terminated beyond its length */
	size_t length;
};

void http_client_open(struct http_client *client, uint16_t port);
void http_client_close(struct http_client *client);
void http_client_send(struct http_client *client, const char *text);

/* Reads one answer. `headless`: it answers HEAD and has no body. */
void http_client_read(struct http_client *client, struct http_answer *answer, bool headless);
void http_answer_release(struct http_answer *answer);
/* Returns true if the server closes the connection without another byte. */
bool http_client_at_end(struct http_client *client);

/* Returns the header's value, valid until the next call, or NULL if the answer has no such header. */
const char *http_answer_header(const struct http_answer *answer, const char *name);
bool http_answer_has(const struct http_answer *answer, const char *text);

/* Sends a request on a new connection and reads the answer. Each line of `headers` ends with CRLF. */
void http_exchange(uint16_t port, const char *method, const char *target, const char *headers,
                   struct http_answer *answer);

#endif
