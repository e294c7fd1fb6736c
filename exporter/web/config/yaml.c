/* SPDX-License-Identifier: Apache-2.0 */
/* YAML by libyaml. Aliases cannot multiply the work: an alias is the node itself, and no reader goes deeper than the
 * format. */
#include "exporter/web/config/yaml.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* More than the depth of the format, which is three. */
enum { DEPTH_MAX = 8 };

int web_fault_set(struct web_fault *fault, size_t line, const char *format, ...)
{
	va_list args;

	fault->line = line;
	va_start(args, format);
	if (vsnprintf(fault->reason, sizeof(fault->reason), format, args) < 0)
		fault->reason[0] = '\0';
	va_end(args);
	return -EINVAL;
}

size_t yaml_line(const yaml_node_t *node)
{
	return node->start_mark.line + 1;
}

bool yaml_is_null(const yaml_node_t *node)
{
	static const char *const words[] = {"", "~", "null", "Null", "NULL"};

	if (node->type != YAML_SCALAR_NODE || node->data.scalar.style != YAML_PLAIN_SCALAR_STYLE)
		return false;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp((const char *)node->data.scalar.value, words[i]) == 0)
			return true;
	return false;
}

/* Returns the line of a byte. libyaml's reader of characters reports only the byte. */
static size_t line_of_byte(const char *bytes, size_t length, size_t at)
{
	size_t line = 1;

	for (size_t i = 0; i < length && i < at; i++)
		line += bytes[i] == '\n';
	return line;
}

static int parser_fault(const yaml_parser_t *parser, const char *bytes, size_t length, struct web_fault *fault)
{
	const char *problem = parser->problem != NULL ? parser->problem : "cannot be read";
	size_t line = parser->problem_mark.line + 1;

	if (parser->error == YAML_MEMORY_ERROR) {
		web_fault_set(fault, 0, "out of memory");
		return -ENOMEM;
	}
	if (parser->error == YAML_READER_ERROR)
		line = line_of_byte(bytes, length, parser->problem_offset);
	return web_fault_set(fault, line, "not YAML: %s", problem);
}

/* Returns the change of the depth by an event. */
static int step_of(yaml_event_type_t type)
{
	bool deeper = type == YAML_SEQUENCE_START_EVENT || type == YAML_MAPPING_START_EVENT;
	bool back = type == YAML_SEQUENCE_END_EVENT || type == YAML_MAPPING_END_EVENT;

	return deeper - back;
}

/* Refuses a deeper document before it is loaded, because libyaml's time grows with the square of the depth. */
static int check_depth(yaml_parser_t *parser, const char *bytes, size_t length, struct web_fault *fault)
{
	int depth = 0, err = 0;
	bool ended = false;
	yaml_event_t event;

	while (err == 0 && !ended) {
		if (!yaml_parser_parse(parser, &event))
			return parser_fault(parser, bytes, length, fault);
		depth += step_of(event.type);
		if (depth > DEPTH_MAX)
			err = web_fault_set(fault, event.start_mark.line + 1, "nested too deeply");
		ended = event.type == YAML_STREAM_END_EVENT;
		yaml_event_delete(&event);
	}
	return err;
}

/* Checks that nothing follows the document. */
static int expect_end(yaml_parser_t *parser, const char *bytes, size_t length, struct web_fault *fault)
{
	yaml_document_t next;
	const yaml_node_t *root;
	int err = 0;

	if (!yaml_parser_load(parser, &next))
		return parser_fault(parser, bytes, length, fault);
	root = yaml_document_get_root_node(&next);
	if (root != NULL)
		err = web_fault_set(fault, yaml_line(root), "there is a second document (only one is allowed)");
	yaml_document_delete(&next);
	return err;
}

static int load(yaml_parser_t *parser, yaml_document_t *document, const char *bytes, size_t length,
                struct web_fault *fault)
{
	int err;

	if (!yaml_parser_load(parser, document))
		return parser_fault(parser, bytes, length, fault);
	/* without a document the stream has ended, and libyaml must not be called again */
	err = yaml_document_get_root_node(document) != NULL ? expect_end(parser, bytes, length, fault) : 0;
	if (err != 0)
		yaml_document_delete(document);
	return err;
}

/* Makes a parser of the bytes. Call yaml_parser_delete() after success. */
static int parser_open(yaml_parser_t *parser, const char *bytes, size_t length, struct web_fault *fault)
{
	if (!yaml_parser_initialize(parser)) {
		web_fault_set(fault, 0, "out of memory");
		return -ENOMEM;
	}
	yaml_parser_set_input_string(parser, (const unsigned char *)bytes, length);
	return 0;
}

int yaml_load(yaml_document_t *document, const char *bytes, size_t length, struct web_fault *fault)
{
	yaml_parser_t parser;
	int err = parser_open(&parser, bytes, length, fault);

	if (err != 0)
		return err;
	err = check_depth(&parser, bytes, length, fault);
	yaml_parser_delete(&parser);
	if (err == 0)
		err = parser_open(&parser, bytes, length, fault);
	if (err != 0)
		return err;
	err = load(&parser, document, bytes, length, fault);
	yaml_parser_delete(&parser);
	return err;
}
