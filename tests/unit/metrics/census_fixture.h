/* SPDX-License-Identifier: Apache-2.0 */
/* Fixture of the tests of the census: a snapshot with one namespace, and whole tables as text. */
#ifndef TESTS_UNIT_METRICS_CENSUS_FIXTURE_H
#define TESTS_UNIT_METRICS_CENSUS_FIXTURE_H

#include "tests/unit/metrics/groups.h"

#include <stdlib.h>

struct fixture {
	struct snapshot snapshot;
	struct listeners listeners;
	struct served_ports served;
	struct census census;
	char text[8192];
};

static inline int setup(void **state)
{
	struct fixture *f = malloc(sizeof(*f));

	if (!f)
		return -1;
	snapshot_init(&f->snapshot);
	listeners_init(&f->listeners);
	served_ports_init(&f->served);
	census_init(&f->census);
	rows_netns(&f->snapshot, 100);
	*state = f;
	return 0;
}

static inline int teardown(void **state)
{
	struct fixture *f = *state;

	snapshot_release(&f->snapshot);
	listeners_release(&f->listeners);
	served_ports_release(&f->served);
	census_release(&f->census);
	free(f);
	return 0;
}

static inline void take(struct fixture *f, const struct census_options *options)
{
	assert_int_equal(listeners_build(&f->listeners, &f->snapshot), 0);
	listeners_credit(&f->listeners, &f->snapshot);
	assert_int_equal(served_ports_update(&f->served, &f->snapshot, &f->listeners), 0);
	assert_int_equal(census_take(&f->census, &f->snapshot, &f->served, options), 0);
}

/* Returns "labels: state count ...", one line per group. */
static inline const char *print(struct fixture *f, const struct census_table *table)
{
	char *at = f->text, *end = f->text + sizeof(f->text);

	*at = '\0';
	for (size_t i = 0; i < table->count; i++) {
		char labels[GROUPS_LINE];

		groups_labels(labels, &f->census, &f->snapshot, &table->groups[i]);
		at += snprintf(at, (size_t)(end - at), "%s:", labels);
		for (int s = 0; s < STATE_COUNT; s++) {
			if (table->groups[i].count[s])
				at += snprintf(at, (size_t)(end - at), " %s %" PRIu32, state_name((enum socket_state)s),
				               table->groups[i].count[s]);
		}
		at += snprintf(at, (size_t)(end - at), "\n");
	}
	return f->text;
}

static inline struct snapshot_socket *add_client(struct fixture *f, uint32_t owner, enum socket_state state,
                                                 uint16_t local_port, uint16_t remote_port)
{
	struct snapshot_socket *socket = rows_socket(&f->snapshot, owner, state, "10.0.0.1", local_port);

	socket->remote_port = remote_port;
	return socket;
}

#define CENSUS_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
