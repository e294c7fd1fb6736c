/* SPDX-License-Identifier: Apache-2.0 */
/* Tickets: fills in answers, and keeps lists of tickets in order of arrival, linked through the tickets. */
#ifndef EXPORTER_SCRAPE_TICKET_H
#define EXPORTER_SCRAPE_TICKET_H

#include <stdbool.h>
#include <stdint.h>

#include "exporter/scrape/scrape.h"

/* Makes the ticket a 503 whose body is one line with `text`. The line starts with "scrape timed out" for -ETIMEDOUT,
 * and with "scrape failed" for any other error. If memory is short, the body is NULL. */
void ticket_refuse(struct scrape_ticket *ticket, int error, const char *text);
/* Does the same for a ticket whose deadline has passed. */
void ticket_refuse_late(struct scrape_ticket *ticket);

/* A list of all zeros is empty. */
struct ticket_list {
	struct scrape_ticket *first, *last;
};

void ticket_list_append(struct ticket_list *list, struct scrape_ticket *ticket);

/* Moves the tickets that `picks` chooses (NULL: all) to the end of `to`, in the same order. Returns true if it moved
 * any. */
bool ticket_list_move(struct ticket_list *from, struct ticket_list *to,
                      bool (*picks)(const struct scrape_ticket *ticket, const void *data), const void *data);

/* Return the earliest and the latest deadline in the list, or UINT64_MAX and 0 if it is empty. */
uint64_t ticket_list_earliest(const struct ticket_list *list);
uint64_t ticket_list_latest(const struct ticket_list *list);

/* Refuses every ticket of the list. */
void ticket_list_refuse(struct ticket_list *list, int error, const char *text);
/* Makes every ticket of the list a 200 that shares one copy of the bytes. Returns 0, or -ENOMEM after refusing the
 * tickets. */
int ticket_list_fill(struct ticket_list *list, const char *bytes, size_t length) MUST_CHECK;
/* Empties the list and calls each ticket's done(). The ticket must not be used afterwards. */
void ticket_list_release(struct ticket_list *list);

#endif
