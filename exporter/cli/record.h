/* SPDX-License-Identifier: Apache-2.0 */
/* Record: a snapshot as text, in the format of exporter/platform/replay/parse.h. */
#ifndef EXPORTER_CLI_RECORD_H
#define EXPORTER_CLI_RECORD_H

#include "metrics/snapshot.h"
#include "metrics/textbuf.h"

/* Writes the snapshot. Errors are sticky in `out`. */
void replay_record(struct textbuf *out, const struct snapshot *snapshot);

#endif
