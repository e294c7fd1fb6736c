/* SPDX-License-Identifier: Apache-2.0 */
/* Priority: threads whose work may take longer on a busy system. */
#ifndef EXPORTER_PLATFORM_PRIORITY_H
#define EXPORTER_PLATFORM_PRIORITY_H

/* Lowers the calling thread's priority: it receives a tenth of the time of another thread that wants the same core.
 * Does nothing where the system does not allow it. */
void priority_lower(void);

#endif
