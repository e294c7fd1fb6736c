/* SPDX-License-Identifier: Apache-2.0 */
/* Report of the exporter itself: the families that need no snapshot. Private to the report. */
#ifndef METRICS_REPORT_REPORT_SELF_H
#define METRICS_REPORT_REPORT_SELF_H

#include "metrics/report/report.h"

/* Writes a family whose facts are in struct report_self. Writes nothing if the fact is SELF_ABSENT. */
void report_self_write(struct exposition *exposition, const struct report_self *self, enum metric_id id);

#endif
