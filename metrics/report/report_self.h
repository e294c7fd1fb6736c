/* SPDX-License-Identifier: Apache-2.0 */
/* The families that the exporter knows of itself, without a snapshot; private to the report. */
#ifndef METRICS_REPORT_REPORT_SELF_H
#define METRICS_REPORT_REPORT_SELF_H

#include "metrics/report/report.h"

/* Writes the family, which is one that struct report_self has the facts of; nothing where the fact is
 * SELF_ABSENT. */
void report_self_write(struct exposition *exposition, const struct report_self *self, enum metric_id id);

#endif
