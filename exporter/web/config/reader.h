/* SPDX-License-Identifier: Apache-2.0 */
/* YAML readers: fill fields from nodes: sections by a table of their keys, and the values of keys. */
#ifndef EXPORTER_WEB_CONFIG_READER_H
#define EXPORTER_WEB_CONFIG_READER_H

#include "exporter/web/config/config.h"

struct web_reader {
	yaml_document_t *document;
	struct web_fault *fault;
};

/* Fills the field from a node that is not null. Returns 0, or -errno with the reader's fault filled. */
typedef int web_read(const struct web_reader *reader, const yaml_node_t *value, void *field);

/* A key of a section and the field that it fills. A null leaves the field as it is. */
struct web_key {
	const char *name; /* NULL ends the table */
	web_read *read;
	size_t offset;
};

int web_read_section(const struct web_reader *reader, const yaml_node_t *section, const struct web_key *keys,
                     void *fields) MUST_CHECK;

/* Reads a mapping whose keys are texts and unique. Calls `pair` for each pair. */
int web_read_pairs(const struct web_reader *reader, const yaml_node_t *mapping, const char *wanted,
                   int (*pair)(const struct web_reader *reader, const yaml_node_t *key, const yaml_node_t *value,
                               void *data),
                   void *data) MUST_CHECK;

web_read web_read_text;        /* struct web_text */
web_read web_read_bool;        /* bool */
web_read web_read_int;         /* int32_t */
web_read web_read_duration;    /* uint64_t, nanoseconds */
web_read web_read_version;     /* enum web_tls_version */
web_read web_read_client_auth; /* enum web_client_auth */
web_read web_read_sans;        /* struct web_texts */
web_read web_read_suites;      /* struct web_choices */
web_read web_read_curves;      /* struct web_choices */

const char *web_node_text(const yaml_node_t *node);
/* Fills the fault "VALUE is not `wanted`". Returns -EINVAL. */
int web_value_fault(const struct web_reader *reader, const yaml_node_t *node, const char *wanted);
/* Checks that the node is a text. `wanted` names what it must be. */
int web_expect_text(const struct web_reader *reader, const yaml_node_t *node, const char *wanted) MUST_CHECK;

#endif
