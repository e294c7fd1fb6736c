/* SPDX-License-Identifier: Apache-2.0 */
/* Fixture: a scraper on a fake backend. */
#include "tests/unit/fake_scraper.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <time.h>

#include <cmocka.h>

struct scraper *fake_scraper_new(struct platform *fake, uint64_t families)
{
	const struct scraper_options options = {
	        .collector = {.backend = &fake_backend, .platform = fake, .max_series = 10000},
	        .families = families,
	        .version = "1.2.3",
	        .revision = "abc",
	        .compiler = "cc",
	};
	struct scraper *scraper;

	assert_int_equal(scraper_new(&scraper, &options), 0);
	return scraper;
}

void fake_scraper_wait_until_ready(struct scraper *scraper)
{
	const struct timespec pause = {0, 1000000};
	char reason[256];

	for (int tries = 0; !scraper_ready(scraper, reason, sizeof(reason)); tries++) {
		if (tries == 10000)
			fail_msg("not ready: %s", reason);
		nanosleep(&pause, NULL);
	}
}
