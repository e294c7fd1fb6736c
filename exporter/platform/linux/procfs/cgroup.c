/* SPDX-License-Identifier: Apache-2.0 */
/* Parser of /proc/PID/cgroup: finds a process's systemd unit and its container. */
#include "exporter/platform/linux/procfs/parse.h"

#include <string.h>

/* Container engines name containers by 256 random bits in hexadecimal. */
#define CONTAINER_ID_LENGTH 64

static bool has_suffix(struct parsed_text text, const char *suffix)
{
	size_t length = strlen(suffix);

	return text.length > length && memcmp(text.bytes + text.length - length, suffix, length) == 0;
}

/* Splits an "ID:CONTROLLERS:PATH" line. Returns false if the line has another form. */
static bool split_line(struct parsed_text line, struct parsed_text *controllers, struct parsed_text *path)
{
	const char *end = line.bytes + line.length;
	const char *first = memchr(line.bytes, ':', line.length);
	const char *second = first ? memchr(first + 1, ':', (size_t)(end - first - 1)) : NULL;

	if (!second)
		return false;
	*controllers = (struct parsed_text){first + 1, (size_t)(second - first - 1)};
	*path = (struct parsed_text){second + 1, (size_t)(end - second - 1)};
	return true;
}

/* Removes the next line from `rest`. */
static bool next_line(struct parsed_text *rest, struct parsed_text *line)
{
	const char *newline;

	if (rest->length == 0)
		return false;
	newline = memchr(rest->bytes, '\n', rest->length);
	line->bytes = rest->bytes;
	line->length = newline ? (size_t)(newline - rest->bytes) : rest->length;
	rest->bytes += line->length + (newline ? 1 : 0);
	rest->length -= line->length + (newline ? 1 : 0);
	return true;
}

/* Removes the next component from a path. */
static bool next_component(struct parsed_text *path, struct parsed_text *component)
{
	const char *slash;

	while (path->length > 0 && *path->bytes == '/') {
		path->bytes++;
		path->length--;
	}
	if (path->length == 0)
		return false;
	slash = memchr(path->bytes, '/', path->length);
	component->bytes = path->bytes;
	component->length = slash ? (size_t)(slash - path->bytes) : path->length;
	path->bytes += component->length;
	path->length -= component->length;
	return true;
}

/* Returns true for systemd's hierarchy: the unified hierarchy ("0::") or the named hierarchy of cgroup v1. */
static bool is_systemd_hierarchy(struct parsed_text controllers)
{
	static const char name[] = "name=systemd";

	return controllers.length == 0 ||
	       (controllers.length == sizeof(name) - 1 && memcmp(controllers.bytes, name, sizeof(name) - 1) == 0);
}

static bool is_unit(struct parsed_text component)
{
	static const char *const suffixes[] = {".service", ".scope", ".socket", ".mount", ".swap"};

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++)
		if (has_suffix(component, suffixes[i]))
			return true;
	return false;
}

/* The path of a process outside the reader's cgroup namespace begins with "/.." (cgroup_namespaces(7)). */
static bool is_above_units(struct parsed_text component)
{
	return has_suffix(component, ".slice") || (component.length == 2 && memcmp(component.bytes, "..", 2) == 0);
}

static struct parsed_text unit_of_path(struct parsed_text path)
{
	struct parsed_text component, unit = {NULL, 0};

	while (next_component(&path, &component)) {
		if (is_unit(component))
			unit = component;
		else if (!is_above_units(component))
			break; /* a cgroup that the unit made */
	}
	return unit;
}

struct parsed_text parse_cgroup_unit(const char *bytes, size_t length)
{
	struct parsed_text rest = {bytes, length}, line, controllers, path;

	while (next_line(&rest, &line)) {
		if (split_line(line, &controllers, &path) && is_systemd_hierarchy(controllers)) {
			struct parsed_text unit = unit_of_path(path);

			if (unit.length > 0)
				return unit;
		}
	}
	return (struct parsed_text){NULL, 0};
}

static bool is_hex(char byte)
{
	return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'f');
}

static bool is_of_conmon(const char *path, const char *id)
{
	static const char prefix[] = "conmon-";
	const size_t length = sizeof(prefix) - 1;

	return (size_t)(id - path) >= length && memcmp(id - length, prefix, length) == 0;
}

/* Returns the last run of exactly 64 hexadecimal digits. */
static struct parsed_text container_of_path(struct parsed_text path)
{
	struct parsed_text found = {NULL, 0};
	size_t run = 0;

	for (size_t i = 0; i <= path.length; i++) {
		if (i < path.length && is_hex(path.bytes[i])) {
			run++;
			continue;
		}
		if (run == CONTAINER_ID_LENGTH && !is_of_conmon(path.bytes, path.bytes + i - run))
			found = (struct parsed_text){path.bytes + i - run, run};
		run = 0;
	}
	return found;
}

struct parsed_text parse_cgroup_container(const char *bytes, size_t length)
{
	struct parsed_text rest = {bytes, length}, line, controllers, path;

	while (next_line(&rest, &line)) {
		if (split_line(line, &controllers, &path)) {
			struct parsed_text id = container_of_path(path);

			if (id.length > 0)
				return id;
		}
	}
	return (struct parsed_text){NULL, 0};
}
