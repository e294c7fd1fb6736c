/* SPDX-License-Identifier: Apache-2.0 */
/* Threads whose work may take longer where there is not enough for all. */
#ifndef EXPORTER_PLATFORM_PRIORITY_H
#define EXPORTER_PLATFORM_PRIORITY_H

/* The calling thread gets a tenth of what another gets that wants the same core. Where it cannot be, it is not. */
void priority_lower(void);

#endif
