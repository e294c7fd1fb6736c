/* SPDX-License-Identifier: Apache-2.0 */
/* Writes a snapshot in the form that parse.h describes. */
#ifndef EXPORTER_CLI_RECORD_H
#define EXPORTER_CLI_RECORD_H

#include "metrics/snapshot.h"
#include "metrics/textbuf.h"

/* Errors are sticky in `out`. */
void replay_record(struct textbuf *out, const struct snapshot *snapshot);

#endif
