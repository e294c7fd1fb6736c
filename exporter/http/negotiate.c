/* SPDX-License-Identifier: Apache-2.0 */
/* Content negotiation: parses Accept, Accept-Encoding and Prometheus' timeout header. */
#include "exporter/http/negotiate.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

/* Quality values are in thousandths, the resolution of RFC 9110. */
enum { QUALITY_MAX = 1000, QUALITY_INVALID = -1 };

/* Bytes of the header. `start` is NULL if the parameter is missing. */
struct slice {
	const char *start;
	size_t length;
};

/* One element of a list header: its name, and the parameters that are used here. */
struct element {
	struct slice name, version, escaping;
	int quality; /* or QUALITY_INVALID */
};

/* Degree to which an element fits a format. The quality of the best fit counts. */
enum fit { FIT_NONE, FIT_ANYTHING, FIT_TYPE, FIT_SUBTYPE, FIT_VERSION };

struct candidate {
	const char *type, *subtype, *version;
	enum fit fit;
	int quality;
	size_t position; /* index of the element that fits best */
	struct slice escaping;
};

enum { FORMAT_COUNT = FORMAT_OPENMETRICS + 1 };

/* The answer must arrive before Prometheus' timeout. The margin for sending is a tenth, which is enough on a local
 * network, and at most half a second, so that a long timeout is used. */
static const uint64_t margin_max_ns = UINT64_C(500000000);
enum { MARGIN_SHARE = 10 };
/* Prometheus' default interval, which its timeout cannot exceed. It bounds the time of a scrape that hangs. */
enum { TIMEOUT_MAX_SECONDS = 60 };
static const uint64_t second_ns = UINT64_C(1000000000);

static bool slice_is(struct slice slice, const char *word)
{
	return slice.start && strlen(word) == slice.length && strncasecmp(slice.start, word, slice.length) == 0;
}

static const char *skip_space(const char *at)
{
	return at + strspn(at, " \t");
}

static struct slice trimmed(const char *start, const char *end)
{
	while (end > start && (end[-1] == ' ' || end[-1] == '\t'))
		end--;
	return (struct slice){start, (size_t)(end - start)};
}

/* Returns the byte after the quoted string that starts at `at`, or the end of the text if it is not closed. */
static const char *skip_quoted(const char *at)
{
	for (at++; *at && *at != '"'; at++)
		if (*at == '\\' && at[1])
			at++;
	return *at ? at + 1 : at;
}

/* Returns the first byte of `stops` that is not quoted, or the end of the text. */
static const char *find_stop(const char *at, const char *stops)
{
	while (*at && !strchr(stops, *at))
		at = *at == '"' ? skip_quoted(at) : at + 1;
	return at;
}

/* Parses a quality, such as "1" or "0.5": a digit and at most three decimals. Returns thousandths, or QUALITY_INVALID.
 */
static int parse_quality(struct slice text)
{
	int value = 0, scale = QUALITY_MAX;

	if (text.length == 0 || text.length > 5 || (text.start[0] != '0' && text.start[0] != '1'))
		return QUALITY_INVALID;
	if (text.length > 1 && text.start[1] != '.')
		return QUALITY_INVALID;
	for (size_t i = 0; i < text.length; i++) {
		if (i == 1)
			continue;
		if (text.start[i] < '0' || text.start[i] > '9')
			return QUALITY_INVALID;
		value += (text.start[i] - '0') * scale;
		scale /= 10;
	}
	return value <= QUALITY_MAX ? value : QUALITY_INVALID;
}

static struct slice unquoted(struct slice value)
{
	if (value.length >= 2 && value.start[0] == '"' && value.start[value.length - 1] == '"')
		return (struct slice){value.start + 1, value.length - 2};
	return value;
}

static void take_parameter(struct element *element, struct slice name, struct slice value)
{
	value = unquoted(value);
	if (slice_is(name, "q"))
		element->quality = parse_quality(value);
	else if (slice_is(name, "version"))
		element->version = value;
	else if (slice_is(name, "escaping"))
		element->escaping = value;
}

/* Reads the next element of a list. Returns false at the end of the header. Empty elements are allowed (RFC 9110,
 * 5.6.1.2), and have an empty name. */
static bool next_element(const char **cursor, struct element *element)
{
	const char *at = skip_space(*cursor), *end;

	if (!*at)
		return false;
	*element = (struct element){.quality = QUALITY_MAX};
	end = find_stop(at, ",;");
	element->name = trimmed(at, end);
	while (*end == ';') {
		const char *name = skip_space(end + 1), *equals = find_stop(name, "=,;");

		end = find_stop(equals, ",;");
		if (*equals == '=')
			take_parameter(element, trimmed(name, equals), trimmed(skip_space(equals + 1), end));
	}
	*cursor = *end ? end + 1 : end;
	return true;
}

static enum fit fit_of(const struct element *element, const struct candidate *candidate)
{
	const char *slash = memchr(element->name.start, '/', element->name.length);
	struct slice type, subtype;

	if (!slash)
		return FIT_NONE;
	type = (struct slice){element->name.start, (size_t)(slash - element->name.start)};
	subtype = (struct slice){slash + 1, element->name.length - type.length - 1};
	if (slice_is(type, "*"))
		return slice_is(subtype, "*") ? FIT_ANYTHING : FIT_NONE;
	if (!slice_is(type, candidate->type))
		return FIT_NONE;
	if (slice_is(subtype, "*"))
		return FIT_TYPE;
	if (!slice_is(subtype, candidate->subtype))
		return FIT_NONE;
	if (!element->version.start)
		return FIT_SUBTYPE;
	return slice_is(element->version, candidate->version) ? FIT_VERSION : FIT_NONE;
}

static void consider(struct candidate *candidate, const struct element *element, size_t position)
{
	enum fit fit = fit_of(element, candidate);

	if (fit == FIT_NONE || fit < candidate->fit)
		return;
	if (fit == candidate->fit && element->quality <= candidate->quality)
		return;
	candidate->fit = fit;
	candidate->quality = element->quality;
	candidate->position = position;
	candidate->escaping = element->escaping;
}

static bool refused(const struct candidate *candidate)
{
	return candidate->fit != FIT_NONE && candidate->quality == 0;
}

/* Returns true if the answer must be OpenMetrics instead of text. */
static bool prefers_openmetrics(const struct candidate *text, const struct candidate *open)
{
	if (open->quality != text->quality)
		return open->quality > text->quality;
	if (open->fit != FIT_NONE && text->fit != FIT_NONE && open->quality > 0)
		return open->position < text->position;
	return refused(text); /* neither is preferred: text, unless it is refused */
}

static const char *openmetrics_type(struct slice escaping)
{
	if (!escaping.start)
		return "application/openmetrics-text; version=1.0.0; charset=utf-8";
	if (slice_is(escaping, "allow-utf-8"))
		return "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=allow-utf-8";
	return "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=underscores";
}

struct negotiated negotiate_format(const char *accept)
{
	struct candidate candidates[FORMAT_COUNT] = {
	        [FORMAT_TEXT] = {.type = "text", .subtype = "plain", .version = "0.0.4"},
	        [FORMAT_OPENMETRICS] = {.type = "application", .subtype = "openmetrics-text", .version = "1.0.0"},
	};
	const struct candidate *text = &candidates[FORMAT_TEXT], *open = &candidates[FORMAT_OPENMETRICS];
	struct negotiated result = {.acceptable = true};
	struct element element;

	for (size_t position = 0; accept && next_element(&accept, &element); position++) {
		if (element.quality == QUALITY_INVALID)
			continue;
		for (size_t i = 0; i < FORMAT_COUNT; i++)
			consider(&candidates[i], &element, position);
	}
	if (refused(text) && refused(open))
		result.acceptable = false;
	result.format = prefers_openmetrics(text, open) ? FORMAT_OPENMETRICS : FORMAT_TEXT;
	result.content_type = result.format == FORMAT_OPENMETRICS ? openmetrics_type(open->escaping)
	                                                          : "text/plain; version=0.0.4; charset=utf-8";
	return result;
}

bool negotiate_gzip(const char *accept_encoding)
{
	/* From the least to the most specific name of gzip. */
	static const char *const names[] = {"*", "x-gzip", "gzip"};
	size_t strongest = 0;
	int quality = 0;
	struct element element;

	while (accept_encoding && next_element(&accept_encoding, &element)) {
		for (size_t i = strongest; i < sizeof(names) / sizeof(names[0]); i++) {
			if (element.quality == QUALITY_INVALID || !slice_is(element.name, names[i]))
				continue;
			strongest = i;
			quality = element.quality;
		}
	}
	return quality > 0;
}

/* Reads digits as seconds, at most TIMEOUT_MAX_SECONDS. */
static uint64_t read_seconds(const char **at)
{
	uint64_t seconds = 0;

	for (; **at >= '0' && **at <= '9'; (*at)++) {
		seconds = seconds * 10 + (uint64_t)(**at - '0');
		if (seconds > TIMEOUT_MAX_SECONDS)
			seconds = TIMEOUT_MAX_SECONDS;
	}
	return seconds;
}

/* Reads the digits after the point as nanoseconds, rounded up. */
static uint64_t read_fraction(const char **at)
{
	uint64_t ns = 0, scale = second_ns / 10;
	bool finer = false;

	for (; **at >= '0' && **at <= '9'; (*at)++) {
		ns += (uint64_t)(**at - '0') * scale;
		finer = finer || (scale == 0 && **at != '0');
		scale /= 10;
	}
	return finer ? ns + 1 : ns;
}

bool negotiate_timeout(const char *header, uint64_t *ns)
{
	const char *at, *start;
	uint64_t time, margin;

	*ns = UINT64_MAX;
	if (!header)
		return true;
	start = at = skip_space(header);
	time = read_seconds(&at) * second_ns;
	if (at == start) /* no digit: also signs, "inf" and "nan" */
		return false;
	if (*at == '.') {
		at++;
		time += read_fraction(&at);
	}
	if (*skip_space(at) || time == 0)
		return false;
	if (time > TIMEOUT_MAX_SECONDS * second_ns)
		time = TIMEOUT_MAX_SECONDS * second_ns;
	margin = time / MARGIN_SHARE;
	*ns = time - (margin < margin_max_ns ? margin : margin_max_ns);
	return true;
}
