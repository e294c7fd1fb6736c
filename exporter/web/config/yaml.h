/* SPDX-License-Identifier: Apache-2.0 */
/* A YAML file of one document as libyaml gives it, and what is wrong with it by line. */
#ifndef EXPORTER_WEB_CONFIG_YAML_H
#define EXPORTER_WEB_CONFIG_YAML_H

#include <stdbool.h>
#include <stddef.h>
#include <yaml.h>

#include "metrics/compiler.h"

/* What keeps a file from being taken: one line for a person, without the file's name. */
struct web_fault {
	size_t line; /* from 1; 0: the file as a whole */
	char reason[224];
};

/* Fills *fault; -EINVAL. */
int web_fault_set(struct web_fault *fault, size_t line, const char *format, ...) PRINTF_LIKE(3, 4);

/* Reads the one document in the bytes; without a document its root is NULL. 0, or -errno with *fault filled:
 * -EINVAL, -ENOMEM. On success yaml_document_delete() it. */
int yaml_load(yaml_document_t *document, const char *bytes, size_t length, struct web_fault *fault) MUST_CHECK;

size_t yaml_line(const yaml_node_t *node);
/* A plain scalar that stands for no value at all: empty, "~", "null". */
bool yaml_is_null(const yaml_node_t *node);

#endif
