/* SPDX-License-Identifier: Apache-2.0 */
/* Fixture: a scraper on a fake backend, and clients that wait for their tickets. */
#ifndef TESTS_UNIT_SCRAPE_SCRAPE_CLIENT_H
#define TESTS_UNIT_SCRAPE_SCRAPE_CLIENT_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "exporter/scrape/scrape.h"
#include "tests/unit/fake_platform.h"

struct fixture {
	struct platform *fake;
	struct scraper *scraper;
};

/* Starts a scraper on the fixture's fake. */
void fixture_start(struct fixture *fixture, uint64_t families);
/* Waits until the last snapshot has succeeded. */
void fixture_wait_until_ready(struct fixture *fixture);

/* A ticket, and a flag that it was answered. */
struct client {
	struct scrape_ticket ticket;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	unsigned answers;
	uint64_t answered_ns;
};

/* Initializes a ticket for all families as text, without a deadline. */
void client_init(struct client *client);
/* Waits for the answer. The test's own time limit ends a wait without an answer. */
void client_wait(struct client *client);
void client_release(struct client *client);
bool client_has(const struct client *client, const char *text);
/* Fails the test unless the answer is of this status and has the text. */
void client_expect(const struct client *client, unsigned status, const char *text);

/* Makes a scrape of all families as text. Fails the test unless the answer has this status and this text. */
void scrape_expect(struct fixture *fixture, unsigned status, const char *text);

#endif
