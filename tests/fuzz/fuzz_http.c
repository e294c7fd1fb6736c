/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzzes the HTTP acceptor: an input is what a client sends before it closes its side, to the endpoint as it is, over a
 * socket. Each byte 255 ends a segment and is left out.
 */
#include "tests/fuzz/fuzz.h"

#include <errno.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "exporter/http/server.h"
#include "exporter/log.h"
#include "metrics/report/catalog.h"

#define STATUS   "HTTP/1.1 "
#define HEAD_END "\r\n\r\n"
#define SEGMENT  255
/* A good request follows one in this number of inputs, and must be answered. */
#define PROBE_EVERY 16

static const char healthz[] = "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
static const char health[] = "\r\n\r\nok\n";

static struct sockaddr_un address;
static socklen_t address_length = sizeof(address);

/* Returns a listening Unix socket with an abstract name that the kernel chooses. */
static int listen_somewhere(void)
{
	const struct sockaddr_un none = {.sun_family = AF_UNIX};
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	CHECK(listener >= 0);
	CHECK(bind(listener, (const struct sockaddr *)&none, sizeof(none.sun_family)) == 0);
	CHECK(getsockname(listener, (struct sockaddr *)&address, &address_length) == 0);
	CHECK(listen(listener, 16) == 0);
	return listener;
}

static void start(void)
{
	static const struct platform_options replay = {.replay_file = REPLAY_FILE};
	static struct platform *platform;
	static struct http_server *server;
	static struct scraper *scraper;
	struct scraper_options scraping = {
	        .collector = {.backend = &platform_replay, .max_series = 1000},
	        .families = METRICS_ALL,
	        .version = "1",
	        .revision = "r",
	        .compiler = "c",
	};
	struct http_options options = {
	        .telemetry_path = "/metrics", .max_requests = 40, .sockets = true, .families = METRICS_ALL};
	struct platform_error error;
	int listener;

	log_configure(LOG_LEVEL_ERROR, LOG_FORMAT_LOGFMT);
	CHECK(platform_replay.open(&platform, &replay, &error) == 0);
	scraping.collector.platform = platform;
	CHECK(scraper_new(&scraper, &scraping) == 0);
	options.scraper = scraper;
	listener = listen_somewhere();
	CHECK(http_start(&server, &options, &listener, 1, &error) == 0);
}

/* Sends all bytes. Repeats calls that libFuzzer's timer signal interrupts. */
static void send_all(int connection, const uint8_t *bytes, size_t length)
{
	while (length > 0) {
		ssize_t sent = TEMP_FAILURE_RETRY(send(connection, bytes, length, MSG_NOSIGNAL));

		if (sent < 0)
			return; /* refused before the end, perhaps with an answer */
		bytes += sent;
		length -= (size_t)sent;
	}
}

/* Returns true if a request can be HEAD: the word is in the bytes, in any segments. */
static bool has_head(const uint8_t *bytes, size_t length)
{
	static const char word[] = "HEAD";
	size_t matched = 0;

	for (size_t i = 0; i < length && matched < sizeof(word) - 1; i++) {
		if (bytes[i] == SEGMENT)
			continue;
		matched = bytes[i] == (uint8_t)word[matched] ? matched + 1 : bytes[i] == (uint8_t)word[0];
	}
	return matched == sizeof(word) - 1;
}

static void send_segments(int connection, const uint8_t *bytes, size_t length)
{
	while (length > 0) {
		const uint8_t *end = memchr(bytes, SEGMENT, length);
		size_t size = end ? (size_t)(end - bytes) : length;

		send_all(connection, bytes, size);
		if (end)
			sched_yield();
		size += end != NULL;
		bytes += size;
		length -= size;
	}
}

/* Receives until the endpoint closes. Returns the terminated bytes, which can contain zeros. The caller frees them. */
static char *receive_all(int connection, size_t *length)
{
	size_t capacity = 1 << 16;
	char *bytes = NULL;
	ssize_t got = 1;

	for (*length = 0; got > 0; *length += (size_t)(got > 0 ? got : 0)) {
		if (!bytes || *length == capacity)
			bytes = realloc(bytes, (capacity *= 2) + 1);
		CHECK(bytes);
		got = TEMP_FAILURE_RETRY(recv(connection, bytes + *length, capacity - *length, 0));
	}
	bytes[*length] = '\0';
	return bytes;
}

static char *exchange(const uint8_t *bytes, size_t length, size_t *answered)
{
	int connection = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char *answers;

	CHECK(connection >= 0);
	CHECK(connect(connection, (const struct sockaddr *)&address, address_length) == 0);
	send_segments(connection, bytes, length);
	shutdown(connection, SHUT_WR);
	answers = receive_all(connection, answered);
	close(connection);
	return answers;
}

static void check_status(const char *answer)
{
	static const unsigned known[] = {100, 200, 400, 404, 405, 406, 408, 411,
	                                 413, 414, 417, 431, 500, 501, 503, 505};
	unsigned status = 0;

	CHECK(strncmp(answer, STATUS, strlen(STATUS)) == 0);
	CHECK(sscanf(answer + strlen(STATUS), "%3u ", &status) == 1);
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (known[i] == status)
			return;
	fprintf(stderr, "status %u\n", status);
	abort();
}

/* Returns the value of the header in the answer's head, which ends at `body`, or NULL. */
static const char *find_header(const char *answer, const char *body, const char *name)
{
	const char *at = strstr(answer, name);

	return at && at < body ? at + strlen(name) : NULL;
}

/* Returns the length of the first answer. An answer to HEAD has no body. 0: libmicrohttpd's own answer, the last. */
static size_t check_answer(const char *answer, size_t left, bool may_be_headless)
{
	const char *end = strstr(answer, HEAD_END), *body, *length;
	size_t size;

	CHECK(end);
	body = end + strlen(HEAD_END);
	check_status(answer);
	if (strncmp(answer, STATUS "100", strlen(STATUS) + 3) == 0)
		return (size_t)(body - answer);
	if (!find_header(answer, body, "\r\nCache-Control: no-store\r\n"))
		return 0;
	length = find_header(answer, body, "\r\nContent-Length: ");
	CHECK(length);
	CHECK(find_header(answer, body, "\r\nContent-Type: "));
	size = strtoul(length, NULL, 10);
	left -= (size_t)(body - answer);
	if (may_be_headless && (left == 0 || strncmp(body, STATUS, strlen(STATUS)) == 0))
		size = 0;
	CHECK(size <= left);
	return (size_t)(body - answer) + size;
}

/* Checks that a good request is answered. After a failure the printed time shows if the endpoint did not respond. */
static void probe(void)
{
	uint64_t begin = platform_now_ns();
	size_t length;
	char *answer = exchange((const uint8_t *)healthz, sizeof(healthz) - 1, &length);
	bool good = length > sizeof(health) && strcmp(answer + length - (sizeof(health) - 1), health) == 0;

	if (!good)
		fprintf(stderr, "after %.3f s: %zu bytes: %s\n", (double)(platform_now_ns() - begin) / 1e9, length,
		        answer);
	CHECK(good);
	free(answer);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	static bool started;
	bool may_be_headless = has_head(bytes, length);
	char *answers, *at;
	size_t left, size;

	if (!started)
		start();
	started = true;
	at = answers = exchange(bytes, length, &left);
	for (; left > 0; at += size, left -= size) {
		size = check_answer(at, left, may_be_headless);
		if (size == 0)
			break;
	}
	free(answers);
	if (length % PROBE_EVERY == 0)
		probe();
	return 0;
}
