/* SPDX-License-Identifier: Apache-2.0 */
/* HTTP GET of an IPv4 address, port and path, on one connection; counts the bytes of the answer. */
#include "loopback.h"
#include "probe.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define FIRST_CAPACITY (64 * 1024)

struct client {
	struct sockaddr_in server;
	int fd; /* -1: not connected */
	char request[512];
	char *answer;
	size_t length, capacity;
};

static void *open_client(char **arguments)
{
	struct client *client = calloc(1, sizeof(*client));

	if (!client)
		return NULL;
	client->fd = -1;
	client->answer = malloc(FIRST_CAPACITY);
	client->capacity = FIRST_CAPACITY;
	client->server.sin_family = AF_INET;
	client->server.sin_port = htons((uint16_t)strtoul(arguments[1], NULL, 10));
	snprintf(client->request, sizeof(client->request), "GET %s HTTP/1.1\r\nHost: %s:%s\r\n\r\n", arguments[2],
	         arguments[0], arguments[1]);
	if (!client->answer || inet_pton(AF_INET, arguments[0], &client->server.sin_addr) != 1) {
		errno = client->answer ? EINVAL : ENOMEM;
		free(client->answer);
		free(client);
		return NULL;
	}
	return client;
}

static void close_client(void *state)
{
	struct client *client = state;

	if (client->fd >= 0)
		close(client->fd);
	free(client->answer);
	free(client);
}

static int connect_client(struct client *client)
{
	const int on = 1;

	client->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (client->fd < 0)
		return -1;
	if (setsockopt(client->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) < 0 ||
	    loopback_reset_on_close(client->fd) < 0)
		return -1;
	return connect(client->fd, (const struct sockaddr *)&client->server, sizeof(client->server));
}

static void disconnect(struct client *client)
{
	close(client->fd);
	client->fd = -1;
}

/* A NUL follows the answer. */
static int receive_some(struct client *client)
{
	ssize_t length;

	if (client->capacity - client->length < 2) {
		char *larger = realloc(client->answer, 2 * client->capacity);

		if (!larger)
			return -1;
		client->answer = larger;
		client->capacity *= 2;
	}
	length = recv(client->fd, client->answer + client->length, client->capacity - client->length - 1, 0);
	if (length == 0)
		errno = ECONNRESET;
	if (length <= 0)
		return -1;
	client->length += (size_t)length;
	client->answer[client->length] = '\0';
	return 0;
}

/* Returns true if the answer is complete: it has its Content-Length, or ends with the last chunk. */
static bool is_complete(const struct client *client)
{
	static const char last_chunk[] = "\r\n0\r\n\r\n";
	const size_t tail = sizeof(last_chunk) - 1;
	const char *end = strstr(client->answer, "\r\n\r\n");
	const char *field = strcasestr(client->answer, "\r\nContent-Length:");

	if (!end)
		return false;
	if (field && field < end) {
		const size_t header = (size_t)(end - client->answer) + 4;

		return client->length >= header + strtoull(strchr(field, ':') + 1, NULL, 10);
	}
	return client->length >= tail && memcmp(client->answer + client->length - tail, last_chunk, tail) == 0;
}

static int exchange(struct client *client)
{
	client->length = 0;
	if (client->fd < 0 && connect_client(client) < 0)
		return -1;
	if (send(client->fd, client->request, strlen(client->request), MSG_NOSIGNAL) < 0)
		return -1;
	do {
		if (receive_some(client) < 0)
			return -1;
	} while (!is_complete(client));
	return 0;
}

/* Tries again on a new connection, because the server may have closed the idle one since the last run. */
static int run_client(void *state, struct probe_sample *sample)
{
	static const char good[] = "HTTP/1.1 200 ";
	struct client *client = state;
	const bool was_idle = client->fd >= 0;
	int result = exchange(client);

	if (result < 0 && was_idle && client->length == 0) {
		disconnect(client);
		result = exchange(client);
	}
	if (result < 0)
		return -1;
	if (strncmp(client->answer, good, sizeof(good) - 1) != 0) {
		fprintf(stderr, "probe: get: %.*s\n", (int)strcspn(client->answer, "\r\n"), client->answer);
		errno = EPROTO;
		return -1;
	}
	sample->count = client->length;
	return 0;
}

const struct probe_kind probe_get = {.name = "get",
                                     .arguments = "ADDRESS PORT PATH",
                                     .argument_count = 3,
                                     .open = open_client,
                                     .run = run_client,
                                     .close = close_client};
