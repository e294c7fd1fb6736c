/* SPDX-License-Identifier: Apache-2.0 */
/* Web state: reads a configuration and the files that it names. */
#include "exporter/web/state.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "exporter/web/tls/tls.h"
#include "exporter/wipe.h"

enum {
	FILE_CONFIG,
	FILE_CERT,
	FILE_KEY,
	FILE_CLIENT_CA,
	/* Bytes of a certificate, a key or a bundle of authorities. The bundles of some systems have 300 KiB. */
	PEM_MAX = 1024 * 1024,
};
_Static_assert(FILE_CLIENT_CA + 1 == STATE_FILES, "every file has a stamp");

static int no_memory(struct web_fault *fault)
{
	web_fault_set(fault, 0, "out of memory");
	return -ENOMEM;
}

/* Returns the name, relative to the configuration's folder. The caller frees it. */
static char *join(const char *config_file, const char *name)
{
	size_t folder = host_file_is_absolute(name) ? 0 : host_file_folder(config_file);
	size_t length = strlen(name) + 1;
	char *joined = malloc(folder + length);

	if (joined == NULL)
		return NULL;
	memcpy(joined, config_file, folder);
	memcpy(joined + folder, name, length);
	return joined;
}

/* Reads one of the files. The stamp is read before the bytes, so that a change in between is seen the next time. */
static int read_file(struct web_stamps *stamps, size_t index, char *name, size_t limit, char **bytes, size_t *length)
{
	stamps->names[index] = name;
	file_stamp_read(&stamps->stamps[index], name);
	return file_read(name, limit, bytes, length);
}

/* A PEM text of the configuration: in place, in a file, or missing. */
struct pem {
	size_t index;
	const char *setting; /* the key of the file's name */
	const struct web_text *text, *file;
	char **bytes;
};

static int read_pem(struct web_stamps *stamps, const struct pem *pem, struct web_fault *fault)
{
	size_t length = 0;
	char *name;
	int err;

	if (pem->file->text == NULL) {
		*pem->bytes = pem->text->text != NULL ? strdup(pem->text->text) : NULL;
		return pem->text->text != NULL && *pem->bytes == NULL ? no_memory(fault) : 0;
	}
	name = join(stamps->names[FILE_CONFIG], pem->file->text);
	if (name == NULL)
		return no_memory(fault);
	err = read_file(stamps, pem->index, name, PEM_MAX, pem->bytes, &length);
	if (err != 0)
		web_fault_set(fault, pem->file->line, "%s: cannot read \"%s\": %s", pem->setting, name, strerror(-err));
	else if (strlen(*pem->bytes) != length)
		err = web_fault_set(fault, pem->file->line, "%s: \"%s\" has a zero byte", pem->setting, name);
	return err;
}

static void release_material(struct tls_material *material)
{
	free(material->cert);
	if (material->key != NULL)
		wipe(material->key, strlen(material->key));
	free(material->key);
	free(material->client_ca);
}

static int load_tls(struct web_state *state, struct web_stamps *stamps, struct web_fault *fault)
{
	const struct web_tls *tls = &state->config.tls;
	struct tls_material material = {NULL, NULL, NULL};
	const struct pem pems[] = {
	        {FILE_CERT, "cert_file", &tls->cert, &tls->cert_file, &material.cert},
	        {FILE_KEY, "key_file", &tls->key, &tls->key_file, &material.key},
	        {FILE_CLIENT_CA, "client_ca_file", &tls->client_ca, &tls->client_ca_file, &material.client_ca},
	};
	int err = 0;

	for (size_t i = 0; err == 0 && i < sizeof(pems) / sizeof(pems[0]); i++)
		err = read_pem(stamps, &pems[i], fault);
	if (err == 0)
		err = tls_credentials_new(&state->tls, tls, &material, fault);
	release_material(&material);
	return err;
}

static void fill_headers(struct web_state *state)
{
	size_t count = 0;

	for (size_t i = 0; i < WEB_HEADER_COUNT; i++)
		if (state->config.headers[i].text != NULL)
			state->headers[count++] =
			        (struct http_header){web_header_name(i), state->config.headers[i].text};
}

static int load_config(struct web_state *state, struct web_stamps *stamps, char *name, struct web_fault *fault)
{
	size_t length = 0;
	char *bytes;
	int err = read_file(stamps, FILE_CONFIG, name, WEB_CONFIG_MAX, &bytes, &length);

	if (err != 0)
		web_fault_set(fault, 0, "cannot be read: %s", strerror(-err));
	else
		err = web_config_parse(&state->config, bytes, length, fault);
	free(bytes);
	return err;
}

int web_state_new(struct web_state **result, const char *file, struct web_stamps *stamps, struct web_fault *fault)
{
	struct web_state *state = calloc(1, sizeof(*state));
	char *name = strdup(file);
	int err;

	*result = NULL;
	*stamps = (struct web_stamps){.names = {NULL}};
	if (state == NULL || name == NULL) {
		free(state);
		free(name);
		return no_memory(fault);
	}
	atomic_init(&state->references, 1);
	err = load_config(state, stamps, name, fault);
	if (err == 0 && state->config.tls.enabled)
		err = load_tls(state, stamps, fault);
	if (err != 0) {
		web_state_unref(state);
		return err;
	}
	fill_headers(state);
	*result = state;
	return 0;
}

void web_state_ref(struct web_state *state)
{
	atomic_fetch_add(&state->references, 1);
}

void web_state_unref(struct web_state *state)
{
	if (state == NULL || atomic_fetch_sub(&state->references, 1) != 1)
		return;
	tls_credentials_free(state->tls);
	web_config_release(&state->config);
	free(state);
}

bool web_stamps_changed(const struct web_stamps *stamps)
{
	for (size_t i = 0; i < STATE_FILES; i++)
		if (stamps->names[i] != NULL && file_stamp_changed(&stamps->stamps[i], stamps->names[i]))
			return true;
	return false;
}

bool web_stamps_same(const struct web_stamps *a, const struct web_stamps *b)
{
	for (size_t i = 0; i < STATE_FILES; i++) {
		if ((a->names[i] == NULL) != (b->names[i] == NULL))
			return false;
		if (a->names[i] == NULL)
			continue;
		if (strcmp(a->names[i], b->names[i]) != 0 || !file_stamp_same(&a->stamps[i], &b->stamps[i]))
			return false;
	}
	return true;
}

void web_stamps_release(struct web_stamps *stamps)
{
	for (size_t i = 0; i < STATE_FILES; i++)
		free(stamps->names[i]);
	*stamps = (struct web_stamps){.names = {NULL}};
}
