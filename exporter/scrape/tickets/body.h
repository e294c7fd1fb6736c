/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bodies: the bytes of answers. All requests that a snapshot answers alike share one body, so that clients that do not
 * read cost no copy each. The last holder frees it. Every thread can call these functions.
 */
#ifndef EXPORTER_SCRAPE_BODY_H
#define EXPORTER_SCRAPE_BODY_H

#include <stddef.h>

/* Returns a body with a copy of the bytes and one holder, or NULL if memory is short. */
char *body_new(const char *bytes, size_t length);
/* Adds a holder. Returns the body. */
char *body_hold(char *body);
/* Removes a holder. NULL is allowed. */
void body_drop(void *body);
/* Returns the bytes of all bodies. */
size_t body_total(void);

#endif
