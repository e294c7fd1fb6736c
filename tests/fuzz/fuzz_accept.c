/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzzes content negotiation: answers are exact constants, and equivalent headers have equal answers. */
#include "tests/fuzz/fuzz.h"

#include <ctype.h>
#include <strings.h>

#include "exporter/http/negotiate.h"

/* A minute. */
#define LONGEST_NS UINT64_C(60000000000)

static const char text_type[] = "text/plain; version=0.0.4; charset=utf-8";
static const char open_type[] = "application/openmetrics-text; version=1.0.0; charset=utf-8";

static bool contains(const char *header, const char *word)
{
	for (; *header; header++)
		if (strncasecmp(header, word, strlen(word)) == 0)
			return true;
	return false;
}

static bool same(const struct negotiated *a, const struct negotiated *b)
{
	return a->acceptable == b->acceptable && a->format == b->format &&
	       strcmp(a->content_type, b->content_type) == 0;
}

static void check_format(const char *header, const struct negotiated *result)
{
	const char *rest;

	if (result->format == FORMAT_TEXT) {
		CHECK(strcmp(result->content_type, text_type) == 0);
	} else {
		CHECK(result->format == FORMAT_OPENMETRICS);
		CHECK(contains(header, "application/") || contains(header, "*/*") || contains(header, "text/"));
		CHECK(strncmp(result->content_type, open_type, strlen(open_type)) == 0);
		rest = result->content_type + strlen(open_type);
		CHECK(strcmp(rest, "") == 0 || strcmp(rest, "; escaping=allow-utf-8") == 0 ||
		      strcmp(rest, "; escaping=underscores") == 0);
		CHECK(*rest == '\0' || contains(header, "escaping"));
	}
	/* Only an explicit q=0 refuses. */
	CHECK(result->acceptable || (contains(header, "q") && strchr(header, '0')));
}

static void check_timeout(const char *header)
{
	uint64_t ns = 0;

	if (!negotiate_timeout(header, &ns))
		return;
	CHECK(ns > 0 && ns <= LONGEST_NS);
	CHECK(strpbrk(header, "123456789"));
	CHECK(header[strspn(header, " \t.0123456789")] == '\0');
}

/* Returns an equivalent header: capitals, and an empty first element (RFC 9110, 5.6.1.2). */
static char *reworded(const char *header, size_t length)
{
	char *other = malloc(length + 3);

	CHECK(other);
	memcpy(other, ", ", 2);
	for (size_t i = 0; i <= length; i++)
		other[i + 2] = (char)toupper((unsigned char)header[i]);
	return other;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	char *header = terminated_copy(bytes, length), *other = reworded(header, strlen(header));
	struct negotiated result = negotiate_format(header), again = negotiate_format(other);
	bool gzip = negotiate_gzip(header);

	check_format(header, &result);
	CHECK(same(&result, &again));
	CHECK(negotiate_gzip(other) == gzip);
	CHECK(!gzip || contains(header, "gzip") || strchr(header, '*'));
	check_timeout(header);
	free(other);
	free(header);
	return 0;
}
