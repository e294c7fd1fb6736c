/* SPDX-License-Identifier: Apache-2.0 */
/* Fixture of the endpoint's tests: starts and stops the scraper and the endpoint. */
#include "tests/unit/http/http_fixture.h"

#include "exporter/platform/host.h"
#include "tests/unit/fake_scraper.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

int fixture_listen(uint16_t *port)
{
	struct platform_error error = {""};
	struct sockaddr_in address;
	socklen_t length = sizeof(address);
	int listener = host_listen("127.0.0.1:0", &error);

	if (listener < 0)
		fail_msg("%s", error.text);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &length), 0);
	*port = ntohs(address.sin_port);
	return listener;
}

void fixture_wait_until_ready(struct fixture *fixture)
{
	fake_scraper_wait_until_ready(fixture->scraper);
}

void fixture_start(struct fixture *fixture, const char *telemetry_path, uint64_t families)
{
	struct http_options options = {
	        .telemetry_path = telemetry_path, .max_requests = MAX_REQUESTS, .sockets = true, .families = families};
	struct platform_error error = {""};
	int sockets[SOCKETS];

	fixture->scraper = fake_scraper_new(fixture->fake, families);
	options.scraper = fixture->scraper;
	for (size_t i = 0; i < SOCKETS; i++)
		sockets[i] = fixture_listen(&fixture->ports[i]);
	fixture->port = fixture->ports[0];
	if (http_start(&fixture->server, &options, sockets, SOCKETS, &error))
		fail_msg("%s", error.text);
}

void fixture_stop(struct fixture *fixture)
{
	if (!fixture->server)
		return;
	scraper_stop(fixture->scraper);
	http_stop(fixture->server);
	fixture->server = NULL;
}

int fixture_set_up_stopped(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	assert_non_null(fixture);
	fixture->fake = fake_new();
	*state = fixture;
	return 0;
}

int fixture_set_up(void **state)
{
	struct fixture *fixture;

	fixture_set_up_stopped(state);
	fixture = *state;
	fixture_start(fixture, "/metrics", METRICS_ALL);
	fixture_wait_until_ready(fixture);
	return 0;
}

int fixture_tear_down(void **state)
{
	struct fixture *fixture = *state;

	fake_release(fixture->fake);
	fixture_stop(fixture);
	scraper_free(fixture->scraper);
	fake_free(fixture->fake);
	free(fixture);
	return 0;
}

void assert_header(const struct http_answer *answer, const char *name, const char *value)
{
	const char *got = http_answer_header(answer, name);

	if (!got != !value || (got && strcmp(got, value) != 0))
		fail_msg("%s: expected %s, got %s in\n%s", name, value ? value : "none", got ? got : "none",
		         answer->head);
}

void assert_status_line(const struct http_answer *answer, const char *line)
{
	if (strncmp(answer->head, line, strlen(line)) != 0 || strncmp(answer->head + strlen(line), "\r\n", 2) != 0)
		fail_msg("expected %s, got\n%s%s", line, answer->head, answer->body);
}

void http_expect(struct fixture *fixture, const char *method, const char *target, const char *headers,
                 const char *status_line, const char *text)
{
	struct http_answer answer;

	http_exchange(fixture->port, method, target, headers, &answer);
	assert_status_line(&answer, status_line);
	if (!http_answer_has(&answer, text))
		fail_msg("%s %s: no '%s' in\n%s", method, target, text, answer.body);
	http_answer_release(&answer);
}
