/* SPDX-License-Identifier: Apache-2.0 */
/* Bodies: counts holders in front of the bytes. */
#include "exporter/scrape/tickets/body.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

struct body {
	atomic_size_t holders;
	size_t length;
	char bytes[];
};

static atomic_size_t total;

static struct body *body_of(void *bytes)
{
	return (void *)((char *)bytes - offsetof(struct body, bytes));
}

char *body_new(const char *bytes, size_t length)
{
	struct body *body = malloc(sizeof(*body) + length);

	if (!body)
		return NULL;
	atomic_init(&body->holders, 1);
	body->length = length;
	memcpy(body->bytes, bytes, length);
	total += length;
	return body->bytes;
}

char *body_hold(char *bytes)
{
	body_of(bytes)->holders++;
	return bytes;
}

void body_drop(void *bytes)
{
	struct body *body;

	if (!bytes)
		return;
	body = body_of(bytes);
	if (--body->holders > 0)
		return;
	total -= body->length;
	free(body);
}

size_t body_total(void)
{
	return total;
}
