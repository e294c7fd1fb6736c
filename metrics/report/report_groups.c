/* SPDX-License-Identifier: Apache-2.0 */
/* Report of groups: labels, samples, and the cut to the cap on series. */
#include "metrics/report/report_groups.h"
#include "metrics/address.h"
#include "metrics/census/identity.h"
#include "metrics/decimal.h"

#include <string.h>

/* The name and port of the folded group. The groups of a process of that name fold too, so that no series is written
 * twice. */
#define OTHER_PROCESS "(other)"
#define OTHER_PORT    "other"

/* States that a healthy table does not have. Their series exist only above zero. */
#define STATES_SHOWN_IF_ANY (STATE_BIT(STATE_CLOSED) | STATE_BIT(STATE_DELETE_TCB))

/* A family with one sample per group has `has` and `value`. A family with one sample per state has neither. */
struct family {
	bool outbound; /* belongs to the table of outbound connections */
	bool (*has)(const struct census_group *group);
	uint64_t (*value)(const struct census_group *group); /* units / 10^digits */
	unsigned digits;
};

/* A family of this report. It determines the series of a group. */
struct view {
	const struct family *family;
	unsigned always; /* states that have a series at zero too */
};

/* state, process and port; the optional labels follow. */
enum { FIXED_LABELS = 3 };

struct labels {
	struct label label[FIXED_LABELS + LABEL_COUNT];
	size_t count;
	char port[DECIMAL_MAX], pid[DECIMAL_MAX], netns[DECIMAL_MAX], address[ADDRESS_TEXT_MAX];
};

static bool has_always(const struct census_group *group)
{
	(void)group;
	return true;
}

/* Returns true if the oldest age is known. It is 0 without CLOSE_WAIT sockets. */
static bool has_oldest(const struct census_group *group)
{
	return group->aged || !group->count[STATE_CLOSE_WAIT];
}

static bool has_listener(const struct census_group *group)
{
	return group->count[STATE_LISTEN];
}

static uint64_t oldest_ms(const struct census_group *group)
{
	return group->oldest_ms;
}

static uint64_t queue_length(const struct census_group *group)
{
	return group->queue_length;
}

static uint64_t queue_limit(const struct census_group *group)
{
	return group->queue_limit;
}

static uint64_t receive_bytes(const struct census_group *group)
{
	return group->receive_bytes;
}

static uint64_t send_bytes(const struct census_group *group)
{
	return group->send_bytes;
}

static uint64_t drops(const struct census_group *group)
{
	return group->drops;
}

static uint64_t retransmitting(const struct census_group *group)
{
	return group->retransmitting;
}

static uint64_t zero_window(const struct census_group *group)
{
	return group->zero_window;
}

static const struct family families[METRIC_COUNT] = {
        [METRIC_CONNECTIONS] = {.outbound = false},
        [METRIC_OUTBOUND_CONNECTIONS] = {.outbound = true},
        [METRIC_CLOSE_WAIT_OLDEST] = {false, has_oldest, oldest_ms, 3},
        [METRIC_ACCEPT_QUEUE_LENGTH] = {false, has_listener, queue_length, 0},
        [METRIC_ACCEPT_QUEUE_LIMIT] = {false, has_listener, queue_limit, 0},
        [METRIC_RECEIVE_QUEUE] = {false, has_always, receive_bytes, 0},
        [METRIC_ACCEPT_QUEUE_DROPS] = {false, has_listener, drops, 0},
        [METRIC_SEND_QUEUE] = {false, has_always, send_bytes, 0},
        [METRIC_RETRANSMITTING] = {false, has_always, retransmitting, 0},
        [METRIC_ZERO_WINDOW] = {false, has_always, zero_window, 0},
        [METRIC_OUTBOUND_RETRANSMITTING] = {true, has_always, retransmitting, 0},
        [METRIC_OUTBOUND_ZERO_WINDOW] = {true, has_always, zero_window, 0},
};

static bool shows_state(const struct view *view, const struct census_group *group, int state)
{
	return view->always & STATE_BIT(state) || group->count[state];
}

/* Returns the number of series of the group, for fold_cut(). */
static size_t series_of(const struct census_group *group, const void *data)
{
	const struct view *view = data;
	size_t series = 0;

	if (view->family->value)
		return view->family->has(group);
	for (int state = 0; state < STATE_COUNT; state++)
		series += shows_state(view, group, state);
	return series;
}

static void add_label(struct labels *labels, const char *name, const char *value, size_t length)
{
	labels->label[labels->count++] = (struct label){name, value, length};
}

static void add_text(struct labels *labels, enum census_label label, const struct identities *identities,
                     struct census_text text)
{
	add_label(labels, census_label_name(label), identity_text(identities, text), text.length);
}

static void add_port(struct labels *labels, const char *name, uint32_t port)
{
	if (port == PORT_EPHEMERAL)
		add_label(labels, name, "ephemeral", strlen("ephemeral"));
	else if (port != PORT_ABSENT)
		add_label(labels, name, labels->port, decimal_format(labels->port, port));
}

static void add_identity(struct labels *labels, const struct identities *identities,
                         const struct census_identity *identity)
{
	if (identity->pid)
		add_label(labels, census_label_name(LABEL_PID), labels->pid,
		          decimal_format(labels->pid, identity->pid));
	add_text(labels, LABEL_USER, identities, identity->user);
	add_text(labels, LABEL_EXE, identities, identity->exe);
	add_text(labels, LABEL_UNIT, identities, identity->unit);
	add_text(labels, LABEL_CONTAINER, identities, identity->container);
}

static void add_place(struct labels *labels, const struct snapshot *snapshot, const struct census_group *group)
{
	if (group->key.netns != CENSUS_ABSENT)
		add_label(labels, census_label_name(LABEL_NETNS), labels->netns,
		          decimal_format(labels->netns, snapshot->netns[group->key.netns].id));
	if (group->key.family != CENSUS_ABSENT)
		add_label(labels, census_label_name(LABEL_FAMILY), group->key.family == 4 ? "ipv4" : "ipv6",
		          strlen("ipv4"));
	if (group->key.address != CENSUS_ABSENT)
		add_label(labels, census_label_name(LABEL_LOCAL_ADDRESS), labels->address,
		          address_format(labels->address, &snapshot->addresses[group->key.address]));
}

/* Fills the labels after the first, which is the state's. */
static void make_labels(struct labels *labels, const struct report_input *input, const char *port_label,
                        const struct census_group *group)
{
	const struct identities *identities = &input->census->identities;
	const struct census_identity *identity = &identities->items[group->key.identity];

	labels->count = 1;
	add_label(labels, "process", identity_text(identities, identity->name), identity->name.length);
	add_port(labels, port_label, group->key.port);
	add_identity(labels, identities, identity);
	add_place(labels, input->snapshot, group);
}

static void make_other_labels(struct labels *labels, const char *port_label, uint32_t port)
{
	labels->count = 1;
	add_label(labels, "process", OTHER_PROCESS, strlen(OTHER_PROCESS));
	if (port != PORT_ABSENT)
		add_label(labels, port_label, OTHER_PORT, strlen(OTHER_PORT));
}

static void write_samples(struct exposition *exposition, const struct view *view, struct labels *labels,
                          const struct census_group *group)
{
	const struct family *family = view->family;

	if (family->value) {
		if (family->has(group))
			exposition_decimal(exposition, labels->label + 1, labels->count - 1, family->value(group),
			                   family->digits);
		return;
	}
	for (int state = 0; state < STATE_COUNT; state++) {
		const char *name = state_name((enum socket_state)state);

		if (!shows_state(view, group, state))
			continue;
		labels->label[0] = (struct label){"state", name, strlen(name)};
		exposition_uint(exposition, labels->label, labels->count, group->count[state]);
	}
}

static bool is_other(const struct identities *identities, const struct census_group *group)
{
	struct census_text name = identities->items[group->key.identity].name;

	return name.length == strlen(OTHER_PROCESS) &&
	       !memcmp(identity_text(identities, name), OTHER_PROCESS, name.length);
}

static void write_table(const struct report_groups *report, const struct view *view, const struct census_table *table,
                        const struct fold_cut *cut)
{
	const char *port_label = view->family->outbound ? "remote_port" : "local_port";
	struct census_group other = {0};
	struct labels labels;

	for (size_t i = 0; i < table->count; i++) {
		const struct census_group *group = &table->groups[i];

		if (cut->folded && (group->rank >= cut->rank || is_other(&report->input->census->identities, group))) {
			fold_add(&other, group);
			other.key.port = group->key.port;
			continue;
		}
		make_labels(&labels, report->input, port_label, group);
		write_samples(report->exposition, view, &labels, group);
	}
	if (cut->folded) {
		make_other_labels(&labels, port_label, other.key.port);
		write_samples(report->exposition, view, &labels, &other);
	}
}

/* Returns the largest number of series of the folded group. */
static size_t other_series(const struct report_input *input, const struct view *view)
{
	size_t series = 0;

	if (view->family->value)
		return 1;
	for (int state = 0; state < STATE_COUNT; state++)
		series += view->always & STATE_BIT(state) || input->census->states[state];
	return series;
}

static int rank_table(struct report_groups *report, const struct view *view, struct census_table *table)
{
	struct report_folding *folding = report->folding;
	struct fold_memory *memory = view->family->outbound ? &folding->outbound : &folding->by_local_port;

	return fold_memory_rank(memory, &folding->scratch, report->input->snapshot, &report->input->census->identities,
	                        table);
}

/* Finds where to cut the table for this family. Returns 0 or -ENOMEM. */
static int cut_table(struct report_groups *report, const struct view *view, struct census_table *table,
                     struct fold_cut *cut)
{
	bool *ranked = view->family->outbound ? &report->outbound_ranked : &report->local_ranked;
	size_t series = 0;
	int result;

	*cut = (struct fold_cut){UINT32_MAX, 0};
	for (size_t i = 0; i < table->count; i++)
		series += series_of(&table->groups[i], view);
	if (series <= report->max_series)
		return 0;
	if (!*ranked) {
		result = rank_table(report, view, table);
		if (result)
			return result;
		*ranked = true;
	}
	*cut = fold_cut(&report->folding->scratch, table, series_of, view, other_series(report->input, view),
	                report->max_series);
	report->folded += cut->folded;
	return 0;
}

int report_groups_write(struct report_groups *report, enum metric_id id)
{
	struct view view = {&families[id], report->input->snapshot->states & ~STATES_SHOWN_IF_ANY};
	struct census *census = report->input->census;
	struct census_table *table = view.family->outbound ? &census->outbound : &census->by_local_port;
	struct fold_cut cut;
	int result;

	if (view.family->outbound)
		view.always &= ~STATE_BIT(STATE_LISTEN);
	result = cut_table(report, &view, table, &cut);
	if (result)
		return result;
	exposition_family(report->exposition, &catalog[id]);
	write_table(report, &view, table, &cut);
	return 0;
}
