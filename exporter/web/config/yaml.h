/* SPDX-License-Identifier: Apache-2.0 */
/* YAML loader: loads a file of one document with libyaml. Reports faults by line. */
#ifndef EXPORTER_WEB_CONFIG_YAML_H
#define EXPORTER_WEB_CONFIG_YAML_H

#include <stdbool.h>
#include <stddef.h>
#include <yaml.h>

#include "metrics/compiler.h"

/* Reason why a file is refused: one line of text, without the file's name. */
struct web_fault {
	size_t line; /* from 1; 0: the file as a whole */
	char reason[224];
};

/* Fills *fault. Returns -EINVAL. */
int web_fault_set(struct web_fault *fault, size_t line, const char *format, ...) PRINTF_LIKE(3, 4);

/* Loads the one document of the bytes; without a document the root is NULL. Returns 0, or -EINVAL or -ENOMEM with
 * *fault filled. On success the caller calls yaml_document_delete(). */
int yaml_load(yaml_document_t *document, const char *bytes, size_t length, struct web_fault *fault) MUST_CHECK;

size_t yaml_line(const yaml_node_t *node);
/* Returns true for a plain scalar without a value: empty, "~", "null". */
bool yaml_is_null(const yaml_node_t *node);

#endif
