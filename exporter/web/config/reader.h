/* SPDX-License-Identifier: Apache-2.0 */
/* YAML reader: fills fields from nodes. A table of keys describes a section; each key has a reader for its value. */
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
	const char *name; /* NULL: the end of the table */
	web_read *read;
	size_t offset;
};

int web_read_section(const struct web_reader *reader, const yaml_node_t *section, const struct web_key *keys,
                     void *fields) MUST_CHECK;

/* Calls `pair` for each pair of a mapping. Keys must be texts, and each key must be unique. */
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
/* Fills the fault: the quoted value is not `wanted`. Returns -EINVAL. */
int web_value_fault(const struct web_reader *reader, const yaml_node_t *node, const char *wanted);
/* Returns 0 if the node is a text, or -EINVAL with the fault filled. `wanted` describes the value in the fault. */
int web_expect_text(const struct web_reader *reader, const yaml_node_t *node, const char *wanted) MUST_CHECK;

#endif
