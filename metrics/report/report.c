/* SPDX-License-Identifier: Apache-2.0 */
/* Report: the families in their order, and the function that writes each. */
#include "metrics/report/report.h"
#include "metrics/report/report_groups.h"
#include "metrics/report/report_self.h"

#include <string.h>

struct report {
	struct exposition exposition;
	const struct report_input *input;
	const struct report_options *options;
	struct report_groups groups;
	uint64_t start_ns;
};

static int write_groups(struct report *report, enum metric_id id)
{
	return report_groups_write(&report->groups, id);
}

static int write_sockets(struct report *report, enum metric_id id)
{
	exposition_family(&report->exposition, &catalog[id]);
	for (int state = 0; state < STATE_COUNT; state++) {
		const char *name = state_name((enum socket_state)state);
		const struct label label = {"state", name, strlen(name)};
		uint64_t sockets = report->input->census->states[state];

		if (sockets || report->input->snapshot->states & STATE_BIT(state))
			exposition_uint(&report->exposition, &label, 1, sockets);
	}
	return 0;
}

static void write_number(struct report *report, enum metric_id id, uint64_t number)
{
	exposition_family(&report->exposition, &catalog[id]);
	exposition_uint(&report->exposition, NULL, 0, number);
}

static int write_ephemeral_ports(struct report *report, enum metric_id id)
{
	const struct census *census = report->input->census;

	if (census->ephemeral_limit)
		write_number(report, id,
		             id == METRIC_EPHEMERAL_PORTS_USED ? census->ephemeral_used : census->ephemeral_limit);
	return 0;
}

static int write_folded(struct report *report, enum metric_id id)
{
	write_number(report, id, report->groups.folded);
	return 0;
}

static int write_unreadable(struct report *report, enum metric_id id)
{
	write_number(report, id, report->input->snapshot->unreadable_processes);
	return 0;
}

static int write_undescribed(struct report *report, enum metric_id id)
{
	write_number(report, id, report->input->snapshot->undescribed_processes);
	return 0;
}

static int write_shared(struct report *report, enum metric_id id)
{
	write_number(report, id, report->input->snapshot->shared_sockets);
	return 0;
}

static int write_self(struct report *report, enum metric_id id)
{
	report_self_write(&report->exposition, report->input->self, id);
	return 0;
}

static void write_phase(struct report *report, const char *phase, uint64_t ns)
{
	const struct label label = {"phase", phase, strlen(phase)};

	exposition_decimal(&report->exposition, &label, 1, ns, 9);
}

static int write_durations(struct report *report, enum metric_id id)
{
	exposition_family(&report->exposition, &catalog[id]);
	write_phase(report, "sockets", report->input->snapshot->sockets_ns);
	write_phase(report, "owners", report->input->snapshot->owners_ns);
	write_phase(report, "aggregate", report->input->self->aggregate_ns);
	write_phase(report, "encode", report->options->now_ns() - report->start_ns);
	return 0;
}

/* The function that writes a family (returns 0 or -ENOMEM; errors of the text buffer are sticky), and the facts that
 * the platform must have for it. */
static const struct {
	int (*write)(struct report *report, enum metric_id id);
	unsigned facts;
} writers[METRIC_COUNT] = {
        [METRIC_CONNECTIONS] = {write_groups, 0},
        [METRIC_SOCKETS] = {write_sockets, 0},
        [METRIC_OUTBOUND_CONNECTIONS] = {write_groups, 0},
        [METRIC_CLOSE_WAIT_OLDEST] = {write_groups, FACT_CLOSE_WAIT_AGE},
        [METRIC_ACCEPT_QUEUE_LENGTH] = {write_groups, FACT_ACCEPT_QUEUES},
        [METRIC_ACCEPT_QUEUE_LIMIT] = {write_groups, FACT_ACCEPT_QUEUES},
        [METRIC_ACCEPT_QUEUE_DROPS] = {write_groups, FACT_DROPS},
        [METRIC_RECEIVE_QUEUE] = {write_groups, FACT_QUEUES},
        [METRIC_SEND_QUEUE] = {write_groups, FACT_QUEUES},
        [METRIC_RETRANSMITTING] = {write_groups, FACT_TIMERS},
        [METRIC_ZERO_WINDOW] = {write_groups, FACT_TIMERS},
        [METRIC_OUTBOUND_RETRANSMITTING] = {write_groups, FACT_TIMERS},
        [METRIC_OUTBOUND_ZERO_WINDOW] = {write_groups, FACT_TIMERS},
        [METRIC_EPHEMERAL_PORTS_USED] = {write_ephemeral_ports, 0},
        [METRIC_EPHEMERAL_PORTS_LIMIT] = {write_ephemeral_ports, 0},
        [METRIC_BUILD_INFO] = {write_self, 0},
        [METRIC_BACKEND_INFO] = {write_self, 0},
        [METRIC_SCRAPES] = {write_self, 0},
        [METRIC_SCRAPE_ERRORS] = {write_self, 0},
        [METRIC_FOLDED_SERIES] = {write_folded, 0},
        [METRIC_UNREADABLE_PROCESSES] = {write_unreadable, FACT_UNREADABLE},
        [METRIC_UNDESCRIBED_PROCESSES] = {write_undescribed, FACT_UNDESCRIBED},
        [METRIC_SHARED_SOCKETS] = {write_shared, FACT_SHARED},
        [METRIC_HTTP_REQUESTS] = {write_self, 0},
        [METRIC_HTTP_IN_FLIGHT] = {write_self, 0},
        [METRIC_TLS_ERRORS] = {write_self, 0},
        [METRIC_PROCESS_CPU] = {write_self, 0},
        [METRIC_PROCESS_RESIDENT_MEMORY] = {write_self, 0},
        [METRIC_PROCESS_VIRTUAL_MEMORY] = {write_self, 0},
        [METRIC_PROCESS_VIRTUAL_MEMORY_MAX] = {write_self, 0},
        [METRIC_PROCESS_OPEN_FDS] = {write_self, 0},
        [METRIC_PROCESS_MAX_FDS] = {write_self, 0},
        [METRIC_PROCESS_START_TIME] = {write_self, 0},
        [METRIC_SCRAPE_DURATION] = {write_durations, 0},
};

void report_folding_init(struct report_folding *folding)
{
	fold_init(&folding->scratch);
	fold_memory_init(&folding->by_local_port);
	fold_memory_init(&folding->outbound);
}

void report_folding_release(struct report_folding *folding)
{
	fold_release(&folding->scratch);
	fold_memory_release(&folding->by_local_port);
	fold_memory_release(&folding->outbound);
}

int report_write(struct textbuf *out, const struct report_input *input, struct report_folding *folding,
                 const struct report_options *options)
{
	struct report report = {
	        .input = input,
	        .options = options,
	        .groups = {.exposition = &report.exposition,
	                   .input = input,
	                   .folding = folding,
	                   .max_series = options->max_series},
	        .start_ns = options->now_ns(),
	};

	exposition_begin(&report.exposition, out, options->format);
	for (int i = 0; i < METRIC_COUNT; i++) {
		enum metric_id id = (enum metric_id)i;
		int result;

		if (!(options->families & METRIC_BIT(id)) || writers[id].facts & ~input->snapshot->facts)
			continue;
		result = writers[id].write(&report, id);
		if (result)
			return result;
	}
	exposition_end(&report.exposition);
	return out->error;
}
