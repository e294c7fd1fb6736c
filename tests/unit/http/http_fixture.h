/* SPDX-License-Identifier: Apache-2.0 */
/* Fixture: the endpoint on two loopback sockets, with a scraper on a fake backend. */
#ifndef TESTS_UNIT_HTTP_HTTP_FIXTURE_H
#define TESTS_UNIT_HTTP_HTTP_FIXTURE_H

#include <stdint.h>

#include "exporter/http/server.h"
#include "exporter/scrape/scrape.h"
#include "metrics/report/catalog.h"
#include "tests/unit/fake_platform.h"
#include "tests/unit/http/http_client.h"

#define GET_METRICS "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"
#define GET_HEALTHZ "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"

enum { SOCKETS = 2, MAX_REQUESTS = 12 };

struct fixture {
	struct platform *fake;
	struct scraper *scraper;
	struct http_server *server;
	uint16_t ports[SOCKETS];
	uint16_t port; /* the first */
};

/* Set-ups and tear-down for cmocka: with a started endpoint whose first snapshot has succeeded, or without one. */
int fixture_set_up(void **state);
int fixture_set_up_stopped(void **state);
int fixture_tear_down(void **state);
#define TEST(name)         cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)
#define TEST_STOPPED(name) cmocka_unit_test_setup_teardown(name, fixture_set_up_stopped, fixture_tear_down)

void fixture_start(struct fixture *fixture, const char *telemetry_path, uint64_t families);
void fixture_stop(struct fixture *fixture);
/* Returns a listening loopback socket, and its port. */
int fixture_listen(uint16_t *port);
/* Waits until the last snapshot has succeeded. */
void fixture_wait_until_ready(struct fixture *fixture);

/* Fail the test unless the answer has this header (NULL: no header of the name), or this status line. */
void assert_header(const struct http_answer *answer, const char *name, const char *value);
void assert_status_line(const struct http_answer *answer, const char *line);

/* Makes an exchange. Fails the test unless the answer has this status line and this text in the body. */
void http_expect(struct fixture *fixture, const char *method, const char *target, const char *headers,
                 const char *status_line, const char *text);

#endif
