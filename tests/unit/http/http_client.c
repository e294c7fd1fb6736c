/* SPDX-License-Identifier: Apache-2.0 */
/* HTTP/1.1 client of the tests. */
#include "tests/unit/http/http_client.h"

#include "exporter/platform/host.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <cmocka.h>

/* An answer needs less time even under a sanitizer. Beyond it the server hangs. */
enum { TIMEOUT_SECONDS = 20 };

void http_client_open(struct http_client *client, uint16_t port)
{
	const struct timeval timeout = {TIMEOUT_SECONDS, 0};
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};

	memset(client, 0, sizeof(*client));
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	client->socket = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(client->socket >= 0);
	assert_int_equal(setsockopt(client->socket, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)), 0);
	assert_int_equal(connect(client->socket, (const struct sockaddr *)&address, sizeof(address)), 0);
}

void http_client_close(struct http_client *client)
{
	host_close_socket(client->socket);
	free(client->bytes);
}

void http_client_send(struct http_client *client, const char *text)
{
	size_t length = strlen(text);

	while (length > 0) {
		ssize_t sent = send(client->socket, text, length, MSG_NOSIGNAL);

		if (sent <= 0)
			return; /* the server has closed: the reader sees it */
		text += sent;
		length -= (size_t)sent;
	}
}

/* Receives more bytes. Returns false at the end of the connection. */
static bool receive(struct http_client *client)
{
	ssize_t got;

	if (client->capacity - client->length < 4096) {
		client->capacity = client->capacity * 2 + 8192;
		client->bytes = realloc(client->bytes, client->capacity);
		assert_non_null(client->bytes);
	}
	got = recv(client->socket, client->bytes + client->length, client->capacity - client->length, 0);
	if (got > 0)
		client->length += (size_t)got;
	return got > 0;
}

/* Removes and returns the next `length` bytes of the connection. Receives them if necessary. */
static char *take(struct http_client *client, size_t length)
{
	char *bytes = malloc(length + 1);

	assert_non_null(bytes);
	while (client->length < length)
		if (!receive(client))
			fail_msg("the connection ended within an answer");
	if (length > 0)
		memcpy(bytes, client->bytes, length);
	bytes[length] = '\0';
	client->length -= length;
	if (client->length > 0)
		memmove(client->bytes, client->bytes + length, client->length);
	return bytes;
}

void http_client_read(struct http_client *client, struct http_answer *answer, bool headless)
{
	const char *end, *length;

	while (!client->length || !(end = memmem(client->bytes, client->length, "\r\n\r\n", 4)))
		if (!receive(client))
			fail_msg("the connection ended before an answer");
	answer->head = take(client, (size_t)(end - client->bytes) + 4);
	assert_int_equal(sscanf(answer->head, "HTTP/1.1 %3u ", &answer->status), 1);
	length = http_answer_header(answer, "Content-Length");
	assert_non_null(length);
	answer->length = headless ? 0 : strtoul(length, NULL, 10);
	answer->body = take(client, answer->length);
}

void http_answer_release(struct http_answer *answer)
{
	free(answer->head);
	free(answer->body);
}

bool http_client_at_end(struct http_client *client)
{
	return client->length == 0 && !receive(client);
}

const char *http_answer_header(const struct http_answer *answer, const char *name)
{
	static char value[512];
	size_t length = strlen(name);

	for (const char *line = strstr(answer->head, "\r\n"); line; line = strstr(line, "\r\n")) {
		line += 2;
		if (strncasecmp(line, name, length) != 0 || line[length] != ':')
			continue;
		line += length + 1 + strspn(line + length + 1, " ");
		snprintf(value, sizeof(value), "%.*s", (int)strcspn(line, "\r"), line);
		return value;
	}
	return NULL;
}

bool http_answer_has(const struct http_answer *answer, const char *text)
{
	return memmem(answer->body, answer->length, text, strlen(text)) != NULL;
}

void http_exchange(uint16_t port, const char *method, const char *target, const char *headers,
                   struct http_answer *answer)
{
	struct http_client client;
	char *request = malloc(strlen(method) + strlen(target) + strlen(headers) + 64);

	assert_non_null(request);
	sprintf(request, "%s %s HTTP/1.1\r\nHost: localhost\r\n%s\r\n", method, target, headers);
	http_client_open(&client, port);
	http_client_send(&client, request);
	http_client_read(&client, answer, strcmp(method, "HEAD") == 0);
	http_client_close(&client);
	free(request);
}
