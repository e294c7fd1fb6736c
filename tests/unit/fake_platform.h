/* SPDX-License-Identifier: Apache-2.0 */
/* A backend whose table is made in memory and whose reads do what a test tells them to. */
#ifndef TESTS_UNIT_FAKE_PLATFORM_H
#define TESTS_UNIT_FAKE_PLATFORM_H

#include <stdbool.h>

#include "exporter/platform/platform.h"

extern const struct platform_backend fake_backend;

struct platform *fake_new(void);
void fake_free(struct platform *fake);

/* From here on each read waits until it is released (or its patience is over, unless it is `deaf`). */
void fake_block(struct platform *fake, bool deaf);
void fake_release(struct platform *fake);

/* From here on each read fails with -error; 0: works. */
void fake_fail(struct platform *fake, int error);

/* How many reads have begun. */
unsigned fake_reads(struct platform *fake);
/* Waits until so many reads have begun: ten seconds at the most, then the test fails. */
void fake_wait_reads(struct platform *fake, unsigned count);

/* The table: one listener of a process "server" on 127.0.0.1:80, and so many connections of it in
 * CLOSE_WAIT. A fresh fake has three. */
void fake_connections(struct platform *fake, unsigned count);

#endif
