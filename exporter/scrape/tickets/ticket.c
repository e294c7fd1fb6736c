/* SPDX-License-Identifier: Apache-2.0 */
/* Tickets: answers and lists. A list is walked from end to end, because only a few requests are in flight. */
#include "exporter/scrape/tickets/ticket.h"

#include "exporter/log.h"
#include "exporter/scrape/tickets/body.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Room for the longest reason and the words before it. */
enum { LINE_MAX_BYTES = sizeof(struct platform_error) + 64 };

static const double second_ns = 1e9;

void ticket_refuse(struct scrape_ticket *ticket, int error, const char *text)
{
	const char *what = error == -ETIMEDOUT ? "scrape timed out" : "scrape failed";
	char line[LINE_MAX_BYTES];

	/* one byte less than the room, so that a newline always fits */
	if (snprintf(line, sizeof(line) - 1, "%s: %s", what, text) < 0)
		line[0] = '\0';
	ticket->length = strlen(line) + 1;
	for (size_t i = 0; i + 1 < ticket->length; i++)
		if ((unsigned char)line[i] < ' ')
			line[i] = '?';
	line[ticket->length - 1] = '\n';
	ticket->status = 503;
	ticket->body = body_new(line, ticket->length);
	if (!ticket->body)
		ticket->length = 0;
}

void ticket_refuse_late(struct scrape_ticket *ticket)
{
	static struct log_limit limit;
	char text[64], count[LOG_COUNT_MAX];

	snprintf(text, sizeof(text), "no snapshot within %.3f s",
	         (double)(platform_now_ns() - ticket->submitted_ns) / second_ns);
	if (log_limit_passes(&limit, platform_now_ns(), count))
		log_message(LOG_LEVEL_WARN, "scrape timed out", "reason", text, "count", count, NULL);
	ticket_refuse(ticket, -ETIMEDOUT, text);
}

void ticket_list_append(struct ticket_list *list, struct scrape_ticket *ticket)
{
	ticket->next = NULL;
	if (list->last)
		list->last->next = ticket;
	else
		list->first = ticket;
	list->last = ticket;
}

bool ticket_list_move(struct ticket_list *from, struct ticket_list *to,
                      bool (*picks)(const struct scrape_ticket *ticket, const void *data), const void *data)
{
	struct ticket_list stay = {NULL, NULL};
	struct scrape_ticket *ticket, *next;
	bool any = false;

	for (ticket = from->first; ticket; ticket = next) {
		bool picked = !picks || picks(ticket, data);

		next = ticket->next;
		ticket_list_append(picked ? to : &stay, ticket);
		any = any || picked;
	}
	*from = stay;
	return any;
}

uint64_t ticket_list_earliest(const struct ticket_list *list)
{
	uint64_t earliest = UINT64_MAX;

	for (const struct scrape_ticket *ticket = list->first; ticket; ticket = ticket->next)
		if (ticket->deadline_ns < earliest)
			earliest = ticket->deadline_ns;
	return earliest;
}

uint64_t ticket_list_latest(const struct ticket_list *list)
{
	uint64_t latest = 0;

	for (const struct scrape_ticket *ticket = list->first; ticket; ticket = ticket->next)
		if (ticket->deadline_ns > latest)
			latest = ticket->deadline_ns;
	return latest;
}

void ticket_list_refuse(struct ticket_list *list, int error, const char *text)
{
	for (struct scrape_ticket *ticket = list->first; ticket; ticket = ticket->next)
		ticket_refuse(ticket, error, text);
}

int ticket_list_fill(struct ticket_list *list, const char *bytes, size_t length)
{
	char *body = body_new(bytes, length);

	if (!body) {
		ticket_list_refuse(list, -ENOMEM, "out of memory");
		return -ENOMEM;
	}
	for (struct scrape_ticket *ticket = list->first; ticket; ticket = ticket->next) {
		ticket->body = body_hold(body);
		ticket->length = length;
		ticket->status = 200;
	}
	body_drop(body);
	return 0;
}

void ticket_list_release(struct ticket_list *list)
{
	struct scrape_ticket *ticket, *next;

	for (ticket = list->first; ticket; ticket = next) {
		next = ticket->next;
		ticket->done(ticket);
	}
	*list = (struct ticket_list){NULL, NULL};
}
