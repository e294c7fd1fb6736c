/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of content negotiation: a table of headers and answers. */
#include "exporter/http/negotiate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define TEXT             "text/plain; version=0.0.4; charset=utf-8"
#define OPEN             "application/openmetrics-text; version=1.0.0; charset=utf-8"
#define OPEN_UTF8        OPEN "; escaping=allow-utf-8"
#define OPEN_UNDERSCORES OPEN "; escaping=underscores"

/* type NULL: not acceptable. */
static const struct {
	const char *accept, *type;
} formats[] = {
        /* Prometheus 3, as its scraper computes it and as its documentation shows it */
        {"application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
         "application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,"
         "text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
         OPEN_UTF8},
        {"application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,"
         "application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,"
         "text/plain;version=0.0.4;q=0.2,*/*;q=0.1",
         OPEN_UTF8},
        /* with protobuf first, and with text preferred by scrape_protocols */
        {"application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.6,"
         "application/openmetrics-text;version=1.0.0;escaping=underscores;q=0.5,text/plain;version=0.0.4;q=0.3,*/"
         "*;q=0.2",
         OPEN_UNDERSCORES},
        {"text/plain;version=0.0.4;q=0.5,application/openmetrics-text;version=1.0.0;escaping=values;q=0.4,*/*;q=0.2",
         TEXT},
        /* Prometheus 2 */
        {"application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
         "text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
         OPEN},
        {"application/openmetrics-text; version=0.0.1,text/plain;version=0.0.4;q=0.5,*/*;q=0.1", TEXT},
        /* browsers and tools */
        {NULL, TEXT},
        {"", TEXT},
        {"*/*", TEXT},
        {"text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8", TEXT},
        {"application/json", TEXT},
        {"application/json, image/png;q=0.1", TEXT},
        /* which range */
        {"text/plain", TEXT},
        {"application/openmetrics-text", OPEN},
        {"text/*", TEXT},
        {"application/*", OPEN},
        {"text/plain;version=1.0.0, application/*;q=0.1", OPEN},
        {"application/openmetrics-text;version=0.0.1", TEXT},
        {"application/openmetrics-text;version=2.0.0, text/plain;q=0.1", TEXT},
        {"application/openmetrics-text;charset=utf-8", OPEN},
        {"*/plain", TEXT},
        {"text", TEXT},
        /* quality, and among equals the first */
        {"text/plain;q=0.5, application/openmetrics-text;q=0.6", OPEN},
        {"text/plain;q=0.6, application/openmetrics-text;q=0.5", TEXT},
        {"text/plain;q=0.5, application/openmetrics-text;q=0.501", OPEN},
        {"text/plain, application/openmetrics-text", TEXT},
        {"application/openmetrics-text, text/plain", OPEN},
        {"application/*, text/*", OPEN},
        {"application/openmetrics-text;q=0.5, */*;q=0.5", OPEN},
        {"*/*;q=0.5, application/openmetrics-text;q=0.4", TEXT},
        {"*/*;q=0.5, text/plain;q=0.4", OPEN},
        /* refusals: the more specific range counts */
        {"text/plain;q=0, */*", OPEN},
        {"*/*, text/plain;q=0", OPEN},
        {"*/*;q=0, text/plain", TEXT},
        {"*/*;q=0, application/openmetrics-text;q=0.1", OPEN},
        {"text/*;q=0, text/plain;q=0.1", TEXT},
        {"application/openmetrics-text;version=1.0.0;q=0, application/openmetrics-text;q=0.9, */*;q=0.1", TEXT},
        {"application/openmetrics-text;q=0", TEXT},
        {"text/plain;q=0", OPEN},
        {"*/*;q=0", NULL},
        {"*/*;q=0.000", NULL},
        {"text/*;q=0, application/*;q=0", NULL},
        {"text/html, */*;q=0", NULL},
        {"text/plain;q=0, application/openmetrics-text;q=0, */*;q=1", NULL},
        /* a malformed quality drops its range */
        {"application/openmetrics-text;q=2, text/plain;q=0.1", TEXT},
        {"application/openmetrics-text;q=1.001, text/plain;q=0.1", TEXT},
        {"application/openmetrics-text;q=0.1234, text/plain;q=0.1", TEXT},
        {"application/openmetrics-text;q=-1, text/plain;q=0.1", TEXT},
        {"application/openmetrics-text;q=, text/plain;q=0.1", TEXT},
        {"application/openmetrics-text;q=x, text/plain;q=0.1", TEXT},
        {"application/openmetrics-text;q=0x1, text/plain;q=0.1", TEXT},
        {"*/*;q=nan", TEXT},
        {"application/openmetrics-text;q=1.000, text/plain;q=0.999", OPEN},
        {"application/openmetrics-text;q=1., text/plain;q=0.9", OPEN},
        /* space, case, quotes, missing parts */
        {"  Application/OpenMetrics-Text ; VERSION = 1.0.0 ; Q=0.9\t,\ttext/plain ; q=0.1  ", OPEN},
        {"application/openmetrics-text;version=\"1.0.0\";escaping=\"allow-utf-8\"", OPEN_UTF8},
        {"application/openmetrics-text;note=\"a,b;q=0\\\"\";q=0.9, text/plain;q=0.5", OPEN},
        {"application/openmetrics-text;note=\"never closed, text/plain", OPEN},
        {"application/openmetrics-text;version=\"", TEXT},
        {",,;;,=,;=;q, application/openmetrics-text;;q", OPEN},
        {",", TEXT},
        {"/", TEXT},
        /* escaping */
        {"application/openmetrics-text;escaping=dots", OPEN_UNDERSCORES},
        {"application/openmetrics-text;escaping=", OPEN_UNDERSCORES},
        {"application/openmetrics-text;ESCAPING=ALLOW-UTF-8", OPEN_UTF8},
        {"application/*;escaping=allow-utf-8;q=0.2, application/openmetrics-text", OPEN},
};

static void test_formats(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		const char *accept = formats[i].accept;
		struct negotiated got = negotiate_format(accept);
		const char *type = got.acceptable ? got.content_type : NULL;

		if (!type != !formats[i].type || (type && strcmp(type, formats[i].type) != 0))
			fail_msg("\"%s\": got %s, expected %s", accept ? accept : "(none)", type ? type : "406",
			         formats[i].type ? formats[i].type : "406");
		if (type)
			assert_int_equal(got.format,
			                 strncmp(type, OPEN, strlen(OPEN)) == 0 ? FORMAT_OPENMETRICS : FORMAT_TEXT);
	}
}

static const struct {
	const char *header;
	bool gzip;
} encodings[] = {
        {NULL, false},
        {"", false},
        {"gzip", true},
        {"GZIP", true},
        {"x-gzip", true},
        {"*", true},
        {"identity", false},
        {"br, deflate", false},
        {"gzipped", false},
        {"deflate, gzip;q=0.5", true},
        {"gzip;q=0", false},
        {"gzip; q=0.0", false},
        {"gzip;q=0.001", true},
        {"gzip;q=0, *", false},
        {"*, gzip;q=0", false},
        {"*;q=0", false},
        {"*;q=0, gzip", true},
        {"gzip, *;q=0", true},
        {"x-gzip;q=0, *", false},
        {"gzip;q=7", false},
        {"gzip;q=7, *;q=0.1", true},
};

static void test_gzip(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(encodings) / sizeof(encodings[0]); i++)
		if (negotiate_gzip(encodings[i].header) != encodings[i].gzip)
			fail_msg("\"%s\": expected %d", encodings[i].header, encodings[i].gzip);
}

#define MINUTE_NS UINT64_C(60000000000)
static const struct {
	const char *header;
	bool valid;
	uint64_t ns;
} timeouts[] = {
        {NULL, true, UINT64_MAX},
        {"10", true, UINT64_C(9500000000)},
        {"10.000000", true, UINT64_C(9500000000)},
        {" 10\t", true, UINT64_C(9500000000)},
        {"5", true, UINT64_C(4500000000)},
        {"4", true, UINT64_C(3600000000)},
        {"0.5", true, UINT64_C(450000000)},
        {"0.25", true, UINT64_C(225000000)},
        {"1.123456789", true, UINT64_C(1011111111)},
        {"0.0000000001", true, 1},
        {"3.", true, UINT64_C(2700000000)},
        {"00010", true, UINT64_C(9500000000)},
        {"60", true, MINUTE_NS - UINT64_C(500000000)},
        {"60.9", true, MINUTE_NS - UINT64_C(500000000)},
        {"86400", true, MINUTE_NS - UINT64_C(500000000)},
        {"99999999999999999999999999999999", true, MINUTE_NS - UINT64_C(500000000)},
        {"0", false, 0},
        {"0.000", false, 0},
        {"", false, 0},
        {" ", false, 0},
        {"-1", false, 0},
        {"+1", false, 0},
        {".5", false, 0},
        {"nan", false, 0},
        {"NaN", false, 0},
        {"inf", false, 0},
        {"1e3", false, 0},
        {"0x10", false, 0},
        {"10s", false, 0},
        {"1 0", false, 0},
        {"1.2.3", false, 0},
        {"1,5", false, 0},
};

static void test_timeout(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(timeouts) / sizeof(timeouts[0]); i++) {
		const char *header = timeouts[i].header ? timeouts[i].header : "(none)";
		uint64_t ns = 0;
		bool valid = negotiate_timeout(timeouts[i].header, &ns);

		if (valid != timeouts[i].valid)
			fail_msg("\"%s\": valid is %d", header, valid);
		/* rounding of the margin may cost one nanosecond */
		if (valid && ns - timeouts[i].ns + 1 > 2)
			fail_msg("\"%s\": %llu ns", header, (unsigned long long)ns);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_formats),
	        cmocka_unit_test(test_gzip),
	        cmocka_unit_test(test_timeout),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
