/* SPDX-License-Identifier: Apache-2.0 */
/* YAML readers: check the types of nodes, and describe faults. */
#include "exporter/web/config/reader.h"

#include <string.h>

#include "exporter/printable.h"
#include "exporter/web/config/values.h"

enum { QUOTED_MAX = 96 };

/* ---- Nodes ---- */

const char *web_node_text(const yaml_node_t *node)
{
	return (const char *)node->data.scalar.value;
}

static int type_fault(const struct web_reader *reader, const yaml_node_t *node, const char *wanted)
{
	return web_fault_set(reader->fault, yaml_line(node), "here must be %s", wanted);
}

int web_value_fault(const struct web_reader *reader, const yaml_node_t *node, const char *wanted)
{
	char quoted[QUOTED_MAX];

	printable_quote(quoted, sizeof(quoted), web_node_text(node));
	return web_fault_set(reader->fault, yaml_line(node), "%s is not %s", quoted, wanted);
}

/* Returns 0 if the node has that type and no tag of another type. Otherwise fills the fault. */
static int expect(const struct web_reader *reader, const yaml_node_t *node, yaml_node_type_t type, const char *wanted)
{
	static const char *const tags[] = {
	        [YAML_SCALAR_NODE] = YAML_DEFAULT_SCALAR_TAG,
	        [YAML_SEQUENCE_NODE] = YAML_DEFAULT_SEQUENCE_TAG,
	        [YAML_MAPPING_NODE] = YAML_DEFAULT_MAPPING_TAG,
	};

	if (node->type != type)
		return type_fault(reader, node, wanted);
	if (strcmp((const char *)node->tag, tags[type]) != 0)
		return web_fault_set(reader->fault, yaml_line(node), "tags have no meaning here");
	if (type == YAML_SCALAR_NODE && strlen(web_node_text(node)) != node->data.scalar.length)
		return web_fault_set(reader->fault, yaml_line(node), "a text has a zero byte");
	return 0;
}

int web_expect_text(const struct web_reader *reader, const yaml_node_t *node, const char *wanted)
{
	return expect(reader, node, YAML_SCALAR_NODE, wanted);
}

static const yaml_node_t *node_at(const struct web_reader *reader, int index)
{
	return yaml_document_get_node(reader->document, index);
}

/* ---- Values ---- */

int web_read_text(const struct web_reader *reader, const yaml_node_t *value, void *field)
{
	struct web_text *text = field;
	int err = web_expect_text(reader, value, "a text");

	if (err == 0 && web_node_text(value)[0] != '\0')
		*text = (struct web_text){web_node_text(value), yaml_line(value)};
	return err;
}

int web_read_bool(const struct web_reader *reader, const yaml_node_t *value, void *field)
{
	int err = web_expect_text(reader, value, "true or false");

	if (err == 0 &&
	    (value->data.scalar.style != YAML_PLAIN_SCALAR_STYLE || !web_value_bool(web_node_text(value), field)))
		err = web_value_fault(reader, value, "true or false");
	return err;
}

int web_read_int(const struct web_reader *reader, const yaml_node_t *value, void *field)
{
	int err = web_expect_text(reader, value, "a whole number");

	if (err == 0 &&
	    (value->data.scalar.style != YAML_PLAIN_SCALAR_STYLE || !web_value_int(web_node_text(value), field)))
		err = web_value_fault(reader, value, "a whole number");
	return err;
}

int web_read_duration(const struct web_reader *reader, const yaml_node_t *value, void *field)
{
	static const char wanted[] = "a length of time, such as 500ms or 1m30s";
	int err = web_expect_text(reader, value, wanted);

	if (err == 0 && !web_value_duration(web_node_text(value), field))
		err = web_value_fault(reader, value, wanted);
	return err;
}

int web_read_version(const struct web_reader *reader, const yaml_node_t *value, void *field)
{
	static const char wanted[] = "one of TLS10, TLS11, TLS12, TLS13";
	enum web_tls_version *version = field;
	int err = web_expect_text(reader, value, wanted);
	size_t index = 0;

	if (err == 0 && !choice_find(web_tls_version_name, web_node_text(value), &index))
		err = web_value_fault(reader, value, wanted);
	if (err == 0)
		*version = (enum web_tls_version)index;
	return err;
}

int web_read_client_auth(const struct web_reader *reader, const yaml_node_t *value, void *field)
{
	static const char wanted[] = "one of NoClientCert, RequestClientCert, RequireAnyClientCert, "
	                             "VerifyClientCertIfGiven, RequireAndVerifyClientCert";
	static const struct {
		const char *name;
		enum web_client_auth auth;
	} names[] = {
	        {"", CLIENT_AUTH_NONE},
	        {"NoClientCert", CLIENT_AUTH_NONE},
	        {"RequestClientCert", CLIENT_AUTH_REQUEST},
	        {"RequireAnyClientCert", CLIENT_AUTH_REQUIRE_ANY},
	        {"RequireClientCert", CLIENT_AUTH_REQUIRE_ANY}, /* the format's old name */
	        {"VerifyClientCertIfGiven", CLIENT_AUTH_VERIFY_IF_GIVEN},
	        {"RequireAndVerifyClientCert", CLIENT_AUTH_REQUIRE_AND_VERIFY},
	};
	enum web_client_auth *auth = field;
	int err = web_expect_text(reader, value, wanted);

	if (err != 0)
		return err;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(names[i].name, web_node_text(value)) == 0) {
			*auth = names[i].auth;
			return 0;
		}
	}
	return web_value_fault(reader, value, wanted);
}

/* ---- Lists ---- */

/* Calls `item` for each of the list's texts. */
static int read_list(const struct web_reader *reader, const yaml_node_t *list, void *field,
                     int (*item)(const struct web_reader *reader, const yaml_node_t *value, void *field))
{
	const yaml_node_item_t *at;
	int err = expect(reader, list, YAML_SEQUENCE_NODE, "a list of texts");
	size_t count = 0;

	if (err != 0)
		return err;
	for (at = list->data.sequence.items.start; err == 0 && at < list->data.sequence.items.top; at++, count++) {
		const yaml_node_t *value = node_at(reader, *at);

		err = web_expect_text(reader, value, "a text");
		if (err == 0 && count == WEB_LIST_MAX)
			err = web_fault_set(reader->fault, yaml_line(value), "the list has more than %d items",
			                    WEB_LIST_MAX);
		if (err == 0)
			err = item(reader, value, field);
	}
	return err;
}

static int add_san(const struct web_reader *reader, const yaml_node_t *value, void *field)
{
	struct web_texts *texts = field;

	(void)reader;
	texts->items[texts->count++] = (struct web_text){web_node_text(value), yaml_line(value)};
	return 0;
}

static int add_choice(const struct web_reader *reader, const yaml_node_t *value, struct web_choices *choices,
                      choice_names *names, const char *wanted)
{
	size_t index = 0;

	if (!choice_find(names, web_node_text(value), &index))
		return web_value_fault(reader, value, wanted);
	for (size_t i = 0; i < choices->count; i++)
		if (choices->items[i] == index)
			return web_fault_set(reader->fault, yaml_line(value), "%s is given twice", names(index));
	choices->items[choices->count++] = index;
	return 0;
}

static int add_suite(const struct web_reader *reader, const yaml_node_t *value, void *field)
{
	return add_choice(reader, value, field, web_suite_name, "a cipher suite that Go names and GnuTLS has");
}

static int add_curve(const struct web_reader *reader, const yaml_node_t *value, void *field)
{
	return add_choice(reader, value, field, web_curve_name, "one of X25519, CurveP256, CurveP384, CurveP521");
}

int web_read_sans(const struct web_reader *reader, const yaml_node_t *value, void *field)
{
	const struct web_texts *texts = field;
	int err = read_list(reader, value, field, add_san);

	/* no items would mean that any name is allowed */
	return err == 0 && texts->count == 0 ? web_fault_set(reader->fault, yaml_line(value), "the list is empty")
	                                     : err;
}

int web_read_suites(const struct web_reader *reader, const yaml_node_t *value, void *field)
{
	return read_list(reader, value, field, add_suite);
}

int web_read_curves(const struct web_reader *reader, const yaml_node_t *value, void *field)
{
	return read_list(reader, value, field, add_curve);
}

/* ---- Sections ---- */

static bool is_repeated(const struct web_reader *reader, const yaml_node_t *mapping, const yaml_node_pair_t *pair)
{
	const char *name = web_node_text(node_at(reader, pair->key));

	for (const yaml_node_pair_t *at = mapping->data.mapping.pairs.start; at < pair; at++)
		if (strcmp(web_node_text(node_at(reader, at->key)), name) == 0)
			return true;
	return false;
}

int web_read_pairs(const struct web_reader *reader, const yaml_node_t *mapping, const char *wanted,
                   int (*pair)(const struct web_reader *reader, const yaml_node_t *key, const yaml_node_t *value,
                               void *data),
                   void *data)
{
	const yaml_node_pair_t *at;
	int err = expect(reader, mapping, YAML_MAPPING_NODE, wanted);

	if (err != 0)
		return err;
	if (mapping->data.mapping.pairs.top - mapping->data.mapping.pairs.start > WEB_USERS_MAX)
		return web_fault_set(reader->fault, yaml_line(mapping), "there are more than %d entries",
		                     WEB_USERS_MAX);
	for (at = mapping->data.mapping.pairs.start; err == 0 && at < mapping->data.mapping.pairs.top; at++) {
		const yaml_node_t *key = node_at(reader, at->key);

		err = web_expect_text(reader, key, "a name");
		if (err == 0 && is_repeated(reader, mapping, at))
			err = web_value_fault(reader, key, "unique: it is given twice");
		if (err == 0)
			err = pair(reader, key, node_at(reader, at->value), data);
	}
	return err;
}

struct section {
	const struct web_key *keys;
	char *fields;
};

static int read_known(const struct web_reader *reader, const yaml_node_t *key, const yaml_node_t *value, void *data)
{
	const struct section *section = data;

	for (const struct web_key *at = section->keys; at->name != NULL; at++)
		if (strcmp(at->name, web_node_text(key)) == 0)
			return yaml_is_null(value) ? 0 : at->read(reader, value, section->fields + at->offset);
	return web_value_fault(reader, key, "a setting that is known here");
}

int web_read_section(const struct web_reader *reader, const yaml_node_t *node, const struct web_key *keys, void *fields)
{
	struct section section = {keys, fields};

	return web_read_pairs(reader, node, "settings, each with its name", read_known, &section);
}
