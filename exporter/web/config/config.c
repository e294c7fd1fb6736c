/* SPDX-License-Identifier: Apache-2.0 */
/* Web configuration format: tables of the sections and their keys. */
#include "exporter/web/config/config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "exporter/web/config/reader.h"
#include "exporter/web/config/values.h"

/* ---- tls_server_config ---- */

static int read_tls(const struct web_reader *reader, const yaml_node_t *value, void *field)
{
	static const struct web_key keys[] = {
	        {"cert", web_read_text, offsetof(struct web_tls, cert)},
	        {"key", web_read_text, offsetof(struct web_tls, key)},
	        {"client_ca", web_read_text, offsetof(struct web_tls, client_ca)},
	        {"cert_file", web_read_text, offsetof(struct web_tls, cert_file)},
	        {"key_file", web_read_text, offsetof(struct web_tls, key_file)},
	        {"client_ca_file", web_read_text, offsetof(struct web_tls, client_ca_file)},
	        {"client_auth_type", web_read_client_auth, offsetof(struct web_tls, client_auth)},
	        {"client_allowed_sans", web_read_sans, offsetof(struct web_tls, allowed_sans)},
	        {"min_version", web_read_version, offsetof(struct web_tls, min_version)},
	        {"max_version", web_read_version, offsetof(struct web_tls, max_version)},
	        {"cipher_suites", web_read_suites, offsetof(struct web_tls, suites)},
	        {"prefer_server_cipher_suites", web_read_bool, offsetof(struct web_tls, prefer_server_suites)},
	        {"curve_preferences", web_read_curves, offsetof(struct web_tls, curves)},
	        {NULL, NULL, 0},
	};
	struct web_tls *tls = field;
	int err = web_read_section(reader, value, keys, tls);

	if (err != 0)
		return err;
	tls->line = yaml_line(value);
	/* a section without settings does not turn TLS on */
	tls->enabled = value->data.mapping.pairs.start < value->data.mapping.pairs.top;
	return tls->enabled ? web_tls_check(tls, reader->fault) : 0;
}

/* ---- http_server_config ---- */

static int read_header(const struct web_reader *reader, const yaml_node_t *value, void *field)
{
	int err = web_read_text(reader, value, field);

	for (const char *at = err == 0 ? web_node_text(value) : ""; *at != '\0'; at++)
		if ((unsigned char)*at < ' ' || *at == 0x7f)
			return web_value_fault(reader, value, "the value of a header: it has a control character");
	return err;
}

static int read_nosniff(const struct web_reader *reader, const yaml_node_t *value, void *field)
{
	const struct web_text *text = field;
	int err = read_header(reader, value, field);

	if (err == 0 && text->text != NULL && strcmp(text->text, "nosniff") != 0)
		err = web_value_fault(reader, value, "nosniff");
	return err;
}

static int read_framing(const struct web_reader *reader, const yaml_node_t *value, void *field)
{
	const struct web_text *text = field;
	int err = read_header(reader, value, field);

	if (err == 0 && text->text != NULL && strcmp(text->text, "deny") != 0 && strcmp(text->text, "sameorigin") != 0)
		err = web_value_fault(reader, value, "one of deny, sameorigin");
	return err;
}

#define HEADER(index) ((index) * sizeof(struct web_text))

static const struct web_key header_keys[WEB_HEADER_COUNT + 1] = {
        {"Content-Security-Policy", read_header, HEADER(0)}, {"Strict-Transport-Security", read_header, HEADER(1)},
        {"X-Content-Type-Options", read_nosniff, HEADER(2)}, {"X-Frame-Options", read_framing, HEADER(3)},
        {"X-XSS-Protection", read_header, HEADER(4)},        {NULL, NULL, 0},
};

const char *web_header_name(size_t index)
{
	return header_keys[index].name;
}

static int read_headers(const struct web_reader *reader, const yaml_node_t *value, void *field)
{
	return web_read_section(reader, value, header_keys, field);
}

/* Checks the value of http2, which has no effect: the server has no HTTP/2. */
static int check_bool(const struct web_reader *reader, const yaml_node_t *value, void *field)
{
	bool ignored;

	(void)field;
	return web_read_bool(reader, value, &ignored);
}

static int read_http(const struct web_reader *reader, const yaml_node_t *value, void *field)
{
	static const struct web_key keys[] = {
	        {"http2", check_bool, 0},
	        {"headers", read_headers, offsetof(struct web_config, headers)},
	        {NULL, NULL, 0},
	};

	return web_read_section(reader, value, keys, field);
}

/* ---- rate_limit ---- */

static int read_rate(const struct web_reader *reader, const yaml_node_t *value, void *field)
{
	static const struct web_key keys[] = {
	        {"interval", web_read_duration, offsetof(struct web_config, rate_interval_ns)},
	        {"burst", web_read_int, offsetof(struct web_config, rate_burst)},
	        {NULL, NULL, 0},
	};

	return web_read_section(reader, value, keys, field);
}

/* ---- basic_auth_users ---- */

static int add_user(const struct web_reader *reader, const yaml_node_t *key, const yaml_node_t *value, void *data)
{
	struct web_config *config = data;
	struct web_user *user = &config->users[config->user_count];
	int err = web_expect_text(reader, value, "a password's hash");
	unsigned cost = 0;

	if (err != 0)
		return err;
	/* the message does not quote the text, which can be the password itself */
	if (!web_value_bcrypt(web_node_text(value), &cost))
		return web_fault_set(reader->fault, yaml_line(value),
		                     "a user's password must be a bcrypt hash of a "
		                     "cost from 4 to 31");
	user->name = (struct web_text){web_node_text(key), yaml_line(key)};
	user->hash = (struct web_text){web_node_text(value), yaml_line(value)};
	config->user_count++;
	if (cost > config->cost_max)
		config->cost_max = cost;
	return 0;
}

static int read_users(const struct web_reader *reader, const yaml_node_t *value, void *field)
{
	struct web_config *config = field;

	config->users = calloc(WEB_USERS_MAX, sizeof(*config->users));
	if (config->users == NULL) {
		web_fault_set(reader->fault, 0, "out of memory");
		return -ENOMEM;
	}
	return web_read_pairs(reader, value, "users, each with a hash", add_user, config);
}

/* ---- The whole ---- */

static int read_root(const struct web_reader *reader, const yaml_node_t *root, struct web_config *config)
{
	static const struct web_key keys[] = {
	        {"tls_server_config", read_tls, offsetof(struct web_config, tls)},
	        {"http_server_config", read_http, 0},
	        {"rate_limit", read_rate, 0},
	        {"basic_auth_users", read_users, 0},
	        {NULL, NULL, 0},
	};

	return root == NULL || yaml_is_null(root) ? 0 : web_read_section(reader, root, keys, config);
}

int web_config_parse(struct web_config *config, const char *bytes, size_t length, struct web_fault *fault)
{
	struct web_reader reader = {&config->document, fault};
	int err;

	*config = (struct web_config){
	        .tls = {.min_version = WEB_TLS12, .max_version = WEB_TLS13, .prefer_server_suites = true},
	};
	if (length > WEB_CONFIG_MAX)
		return web_fault_set(fault, 0, "longer than %d bytes", WEB_CONFIG_MAX);
	err = yaml_load(&config->document, bytes, length, fault);
	if (err != 0)
		return err;
	config->has_document = true;
	err = read_root(&reader, yaml_document_get_root_node(&config->document), config);
	if (err != 0)
		web_config_release(config);
	return err;
}

void web_config_release(struct web_config *config)
{
	free(config->users);
	if (config->has_document)
		yaml_document_delete(&config->document);
	config->users = NULL;
	config->has_document = false;
}
