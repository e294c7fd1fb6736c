/* SPDX-License-Identifier: Apache-2.0 */
/* Groups of a census as text, for comparison with a test's expectation. */
#ifndef TESTS_UNIT_METRICS_GROUPS_H
#define TESTS_UNIT_METRICS_GROUPS_H

#include "tests/unit/metrics/rows.h"

#include <inttypes.h>
#include <stdio.h>

#include "metrics/census/census.h"

/* Longer than any line of the tests. */
enum { GROUPS_LINE = 1024 };

static inline const char *groups_text(const struct census *census, struct census_text text)
{
	return text.length ? census->identities.text.data + text.offset : "";
}

static inline int groups_put_text(char *line, size_t size, const char *label, const char *bytes, size_t length)
{
	return length ? snprintf(line, size, " %s=%.*s", label, (int)length, bytes) : 0;
}

static inline int groups_put_address(char *line, size_t size, const struct snapshot_address *address)
{
	char text[INET6_ADDRSTRLEN];

	assert_non_null(inet_ntop(address->family == 4 ? AF_INET : AF_INET6, address->bytes, text, sizeof(text)));
	return snprintf(line, size, " address=%s", text);
}

static inline int groups_put_port(char *line, size_t size, uint32_t port)
{
	if (port == PORT_ABSENT)
		return 0;
	if (port == PORT_EPHEMERAL)
		return snprintf(line, size, " ephemeral");
	return snprintf(line, size, " %" PRIu32, port);
}

/* Writes the group's labels: "sshd 22 pid=7 family=4". */
static inline void groups_labels(char line[GROUPS_LINE], const struct census *census, const struct snapshot *snapshot,
                                 const struct census_group *group)
{
	const struct census_identity *identity = &census->identities.items[group->key.identity];
	const struct {
		const char *label;
		struct census_text text;
	} texts[] = {{"user", identity->user},
	             {"exe", identity->exe},
	             {"unit", identity->unit},
	             {"container", identity->container}};
	size_t size = GROUPS_LINE;
	int at = snprintf(line, size, "%.*s", (int)identity->name.length, groups_text(census, identity->name));

	at += groups_put_port(line + at, size - (size_t)at, group->key.port);
	if (identity->pid)
		at += snprintf(line + at, size - (size_t)at, " pid=%" PRIu32, identity->pid);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		at += groups_put_text(line + at, size - (size_t)at, texts[i].label, groups_text(census, texts[i].text),
		                      texts[i].text.length);
	if (group->key.netns != CENSUS_ABSENT)
		at += snprintf(line + at, size - (size_t)at, " netns=%" PRIu64, snapshot->netns[group->key.netns].id);
	if (group->key.family != CENSUS_ABSENT)
		at += snprintf(line + at, size - (size_t)at, " family=%" PRIu32, group->key.family);
	if (group->key.address != CENSUS_ABSENT)
		at += groups_put_address(line + at, size - (size_t)at, &snapshot->addresses[group->key.address]);
	assert_true(at >= 0 && at < GROUPS_LINE);
}

#endif
