/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz target of the path from hostile names to text: with any process names, both formats are well-formed and their
 * sums are right. */
#include "tests/fuzz/fuzz.h"

#include "metrics/report/report.h"
#include "tests/fuzz/exposition_check.h"

enum {
	PROCESSES_MAX = 64,
	SOCKETS_MAX = 8, /* of a process */
	SERIES_PLENTY = 100000,
};
#define TEXT_LIMIT ((size_t)16 * 1024 * 1024)

/* The rest of the input. After its end it reads as zeros. */
struct input {
	const uint8_t *at;
	size_t left;
};

static unsigned take_byte(struct input *input)
{
	if (input->left == 0)
		return 0;
	input->left--;
	return *input->at++;
}

/* Removes a length byte and as many bytes, or the rest of the input. */
static struct input take_text(struct input *input)
{
	size_t length = take_byte(input);
	struct input text = {input->at, length < input->left ? length : input->left};

	input->at += text.left;
	input->left -= text.left;
	return text;
}

static void add_text(struct snapshot *snapshot, uint32_t process, enum process_text which, struct input text)
{
	CHECK(snapshot_set_text(snapshot, process, which, text.left > 0 ? (const char *)text.at : "", text.left) == 0);
}

static void add_socket(struct snapshot *snapshot, uint32_t owner, unsigned kind)
{
	const uint8_t address[16] = {[0] = (uint8_t)(kind & 3), [15] = 1};
	struct snapshot_socket *socket;
	uint32_t local;

	CHECK(snapshot_intern_address(snapshot, 0, kind & 16 ? 6 : 4, address, &local) == 0);
	socket = snapshot_add_socket(snapshot);
	CHECK(socket);
	socket->owner = kind & 128 ? OWNER_NONE : owner;
	socket->state = (uint8_t)(kind % STATE_DELETE_TCB);
	socket->local = local;
	socket->local_port = (uint16_t)(kind & 32 ? 80 : 40000 + (kind & 7));
	socket->remote_port = (uint16_t)(kind & 64 ? 443 : 50000);
	socket->receive_queue = kind;
	socket->send_queue = 128;
	socket->flags = SOCKET_HAS_QUEUES | (kind & 1 ? SOCKET_RETRANSMITTING : SOCKET_ZERO_WINDOW);
	if (socket->state == STATE_LISTEN) {
		CHECK(snapshot_set_drops(snapshot, socket, snapshot->socket_count, kind) == 0);
	} else {
		socket->quiet_ms = 1000 * kind;
		socket->flags |= SOCKET_HAS_QUIET;
	}
}

static void add_process(struct snapshot *snapshot, struct input *input)
{
	unsigned sockets = take_byte(input), texts = sockets / SOCKETS_MAX;
	uint32_t process;

	CHECK(snapshot_add_process(snapshot, (uint32_t)snapshot->process_count + 1, snapshot->process_count,
	                           &process) == 0);
	for (int text = 0; text < PROCESS_TEXT_COUNT; text++)
		if (text == PROCESS_NAME || (texts & (1u << text)))
			add_text(snapshot, process, (enum process_text)text, take_text(input));
	for (unsigned i = 0; i <= sockets % SOCKETS_MAX; i++)
		add_socket(snapshot, process, take_byte(input));
}

static void fill(struct snapshot *snapshot, struct input *input)
{
	const struct snapshot_netns netns = {4026531840, 32768, 60999};
	uint32_t index;

	CHECK(snapshot_add_netns(snapshot, &netns, &index) == 0);
	snapshot->states = STATE_BIT(STATE_DELETE_TCB) - 1;
	snapshot->facts = FACT_QUEUES | FACT_ACCEPT_QUEUES | FACT_CLOSE_WAIT_AGE | FACT_SHARED | FACT_UNREADABLE;
	while (input->left > 0 && snapshot->process_count < PROCESSES_MAX)
		add_process(snapshot, input);
}

static uint64_t no_clock(void)
{
	return 0;
}

static void check_report(const struct snapshot *snapshot, struct census *census, struct report_options *options)
{
	const struct report_self self = {
	        .version = "1", .revision = "2", .compiler = "3", .backend = "4", .process = {.cpu_us = SELF_ABSENT}};
	const struct report_input input = {snapshot, census, &self};
	struct exposition_sum sums[] = {{"tcp_connections", 0}, {"tcp_sockets", 0}};
	struct report_folding folding;
	struct textbuf out;

	textbuf_init(&out, TEXT_LIMIT);
	report_folding_init(&folding);
	CHECK(report_write(&out, &input, &folding, options) == 0);
	exposition_check(out.data, out.length, options->format == FORMAT_OPENMETRICS, sums, 2);
	CHECK(sums[0].sum == snapshot->socket_count && sums[1].sum == snapshot->socket_count);
	report_folding_release(&folding);
	textbuf_release(&out);
}

static void check(struct snapshot *snapshot, const struct census_options *options, size_t max_series)
{
	struct report_options report = {.families = METRICS_ALL, .max_series = max_series, .now_ns = no_clock};
	struct listeners listeners;
	struct served_ports served;
	struct census census;

	listeners_init(&listeners);
	served_ports_init(&served);
	census_init(&census);
	CHECK(listeners_build(&listeners, snapshot) == 0);
	listeners_credit(&listeners, snapshot);
	CHECK(served_ports_update(&served, snapshot, &listeners) == 0);
	CHECK(census_take(&census, snapshot, &served, options) == 0);
	report.format = FORMAT_TEXT;
	check_report(snapshot, &census, &report);
	report.format = FORMAT_OPENMETRICS;
	check_report(snapshot, &census, &report);
	census_release(&census);
	served_ports_release(&served);
	listeners_release(&listeners);
}

/* An input: optional labels, the modes of ports, cap, then processes with their texts and sockets. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	char *copy = exact_copy(bytes, length);
	struct input input = {(const uint8_t *)copy, length};
	struct census_options options = {.labels = take_byte(&input) & (LABEL_BIT(LABEL_COUNT) - 1)};
	unsigned mode = take_byte(&input);
	size_t max_series = mode & 128 ? SERIES_PLENTY : FOLD_MIN_SERIES + mode / 3;
	struct snapshot snapshot;

	options.local_port = (enum local_port_mode)(mode % 3);
	options.remote_port = (enum remote_port_mode)(mode / 3 % 3);
	snapshot_init(&snapshot);
	fill(&snapshot, &input);
	check(&snapshot, &options, max_series);
	snapshot_release(&snapshot);
	free(copy);
	return 0;
}
