/* SPDX-License-Identifier: Apache-2.0 */
/* Fixture: a scraper on a fake backend. */
#ifndef TESTS_UNIT_FAKE_SCRAPER_H
#define TESTS_UNIT_FAKE_SCRAPER_H

#include <stdint.h>

#include "exporter/scrape/scrape.h"
#include "tests/unit/fake_platform.h"

/* Returns a started scraper of these metric families. The caller frees it by scraper_free(). */
struct scraper *fake_scraper_new(struct platform *fake, uint64_t families);
/* Waits until the scraper's last snapshot has succeeded. */
void fake_scraper_wait_until_ready(struct scraper *scraper);

#endif
