/* SPDX-License-Identifier: Apache-2.0 */
/* Backend choice: picks the backend that reads the sockets, and the facts that it must read. */
#include "exporter/scrape/backend.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "exporter/log.h"

static const struct {
	enum census_label label;
	unsigned want;
} label_wants[] = {
        {LABEL_USER, WANT_USER},
        {LABEL_EXE, WANT_EXE},
        {LABEL_UNIT, WANT_UNIT},
        {LABEL_CONTAINER, WANT_CONTAINER},
};

unsigned backend_wants_to_serve(const struct options *options)
{
	unsigned want = WANT_CLOSE_WAIT_AGE;

	for (size_t i = 0; i < sizeof(label_wants) / sizeof(label_wants[0]); i++)
		if (options->labels & LABEL_BIT(label_wants[i].label))
			want |= label_wants[i].want;
	if (options->shared_sockets)
		want |= WANT_SHARED;
	if (options->closed_owners)
		want |= WANT_CLOSED_OWNERS;
	if (options->sockets)
		want |= WANT_REMOTE_ADDRESSES;
	return want;
}

/* A recorded snapshot holds all facts, so that it can be served with any options. */
unsigned backend_wants_to_print(const struct options *options)
{
	const struct table_options *table = &options->table;

	if (table->format == TABLE_TEXT && !table_is_special(table))
		return WANT_REMOTE_ADDRESSES;
	if (table->format != TABLE_REPLAY)
		return WANT_REMOTE_ADDRESSES | WANT_CLOSE_WAIT_AGE;
	return WANT_USER | WANT_EXE | WANT_UNIT | WANT_CONTAINER | WANT_REMOTE_ADDRESSES | WANT_SHARED |
	       WANT_CLOSE_WAIT_AGE;
}

static void warn_of_closed_owners(const struct platform_backend *backend, const struct platform_backend *better)
{
	char remedy[64];

	snprintf(remedy, sizeof(remedy), "make the backend %s work, or leave out the flag", better->name);
	log_message(LOG_LEVEL_WARN, "a flag has no effect with this backend", "flag", "--collector.closed-owners",
	            "backend", backend->name, "remedy", remedy, NULL);
}

/* Refuses a flag that the backend lacks. Warns instead if a better backend, which did not open, has it. */
static int check_closed_owners(const struct platform_backend *backend, const struct platform_backend *better,
                               const struct options *options, struct platform_error *error)
{
	if (!options->closed_owners || !(backend->lacks & LACKS_CLOSED_OWNERS))
		return 0;
	if (better != NULL && !(better->lacks & LACKS_CLOSED_OWNERS)) {
		warn_of_closed_owners(backend, better);
		return 0;
	}
	platform_error_set(error,
	                   "--collector.closed-owners does not work here: the backend \"%s\" has no owners of closed "
	                   "connections to read",
	                   backend->name);
	return -ENOTSUP;
}

/* Warns of sockets whose owners the backend cannot read. The snapshots do not fail because of them. */
static void warn_of_limit(const struct open_backend *open)
{
	const struct platform_limit *limit = open->backend->limit ? open->backend->limit(open->platform) : NULL;

	if (limit != NULL)
		log_message(LOG_LEVEL_WARN, "some owners cannot be seen", "reason", limit->reason, "remedy",
		            limit->remedy, NULL);
}

static void log_last_words(const char *words)
{
	log_message(LOG_LEVEL_DEBUG, "the last words about a backend that does not work", "words", words, NULL);
}

/* `better`: the backend that did not open, or NULL. */
static int open_one(struct open_backend *open, const struct platform_backend *backend,
                    const struct platform_backend *better, struct platform_error *error)
{
	int err = check_closed_owners(backend, better, open->options, error);

	if (err != 0)
		return err;
	open->backend = backend;
	return backend->open(&open->platform, &open->settings, error);
}

/* Opens the first backend that works. They are listed from the best to the last. Skips replay, which has no sockets of
 * this host: only a flag chooses it. */
static int open_best(struct open_backend *open, struct platform_error *error)
{
	const struct platform_backend *failed = NULL;
	int err = -ENOSYS;

	platform_error_set(error, "no backend for this system");
	for (size_t i = 0; platform_backends[i] != NULL; i++) {
		if (platform_backends[i] == &platform_replay)
			continue;
		if (failed != NULL)
			log_message(LOG_LEVEL_WARN, "backend does not work, trying the next", "backend", failed->name,
			            "error", error->text, NULL);
		err = open_one(open, platform_backends[i], failed, error);
		if (err == 0)
			return 0;
		failed = platform_backends[i];
	}
	return err;
}

static int open_named(struct open_backend *open, const char *name, struct platform_error *error)
{
	for (size_t i = 0; platform_backends[i] != NULL; i++)
		if (strcmp(platform_backends[i]->name, name) == 0)
			return open_one(open, platform_backends[i], NULL, error);
	platform_error_set(error, "no backend has the name \"%s\"", name);
	return -EINVAL;
}

int backend_open(struct open_backend *open, const struct options *options, unsigned want, struct platform_error *error)
{
	int err;

	*open = (struct open_backend){
	        .options = options,
	        .settings =
	                {
	                        .procfs = options->procfs,
	                        .replay_file = options->replay_file,
	                        .want = want,
	                        .naming = options->naming,
	                        .all_netns = options->all_netns,
	                        .last_words = log_last_words,
	                },
	};
	if (strcmp(options->backend, OPTIONS_BACKEND_AUTO) == 0)
		err = open_best(open, error);
	else
		err = open_named(open, options->backend, error);
	if (err == 0)
		warn_of_limit(open);
	return err;
}

struct platform_rights backend_rights(const struct open_backend *open)
{
	struct platform_rights rights = {0};

	if (open->backend->rights != NULL)
		open->backend->rights(open->platform, &rights);
	return rights;
}

void backend_close(struct open_backend *open)
{
	if (open->platform != NULL)
		open->backend->close(open->platform);
	open->platform = NULL;
}
