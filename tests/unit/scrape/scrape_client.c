/* SPDX-License-Identifier: Apache-2.0 */
/* Clients that wait for their tickets. */
#include "tests/unit/scrape/scrape_client.h"

#include "exporter/scrape/tickets/body.h"
#include "tests/unit/fake_scraper.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void on_done(struct scrape_ticket *ticket)
{
	struct client *client = ticket->owner;

	pthread_mutex_lock(&client->lock);
	client->answers++;
	client->answered_ns = platform_now_ns();
	pthread_cond_signal(&client->changed);
	pthread_mutex_unlock(&client->lock);
}

void client_init(struct client *client)
{
	memset(client, 0, sizeof(*client));
	pthread_mutex_init(&client->lock, NULL);
	pthread_cond_init(&client->changed, NULL);
	client->ticket.format = FORMAT_TEXT;
	client->ticket.families = METRICS_ALL;
	client->ticket.deadline_ns = UINT64_MAX;
	client->ticket.done = on_done;
	client->ticket.owner = client;
}

void client_wait(struct client *client)
{
	pthread_mutex_lock(&client->lock);
	while (client->answers == 0)
		pthread_cond_wait(&client->changed, &client->lock);
	assert_int_equal(client->answers, 1);
	pthread_mutex_unlock(&client->lock);
}

void client_release(struct client *client)
{
	body_drop(client->ticket.body);
	pthread_cond_destroy(&client->changed);
	pthread_mutex_destroy(&client->lock);
}

bool client_has(const struct client *client, const char *text)
{
	return client->ticket.body && memmem(client->ticket.body, client->ticket.length, text, strlen(text));
}

void client_expect(const struct client *client, unsigned status, const char *text)
{
	if (client->ticket.status != status || !client_has(client, text))
		fail_msg("expected %u with '%s', got %u: %.*s", status, text, client->ticket.status,
		         (int)client->ticket.length, client->ticket.body ? client->ticket.body : "");
}

void scrape_expect(struct fixture *fixture, unsigned status, const char *text)
{
	struct client client;

	client_init(&client);
	scraper_submit(fixture->scraper, &client.ticket);
	client_wait(&client);
	client_expect(&client, status, text);
	client_release(&client);
}

void fixture_wait_until_ready(struct fixture *fixture)
{
	fake_scraper_wait_until_ready(fixture->scraper);
}

void fixture_start(struct fixture *fixture, uint64_t families)
{
	fixture->scraper = fake_scraper_new(fixture->fake, families);
}
