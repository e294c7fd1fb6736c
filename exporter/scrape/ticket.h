/* SPDX-License-Identifier: Apache-2.0 */
/* Tickets: how they are answered, and lists of them in order of arrival, linked through the tickets. */
#ifndef EXPORTER_SCRAPE_TICKET_H
#define EXPORTER_SCRAPE_TICKET_H

#include <stdbool.h>
#include <stdint.h>

#include "exporter/scrape/scrape.h"

/* Makes the ticket a 503 whose body is one line of `text`; the error number chooses what it opens with.
 * Without memory for it the body is NULL. */
void ticket_refuse(struct scrape_ticket *ticket, int error, const char *text);
/* The same for a ticket whose time is up. */
void ticket_refuse_late(struct scrape_ticket *ticket);
/* Makes the ticket a 200 with a copy of the bytes. 0, or -ENOMEM and the ticket is a 503. */
int ticket_fill(struct scrape_ticket *ticket, const char *bytes, size_t length) MUST_CHECK;

/* All zeros is an empty list. */
struct ticket_list {
	struct scrape_ticket *first, *last;
};

void ticket_list_append(struct ticket_list *list, struct scrape_ticket *ticket);

/* Moves the tickets that `picks` chooses (NULL: all) to the end of `to`; the order is kept. Whether there
 * were any. */
bool ticket_list_move(struct ticket_list *from, struct ticket_list *to,
                      bool (*picks)(const struct scrape_ticket *ticket, const void *data), const void *data);

/* The first and the last deadline in the list; UINT64_MAX and 0 if it is empty. */
uint64_t ticket_list_earliest(const struct ticket_list *list);
uint64_t ticket_list_latest(const struct ticket_list *list);

/* Refuses every ticket of the list. */
void ticket_list_refuse(struct ticket_list *list, int error, const char *text);
/* Empties the list and calls each ticket's done(), after which the ticket is its owner's. */
void ticket_list_release(struct ticket_list *list);

#endif
