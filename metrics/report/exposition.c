/* SPDX-License-Identifier: Apache-2.0 */
/* Exposition: writes families and samples in text 0.0.4 and OpenMetrics 1.0. */
#include "metrics/report/exposition.h"

#include <stdbool.h>
#include <string.h>

static size_t without_suffix(const char *name, const char *suffix)
{
	return strlen(name) - strlen(suffix);
}

/* Returns the length of the family's name within the samples' name. OpenMetrics leaves out the type's suffix. */
static size_t family_length(const struct exposition *exposition, const struct metric *metric)
{
	if (exposition->format == FORMAT_OPENMETRICS && metric->type == METRIC_COUNTER)
		return without_suffix(metric->name, "_total");
	if (exposition->format == FORMAT_OPENMETRICS && metric->type == METRIC_INFO)
		return without_suffix(metric->name, "_info");
	return strlen(metric->name);
}

static const char *type_name(const struct exposition *exposition, enum metric_type type)
{
	switch (type) {
	case METRIC_COUNTER:
		return "counter";
	case METRIC_INFO:
		return exposition->format == FORMAT_OPENMETRICS ? "info" : "gauge";
	case METRIC_GAUGE:
		break;
	}
	return "gauge";
}

/* Escapes backslash and newline, and quotes if `with_quotes`. */
static void put_escaped(struct textbuf *out, const char *text, size_t length, bool with_quotes)
{
	size_t start = 0;

	for (size_t i = 0; i < length; i++) {
		if (text[i] != '\\' && text[i] != '\n' && (text[i] != '"' || !with_quotes))
			continue;
		textbuf_append(out, text + start, i - start);
		textbuf_putc(out, '\\');
		textbuf_putc(out, text[i] == '\n' ? 'n' : text[i]);
		start = i + 1;
	}
	textbuf_append(out, text + start, length - start);
}

static void put_meta(const struct exposition *exposition, const char *keyword, const struct metric *metric)
{
	textbuf_puts(exposition->out, keyword);
	textbuf_append(exposition->out, metric->name, family_length(exposition, metric));
	textbuf_putc(exposition->out, ' ');
}

static void put_help(const struct exposition *exposition, const struct metric *metric)
{
	put_meta(exposition, "# HELP ", metric);
	put_escaped(exposition->out, metric->help, strlen(metric->help), exposition->format == FORMAT_OPENMETRICS);
	textbuf_putc(exposition->out, '\n');
}

static void put_type(const struct exposition *exposition, const struct metric *metric)
{
	put_meta(exposition, "# TYPE ", metric);
	textbuf_puts(exposition->out, type_name(exposition, metric->type));
	textbuf_putc(exposition->out, '\n');
}

static void put_unit(const struct exposition *exposition, const struct metric *metric)
{
	if (!metric->unit[0])
		return;
	put_meta(exposition, "# UNIT ", metric);
	textbuf_puts(exposition->out, metric->unit);
	textbuf_putc(exposition->out, '\n');
}

/* Writes a sample up to its value. */
static void put_series(const struct exposition *exposition, const struct label *labels, size_t count)
{
	struct textbuf *out = exposition->out;
	char before = '{';

	textbuf_puts(out, exposition->metric->name);
	for (size_t i = 0; i < count; i++) {
		if (!labels[i].length)
			continue;
		textbuf_putc(out, before);
		textbuf_puts(out, labels[i].name);
		textbuf_append(out, "=\"", 2);
		put_escaped(out, labels[i].value, labels[i].length, true);
		textbuf_putc(out, '"');
		before = ',';
	}
	if (before == ',')
		textbuf_putc(out, '}');
	textbuf_putc(out, ' ');
}

void exposition_begin(struct exposition *exposition, struct textbuf *out, enum exposition_format format)
{
	*exposition = (struct exposition){.out = out, .format = format};
}

void exposition_family(struct exposition *exposition, const struct metric *metric)
{
	exposition->metric = metric;
	if (exposition->format == FORMAT_OPENMETRICS) {
		put_type(exposition, metric);
		put_unit(exposition, metric);
		put_help(exposition, metric);
	} else {
		put_help(exposition, metric);
		put_type(exposition, metric);
	}
}

void exposition_uint(struct exposition *exposition, const struct label *labels, size_t count, uint64_t value)
{
	put_series(exposition, labels, count);
	textbuf_put_uint(exposition->out, value);
	textbuf_putc(exposition->out, '\n');
}

void exposition_decimal(struct exposition *exposition, const struct label *labels, size_t count, uint64_t units,
                        unsigned digits)
{
	put_series(exposition, labels, count);
	textbuf_put_decimal(exposition->out, units, digits);
	textbuf_putc(exposition->out, '\n');
}

void exposition_end(struct exposition *exposition)
{
	if (exposition->format == FORMAT_OPENMETRICS)
		textbuf_puts(exposition->out, "# EOF\n");
}
