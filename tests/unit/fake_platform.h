/* SPDX-License-Identifier: Apache-2.0 */
/* Fake backend: its table is in memory, and a test controls its reads. */
#ifndef TESTS_UNIT_FAKE_PLATFORM_H
#define TESTS_UNIT_FAKE_PLATFORM_H

#include <stdbool.h>

#include "exporter/platform/platform.h"

extern const struct platform_backend fake_backend;

struct platform *fake_new(void);
void fake_free(struct platform *fake);

/* Makes each further read wait for fake_release(), or for the end of its deadline unless it is `deaf`. */
void fake_block(struct platform *fake, bool deaf);
void fake_release(struct platform *fake);

/* Makes each further read fail with -error; 0: succeed. */
void fake_fail(struct platform *fake, int error);

/* Returns the number of reads that have begun. */
unsigned fake_reads(struct platform *fake);
/* Waits until this many reads have begun, and fails the test after ten seconds. */
void fake_wait_reads(struct platform *fake, unsigned count);

/* Sets the table: one listener of a process "server" on 127.0.0.1:80, and this many of its connections in CLOSE_WAIT. A
 * new fake has three. */
void fake_connections(struct platform *fake, unsigned count);

#endif
