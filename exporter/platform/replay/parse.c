/* SPDX-License-Identifier: Apache-2.0 */
/* Parser of recorded snapshots. It checks every number that refers to a part of the snapshot. */
#include "exporter/platform/replay/parse.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "exporter/platform/replay/reader.h"

enum {
	/* The longest text of a process, a command line, on any system. */
	TEXT_MAX = 1 << 21,
	/* Lines between two checks of the deadline, which take well under a millisecond. */
	LINES_PER_LOOK = 1024,
};

const struct replay_bit replay_facts[REPLAY_FACT_COUNT] = {
        {"queues", FACT_QUEUES}, {"accept_queues", FACT_ACCEPT_QUEUES}, {"close_wait_age", FACT_CLOSE_WAIT_AGE},
        {"shared", FACT_SHARED}, {"unreadable", FACT_UNREADABLE},       {"drops", FACT_DROPS},
        {"timers", FACT_TIMERS},
};

const struct replay_bit replay_flags[REPLAY_FLAG_COUNT] = {
        {"v6_only", SOCKET_V6_ONLY},         {"v4_mapped", SOCKET_V4_MAPPED},
        {"credited", SOCKET_CREDITED},       {"retransmitting", SOCKET_RETRANSMITTING},
        {"zero_window", SOCKET_ZERO_WINDOW},
};

const char *const replay_texts[PROCESS_TEXT_COUNT] = {
        [PROCESS_NAME] = "name", [PROCESS_USER] = "user",           [PROCESS_EXE] = "exe",
        [PROCESS_UNIT] = "unit", [PROCESS_CONTAINER] = "container",
};

static int read_facts(struct reader *reader)
{
	for (struct word word; (word = word_next(&reader->line)).length > 0;) {
		size_t i = 0;

		while (i < REPLAY_FACT_COUNT && !word_is(word, replay_facts[i].name))
			i++;
		if (i == REPLAY_FACT_COUNT)
			return reader_fault(reader, "unknown fact");
		reader->snapshot->facts |= replay_facts[i].bit;
	}
	return 0;
}

static int read_states(struct reader *reader)
{
	for (struct word word; (word = word_next(&reader->line)).length > 0;) {
		enum socket_state state = state_from_name(word.bytes, word.length);

		if (state == STATE_COUNT)
			return reader_fault(reader, "unknown state");
		reader->snapshot->states |= STATE_BIT(state);
	}
	return 0;
}

static int read_unreadable(struct reader *reader)
{
	if (!reader_number(reader, UINT64_MAX, &reader->snapshot->unreadable_processes))
		return reader_fault(reader, "expected a number of unreadable processes");
	return 0;
}

static int read_shared(struct reader *reader)
{
	if (!reader_number(reader, UINT64_MAX, &reader->snapshot->shared_sockets))
		return reader_fault(reader, "expected a number of shared sockets");
	return 0;
}

static int read_time(struct reader *reader)
{
	if (!reader_number(reader, UINT64_MAX, &reader->snapshot->sockets_ns) ||
	    !reader_number(reader, UINT64_MAX, &reader->snapshot->owners_ns))
		return reader_fault(reader, "expected two numbers of nanoseconds");
	return 0;
}

static int read_netns(struct reader *reader)
{
	struct snapshot_netns netns = {.ephemeral_low = 1}; /* high < low: not known */
	struct word low, high;
	uint64_t from, to;
	uint32_t index;

	if (!reader_number(reader, UINT64_MAX, &netns.id))
		return reader_fault(reader, "expected the id of a namespace");
	low = word_next(&reader->line);
	high = word_next(&reader->line);
	if (!word_is(low, "-") || !word_is(high, "-")) {
		if (!word_number(low, UINT16_MAX, &from) || !word_number(high, UINT16_MAX, &to) || to < from)
			return reader_fault(reader, "expected a range of ephemeral ports");
		netns.ephemeral_low = (uint16_t)from;
		netns.ephemeral_high = (uint16_t)to;
	}
	return snapshot_add_netns(reader->snapshot, &netns, &index);
}

/* Reads ports and ranges of ports up to the end of the line. */
static int read_ports(struct reader *reader, struct port_set *ports)
{
	for (struct word word; (word = word_next(&reader->line)).length > 0;) {
		struct word low = word, high = word;
		uint64_t from, to;

		word_split(word, '-', &low, &high);
		if (!word_number(low, UINT16_MAX, &from) || !word_number(high, UINT16_MAX, &to) || to < from)
			return reader_fault(reader, "expected a port or a range of ports");
		for (; from <= to; from++) {
			/* Bounds the work too: no port is entered twice. */
			if (port_set_has(ports, (uint16_t)from))
				return reader_fault(reader, "repeated port");
			port_set_add(ports, (uint16_t)from);
		}
	}
	return 0;
}

static int read_reserved(struct reader *reader)
{
	return read_ports(reader, &reader->snapshot->reserved);
}

static int read_bound(struct reader *reader)
{
	return read_ports(reader, &reader->snapshot->bound_ports);
}

static int read_text(struct reader *reader, uint32_t process, struct word word)
{
	for (int i = 0; i < PROCESS_TEXT_COUNT; i++) {
		struct word rest = word;
		size_t length;

		if (!word_skip(&rest, replay_texts[i]) || !word_skip(&rest, "="))
			continue;
		if (rest.length > TEXT_MAX)
			return reader_fault(reader, "text is too long");
		if (array_reserve((void **)&reader->text, &reader->text_capacity, rest.length + 1, 1) != 0)
			return -ENOMEM;
		if (!word_unescape(rest, reader->text, &length))
			return reader_fault(reader, "expected two hexadecimal digits after %");
		return snapshot_set_text(reader->snapshot, process, (enum process_text)i, reader->text, length);
	}
	return reader_fault(reader, "unknown text of a process");
}

static int read_process(struct reader *reader)
{
	uint64_t pid, start;
	uint32_t index;
	int err;

	if (!reader_number(reader, UINT32_MAX, &pid) || !reader_number(reader, UINT64_MAX, &start))
		return reader_fault(reader, "expected the PID and start of a process");
	err = snapshot_add_process(reader->snapshot, (uint32_t)pid, start, &index);
	for (struct word word; err == 0 && (word = word_next(&reader->line)).length > 0;)
		err = read_text(reader, index, word);
	if (err == 0 && reader->snapshot->processes[index].text[PROCESS_NAME].length == TEXT_ABSENT)
		return reader_fault(reader, "process without a name");
	return err;
}

static int read_the_end(struct reader *reader)
{
	reader->ended = true;
	return 0;
}

static const struct line_kind {
	const char *name;
	int (*read)(struct reader *reader);
} line_kinds[] = {
        {"socket", reader_socket},       {"process", read_process}, {"netns", read_netns},
        {"reserved", read_reserved},     {"facts", read_facts},     {"states", read_states},
        {"unreadable", read_unreadable}, {"shared", read_shared},   {"time", read_time},
        {"bound", read_bound},           {"end", read_the_end},
};

static int read_line(struct reader *reader)
{
	struct word word = word_next(&reader->line);

	if (word.length == 0 || word.bytes[0] == '#')
		return 0;
	if (reader->ended)
		return reader_fault(reader, "line after the end");
	for (size_t i = 0; i < sizeof(line_kinds) / sizeof(line_kinds[0]); i++) {
		int err;

		if (!word_is(word, line_kinds[i].name))
			continue;
		err = line_kinds[i].read(reader);
		if (err == 0 && word_next(&reader->line).length > 0)
			return reader_fault(reader, "unexpected word");
		return err;
	}
	return reader_fault(reader, "unknown kind of line");
}

static int read_title(struct reader *reader)
{
	if (!word_is(word_next(&reader->line), REPLAY_TITLE))
		return reader_fault(reader, "not a recorded snapshot: the first line is not \"" REPLAY_TITLE "\"");
	if (!word_is(word_next(&reader->line), REPLAY_VERSION))
		return reader_fault(reader, "unknown version, expected " REPLAY_VERSION);
	return 0;
}

static int read_lines(struct reader *reader, const char *bytes, size_t length, struct deadline *deadline, size_t *line)
{
	int err = 0;

	for (size_t at = 0; err == 0 && at < length; ++*line) {
		const char *newline = memchr(bytes + at, '\n', length - at);
		size_t size = newline != NULL ? (size_t)(newline - (bytes + at)) : length - at;

		if (deadline != NULL && *line % LINES_PER_LOOK == 0)
			err = deadline_check(deadline);
		if (err != 0)
			return err;
		reader->line = (struct word){bytes + at, size};
		err = *line == 0 ? read_title(reader) : read_line(reader);
		at += size + 1;
	}
	if (err == 0 && !reader->ended)
		return reader_fault(reader, *line == 0 ? "the file is empty"
		                                       : "the file is cut short: its last line is not \"end\"");
	return err;
}

int replay_parse(const char *bytes, size_t length, struct deadline *deadline, struct snapshot *snapshot,
                 struct replay_fault *result)
{
	struct reader reader = {.snapshot = snapshot};
	size_t line = 0;
	int err;

	err = read_lines(&reader, bytes, length, deadline, &line);
	*result = (struct replay_fault){.line = line > 0 ? line : 1, .reason = reader.reason};
	free(reader.text);
	return err;
}
