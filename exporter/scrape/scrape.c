/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scraper: runs two threads. The collector reads snapshots and writes them for the tickets. The watchdog answers the
 * overdue tickets, even while the collector is blocked. A ticket is in one list. The thread that removes it from the
 * list, with the lock held, answers it.
 */
#include "exporter/scrape/scrape.h"

#include "exporter/log.h"
#include "exporter/platform/condition.h"
#include "exporter/scrape/tickets/ticket.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECOND_NS UINT64_C(1000000000)
/* The time for a ticket without a deadline, and for the first snapshot. Longer than any scrape on a healthy host. */
#define DEFAULT_BOUND_NS (60 * SECOND_NS)

/* The least time for a snapshot, even if its tickets have less: a client with a short deadline is answered by it, but
 * cannot make the snapshot fail, and with it the readiness of the exporter. */
#define LEAST_PATIENCE_NS SECOND_NS

/* A read hangs if it has not ended this long after its deadline: fifty times the delay that a backend is allowed. */
#define HANGS_AFTER_NS (5 * SECOND_NS)

static const char stopping_text[] = "the exporter is stopping";

struct scraper {
	struct scraper_options options;
	struct collector collector; /* used only by the collector thread */
	pthread_t collector_thread, watchdog_thread;
	struct deadline deadline;  /* of the present snapshot */
	atomic_bool running;       /* a snapshot is being taken or written */
	_Atomic uint64_t hangs_ns; /* from then on it hangs, even if later tickets extend the deadline */
	struct counters counters;

	pthread_mutex_t lock;       /* guards all fields below */
	pthread_cond_t work;        /* wakes the collector: a ticket waits, or `stopping` */
	pthread_cond_t watch;       /* wakes the watchdog: the earliest deadline may have changed, or `stopping` */
	struct ticket_list waiting; /* tickets for the next snapshot */
	struct ticket_list served;  /* tickets of the present snapshot */
	bool reading;               /* the snapshot is being taken, and tickets can join it */
	bool wanted;                /* a ticket joined the snapshot */
	bool counted;               /* the snapshot was counted as an error */
	bool stopping, stopped;
	bool ready;
	char reason[sizeof(struct platform_error)];
	uint64_t scrapes, errors[CAUSE_COUNT];
};

/* ---- Errors ---- */

/* Counts an error of the present snapshot, at most one per snapshot. Requires `lock`. */
static void count_error(struct scraper *scraper, enum scrape_cause cause)
{
	if (!scraper->counted)
		scraper->errors[cause]++;
	scraper->counted = true;
}

/* Records the result of the snapshot. Requires `lock`. */
static void note_snapshot(struct scraper *scraper, int result, const struct platform_error *error)
{
	if (result == -ECANCELED)
		return;
	scraper->ready = result == 0;
	snprintf(scraper->reason, sizeof(scraper->reason), "%s", result ? error->text : "");
	if (!scraper->wanted)
		return;
	scraper->scrapes++;
	if (result)
		count_error(scraper, collector_cause(result));
}

static void log_failure(int error, const char *text)
{
	if (error != -ECANCELED)
		log_message(LOG_LEVEL_ERROR, "scrape failed", "cause", scrape_cause_name(collector_cause(error)),
		            "error", text, NULL);
}

/* ---- Overdue tickets ---- */

static bool is_due(const struct scrape_ticket *ticket, const void *now_ns)
{
	return ticket->deadline_ns <= *(const uint64_t *)now_ns;
}

/* Refuses the overdue tickets. Returns false if there are no such tickets. Requires `lock`, and releases it meanwhile.
 */
static bool refuse_due(struct scraper *scraper)
{
	struct ticket_list due = {NULL, NULL};
	uint64_t now_ns = platform_now_ns();

	if (ticket_list_move(&scraper->served, &due, is_due, &now_ns))
		count_error(scraper, CAUSE_TIMEOUT);
	if (ticket_list_move(&scraper->waiting, &due, is_due, &now_ns))
		scraper->errors[CAUSE_TIMEOUT]++; /* for the snapshot that the tickets did not get */
	if (!due.first)
		return false;
	pthread_mutex_unlock(&scraper->lock);
	for (struct scrape_ticket *ticket = due.first; ticket; ticket = ticket->next)
		ticket_refuse_late(ticket);
	ticket_list_release(&due);
	pthread_mutex_lock(&scraper->lock);
	return true;
}

/* ---- The collector thread ---- */

static bool is_alike(const struct scrape_ticket *ticket, const void *form_)
{
	const struct collector_form *form = form_;

	return ticket->sockets == form->sockets && ticket->format == form->format && ticket->gzip == form->gzip &&
	       ticket->families == form->families;
}

/* Fills in the exporter's own numbers as of now. Requires `lock`. */
static void fill_self(struct scraper *scraper, struct report_self *self)
{
	*self = (struct report_self){
	        .version = scraper->options.version,
	        .revision = scraper->options.revision,
	        .compiler = scraper->options.compiler,
	        .backend = scraper->options.collector.backend->name,
	        .scrapes = scraper->scrapes,
	};
	memcpy(self->scrape_errors, scraper->errors, sizeof(self->scrape_errors));
	counters_read(&scraper->counters, self);
}

/* Writes the snapshot once for all tickets of the same form as the first. Requires `lock`, and releases it meanwhile.
 */
static void serve_alike(struct scraper *scraper)
{
	const struct scrape_ticket *first = scraper->served.first;
	struct collector_form form = {first->sockets, first->format, first->gzip, first->families};
	struct ticket_list batch = {NULL, NULL};
	struct platform_error error = {""};
	struct report_self self;
	const char *bytes;
	size_t length;
	int result;

	fill_self(scraper, &self);
	pthread_mutex_unlock(&scraper->lock);
	result = collector_write(&scraper->collector, &form, &self, &bytes, &length, &error);
	pthread_mutex_lock(&scraper->lock);
	ticket_list_move(&scraper->served, &batch, is_alike, &form);
	pthread_mutex_unlock(&scraper->lock);
	if (result)
		ticket_list_refuse(&batch, result, error.text);
	else
		result = ticket_list_fill(&batch, bytes, length);
	if (result)
		log_failure(result, error.text[0] ? error.text : "out of memory");
	pthread_mutex_lock(&scraper->lock);
	if (result)
		/* before a client with the answer can read the counter */
		count_error(scraper, collector_cause(result));
	pthread_mutex_unlock(&scraper->lock);
	ticket_list_release(&batch);
	pthread_mutex_lock(&scraper->lock);
}

/* Takes a snapshot for the tickets in `served`, and answers them. Requires `lock`, and releases it meanwhile. */
static void run(struct scraper *scraper, uint64_t deadline_ns)
{
	struct ticket_list failed = {NULL, NULL};
	struct platform_error error = {""};
	int result;

	if (deadline_ns < platform_now_ns() + LEAST_PATIENCE_NS)
		deadline_ns = platform_now_ns() + LEAST_PATIENCE_NS;
	atomic_store(&scraper->deadline.expires_ns, deadline_ns);
	atomic_store(&scraper->hangs_ns, platform_now_ns() + DEFAULT_BOUND_NS + HANGS_AFTER_NS);
	scraper->wanted = scraper->served.first != NULL;
	scraper->counted = false;
	scraper->running = true;
	scraper->reading = true;
	pthread_mutex_unlock(&scraper->lock);
	result = collector_take(&scraper->collector, &scraper->deadline, &error);
	pthread_mutex_lock(&scraper->lock);
	scraper->reading = false;
	note_snapshot(scraper, result, &error);
	if (result) {
		ticket_list_move(&scraper->served, &failed, NULL, NULL);
		pthread_mutex_unlock(&scraper->lock);
		log_failure(result, error.text);
		ticket_list_refuse(&failed, result, error.text);
		ticket_list_release(&failed);
		pthread_mutex_lock(&scraper->lock);
	}
	refuse_due(scraper);
	while (scraper->served.first)
		serve_alike(scraper);
	scraper->running = false;
	pthread_cond_signal(&scraper->watch); /* the earliest deadline may have changed */
}

static void *collector_main(void *data)
{
	struct scraper *scraper = data;

	pthread_mutex_lock(&scraper->lock);
	if (!scraper->stopping)
		run(scraper, platform_now_ns() + DEFAULT_BOUND_NS);
	while (!scraper->stopping) {
		if (!scraper->waiting.first) {
			pthread_cond_wait(&scraper->work, &scraper->lock);
			continue;
		}
		ticket_list_move(&scraper->waiting, &scraper->served, NULL, NULL);
		run(scraper, ticket_list_latest(&scraper->served));
	}
	pthread_mutex_unlock(&scraper->lock);
	return NULL;
}

/* ---- The watchdog thread ---- */

/* Waits for a signal of `watch`, until the deadline (CLOCK_MONOTONIC) at most. Requires `lock`. */
static void sleep_until(struct scraper *scraper, uint64_t deadline_ns)
{
	if (deadline_ns == UINT64_MAX)
		pthread_cond_wait(&scraper->watch, &scraper->lock);
	else
		condition_wait_until(&scraper->watch, &scraper->lock, deadline_ns);
}

static void *watchdog_main(void *data)
{
	struct scraper *scraper = data;

	pthread_mutex_lock(&scraper->lock);
	while (!scraper->stopping) {
		uint64_t waiting, served;

		if (refuse_due(scraper))
			continue;
		waiting = ticket_list_earliest(&scraper->waiting);
		served = ticket_list_earliest(&scraper->served);
		sleep_until(scraper, waiting < served ? waiting : served);
	}
	pthread_mutex_unlock(&scraper->lock);
	return NULL;
}

/* ---- Public ---- */

static void create(struct scraper *scraper, const struct scraper_options *options)
{
	scraper->options = *options;
	collector_init(&scraper->collector, &options->collector);
	/* These calls cannot fail, because they allocate nothing. */
	pthread_mutex_init(&scraper->lock, NULL);
	pthread_cond_init(&scraper->work, NULL);
	condition_init(&scraper->watch);
}

static void destroy(struct scraper *scraper)
{
	pthread_cond_destroy(&scraper->watch);
	pthread_cond_destroy(&scraper->work);
	pthread_mutex_destroy(&scraper->lock);
	collector_release(&scraper->collector);
	free(scraper);
}

/* Makes the threads end, and refuses all tickets. */
static void end(struct scraper *scraper)
{
	struct ticket_list left = {NULL, NULL};

	pthread_mutex_lock(&scraper->lock);
	scraper->stopping = true;
	atomic_store(&scraper->deadline.cancelled, true);
	ticket_list_move(&scraper->served, &left, NULL, NULL);
	ticket_list_move(&scraper->waiting, &left, NULL, NULL);
	pthread_cond_signal(&scraper->work);
	pthread_cond_signal(&scraper->watch);
	pthread_mutex_unlock(&scraper->lock);
	ticket_list_refuse(&left, -ECANCELED, stopping_text);
	ticket_list_release(&left);
}

int scraper_new(struct scraper **result, const struct scraper_options *options)
{
	struct scraper *scraper = calloc(1, sizeof(*scraper));
	int error;

	*result = NULL;
	if (!scraper)
		return -ENOMEM;
	create(scraper, options);
	error = pthread_create(&scraper->watchdog_thread, NULL, watchdog_main, scraper);
	if (error)
		goto out;
	error = pthread_create(&scraper->collector_thread, NULL, collector_main, scraper);
	if (error) {
		end(scraper);
		pthread_join(scraper->watchdog_thread, NULL);
		goto out;
	}
	*result = scraper;
	return 0;
out:
	destroy(scraper);
	return -error;
}

void scraper_submit(struct scraper *scraper, struct scrape_ticket *ticket)
{
	bool stopping;

	ticket->status = 0;
	ticket->body = NULL;
	ticket->length = 0;
	ticket->families &= scraper->options.families;
	ticket->submitted_ns = platform_now_ns();
	if (ticket->deadline_ns == UINT64_MAX)
		ticket->deadline_ns = ticket->submitted_ns + DEFAULT_BOUND_NS;
	pthread_mutex_lock(&scraper->lock);
	stopping = scraper->stopping;
	if (!stopping && scraper->reading && deadline_check(&scraper->deadline) == 0) {
		ticket_list_append(&scraper->served, ticket);
		scraper->wanted = true;
		if (ticket->deadline_ns > atomic_load(&scraper->deadline.expires_ns))
			atomic_store(&scraper->deadline.expires_ns, ticket->deadline_ns);
	} else if (!stopping) {
		ticket_list_append(&scraper->waiting, ticket);
		pthread_cond_signal(&scraper->work);
	}
	pthread_cond_signal(&scraper->watch);
	pthread_mutex_unlock(&scraper->lock);
	if (stopping) {
		ticket_refuse(ticket, -ECANCELED, stopping_text);
		ticket->done(ticket);
	}
}

bool scraper_alive(struct scraper *scraper)
{
	const uint64_t now_ns = platform_now_ns();

	return !scraper->running || (now_ns < atomic_load(&scraper->deadline.expires_ns) + HANGS_AFTER_NS &&
	                             now_ns < atomic_load(&scraper->hangs_ns));
}

bool scraper_ready(struct scraper *scraper, char *reason, size_t size)
{
	bool ready;

	pthread_mutex_lock(&scraper->lock);
	ready = scraper->ready;
	if (!ready)
		snprintf(reason, size, "%s", scraper->reason);
	pthread_mutex_unlock(&scraper->lock);
	return ready;
}

struct counters *scraper_counters(struct scraper *scraper)
{
	return &scraper->counters;
}

void scraper_stop(struct scraper *scraper)
{
	if (scraper->stopped)
		return;
	end(scraper);
	pthread_join(scraper->collector_thread, NULL);
	pthread_join(scraper->watchdog_thread, NULL);
	scraper->stopped = true;
}

void scraper_free(struct scraper *scraper)
{
	if (!scraper)
		return;
	scraper_stop(scraper);
	destroy(scraper);
}
