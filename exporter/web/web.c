/* SPDX-License-Identifier: Apache-2.0 */
/* Web configuration: keeps the active state, reloads it after changes, and decides requests by it. */
#include "exporter/web/web.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exporter/log.h"
#include "exporter/web/auth/hasher.h"
#include "exporter/web/auth/rate.h"
#include "exporter/web/state.h"
#include "exporter/web/tls/channel.h"

struct web {
	const char *file;
	struct hasher *hasher;

	pthread_mutex_t lock; /* guards all fields below */
	struct web_state *state;
	struct web_stamps stamps; /* of the files at the last reload, successful or not */
	struct web_fault fault;   /* of the last reload; empty reason: no fault */
	bool again;               /* the fault can disappear without a change of the files */
	struct rate_limit rate;
};

static void describe(char *text, size_t size, const char *file, const struct web_fault *fault)
{
	if (fault->line > 0)
		snprintf(text, size, "%s:%zu: %s", file, fault->line, fault->reason);
	else
		snprintf(text, size, "%s: %s", file, fault->reason);
}

static void log_state(const struct web_state *state, const char *message)
{
	bool tls = state->tls != NULL;

	log_message(LOG_LEVEL_INFO, message, "tls", tls ? "on" : "off", "basic_auth",
	            state->config.user_count > 0 ? "on" : "off", "http2", "off", NULL);
}

/* ---- Changes ---- */

/* Returns true if the document has no value: it is missing or null, or all its sections are null. `{}` is a value. */
static bool is_void(yaml_document_t *document)
{
	const yaml_node_t *root = yaml_document_get_root_node(document);
	const yaml_node_pair_t *pair;

	if (root == NULL || yaml_is_null(root))
		return true;
	for (pair = root->data.mapping.pairs.start; pair < root->data.mapping.pairs.top; pair++)
		if (!yaml_is_null(yaml_document_get_node(document, pair->value)))
			return false;
	return root->data.mapping.pairs.start < root->data.mapping.pairs.top;
}

/* Returns true if the new configuration is empty and would turn TLS or passwords off. A file is empty for a moment
 * while it is being written. */
static bool is_emptied(const struct web *web, struct web_state *new)
{
	bool guarded = web->state->tls != NULL || web->state->config.user_count > 0;

	return guarded && is_void(&new->config.document);
}

static void log_fault(const struct web *web, const struct web_fault *fault)
{
	char text[sizeof(struct platform_error)];

	describe(text, sizeof(text), web->file, fault);
	log_message(LOG_LEVEL_ERROR, "web configuration rejected, the previous one stays active", "error", text, NULL);
}

/* Reads the files and makes them the active state, unless they have a fault. `asked`: by a signal, not because of a
 * change. Requires `lock`. */
static void reload(struct web *web, bool asked)
{
	struct web_stamps stamps;
	struct web_fault fault = {0, ""};
	struct web_state *state;
	int err = web_state_new(&state, web->file, &stamps, &fault);
	bool same = !asked && web_stamps_same(&stamps, &web->stamps);

	if (err == 0 && is_emptied(web, state)) {
		web_fault_set(&fault, 0, "the file is empty (to turn everything off, write {})");
		web_state_unref(state);
		state = NULL;
	}
	web_stamps_release(&web->stamps);
	web->stamps = stamps;
	web->again = err != 0 && err != -EINVAL;
	if (state == NULL) {
		if (!same || strcmp(web->fault.reason, fault.reason) != 0)
			log_fault(web, &fault);
		web->fault = fault;
		return;
	}
	if (!same || web->fault.reason[0] != '\0')
		log_state(state, "web configuration reloaded");
	web->fault.reason[0] = '\0';
	web_state_unref(web->state);
	web->state = state;
	rate_limit_set(&web->rate, state->config.rate_interval_ns, state->config.rate_burst);
}

/* Returns the state that is active now. The caller owns one reference. */
static struct web_state *web_current(struct web *web)
{
	struct web_state *state;

	pthread_mutex_lock(&web->lock);
	if (web->again || web_stamps_changed(&web->stamps))
		reload(web, false);
	state = web->state;
	web_state_ref(state);
	pthread_mutex_unlock(&web->lock);
	return state;
}

/* ---- Open and close ---- */

int web_possible(struct platform_error *error)
{
	(void)error;
	return 0;
}

int web_open(struct web **result, const char *file, struct platform_error *error)
{
	struct web *web = calloc(1, sizeof(*web));
	struct web_fault fault = {0, "out of memory"};
	int err;

	*result = NULL;
	if (web == NULL) {
		describe(error->text, sizeof(error->text), file, &fault);
		return -ENOMEM;
	}
	web->file = file;
	pthread_mutex_init(&web->lock, NULL); /* cannot fail, because it allocates nothing */
	err = web_state_new(&web->state, file, &web->stamps, &fault);
	if (err != 0) {
		describe(error->text, sizeof(error->text), file, &fault);
		web_close(web);
		return err;
	}
	rate_limit_set(&web->rate, web->state->config.rate_interval_ns, web->state->config.rate_burst);
	err = hasher_new(&web->hasher);
	if (err != 0) {
		platform_error_set(error, "cannot start the hashing of passwords: %s", strerror(-err));
		web_close(web);
		return err;
	}
	log_state(web->state, "web configuration read");
	*result = web;
	return 0;
}

void web_reload(struct web *web)
{
	pthread_mutex_lock(&web->lock);
	reload(web, true);
	pthread_mutex_unlock(&web->lock);
}

void web_stop(struct web *web)
{
	hasher_stop(web->hasher);
}

void web_close(struct web *web)
{
	if (web == NULL)
		return;
	if (web->hasher != NULL) {
		hasher_stop(web->hasher);
		hasher_free(web->hasher);
	}
	web_state_unref(web->state);
	web_stamps_release(&web->stamps);
	pthread_mutex_destroy(&web->lock);
	free(web);
}

/* ---- Connections ---- */

int web_accept(struct web *web, int socket, struct transport *transport)
{
	struct web_state *state = web_current(web);
	int err = 0;

	*transport = (struct transport){NULL, NULL};
	if (state->tls != NULL)
		err = tls_channel_new(transport, socket, state);
	web_state_unref(state);
	return err;
}

bool web_needs_tls(struct web *web)
{
	struct web_state *state = web_current(web);
	bool needs = state->tls != NULL;

	web_state_unref(state);
	return needs;
}

/* ---- Requests ---- */

static bool take_token(struct web *web)
{
	bool allowed;

	pthread_mutex_lock(&web->lock);
	allowed = rate_limit_take(&web->rate, platform_now_ns());
	pthread_mutex_unlock(&web->lock);
	return allowed;
}

static const struct web_user *find_user(const struct web_config *config, const struct basic_login *login)
{
	for (size_t i = 0; i < config->user_count; i++) {
		const char *name = config->users[i].name.text;

		if (strlen(name) == login->name_length && memcmp(name, login->name, login->name_length) == 0)
			return &config->users[i];
	}
	return NULL;
}

static void check_login(struct web *web, struct web_auth *auth, const char *authorization)
{
	const struct web_config *config = &auth->state->config;
	const struct web_user *user;
	struct basic_login login;

	auth->verdict = WEB_UNAUTHORIZED;
	if (!basic_parse(&login, authorization))
		return;
	user = find_user(config, &login);
	hasher_check(web->hasher, auth, &login, user != NULL ? user->hash.text : NULL, config->cost_max);
	basic_release(&login);
}

void web_auth_begin(struct web *web, struct web_auth *auth, const char *authorization, bool without_password)
{
	auth->state = web_current(web);
	auth->headers = NULL; /* a 429 has no configured headers, as in exporter-toolkit */
	auth->verdict = WEB_TOO_MANY;
	if (!take_token(web))
		return;
	auth->headers = auth->state->headers;
	auth->verdict = WEB_ALLOWED;
	if (auth->state->config.user_count > 0 && !without_password)
		check_login(web, auth, authorization);
}

void web_auth_hash(struct web *web, struct web_auth *auth)
{
	hasher_submit(web->hasher, auth);
}

void web_auth_end(struct web_auth *auth)
{
	web_state_unref(auth->state);
	auth->state = NULL;
}
