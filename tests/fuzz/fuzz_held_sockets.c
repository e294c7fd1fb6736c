/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzzes the decoder of the rows of the BPF walk over files: each socket once, with the holder that comes first, and
 * counts that add up. A row is ROW_BYTES of input.
 */
#include "tests/fuzz/fuzz.h"

#include <errno.h>
#include <netinet/tcp.h>

#include "exporter/platform/linux/bpf/held_sockets.h"

enum {
	ROW_BYTES = 6,
	IDENTITIES = 256,
	PROCESSES = 16, /* by index in the window: their ages are in no order */
	NO_TASK = 0xff, /* of a row: no process of the window */
};

/* Expected result of the rows, computed in a simple way. */
struct model {
	uint32_t last; /* process that had a row, + 1 */
	bool met[PROCESSES];
	uint32_t holder[IDENTITIES]; /* + 1; 0: none */
	bool shared[IDENTITIES];
	size_t sockets, shared_count;
};

static const struct platform_options all = {.want = WANT_SHARED | WANT_CLOSE_WAIT_AGE | WANT_REMOTE_ADDRESSES,
                                            .all_netns = true};
static struct window window;

static uint64_t age_of(uint32_t process)
{
	return process * 7 % PROCESSES;
}

/* Returns true for PID 1 of a namespace, which owns last. */
static bool is_init(uint32_t process)
{
	return process % 5 == 0;
}

static void fill_tasks(void)
{
	for (uint32_t i = 0; i < PROCESSES; i++)
		window.tasks[i] = (struct window_task){
		        .start = age_of(i), .pid = i + 1, .init = is_init(i), .thread = i % 3 == 0, .comm = "p"};
}

/* Returns true if the socket is a listener, which never changes. */
static bool is_listener(uint64_t identity)
{
	return identity % 2;
}

/* Fills a row. A socket's port is its identity. */
static void fill_row(const uint8_t *bytes, struct window_row *row)
{
	*row = (struct window_row){.identity = bytes[0],
	                           .state = bytes[1],
	                           .task = bytes[2] == NO_TASK ? WINDOW_ROWS : bytes[2] % PROCESSES,
	                           .family = bytes[3] & 1 ? 6 : 4,
	                           .flags = bytes[3] >> 1 & 3,
	                           .netns = 1 + (bytes[3] >> 3 & 3),
	                           .receive_queue = bytes[4],
	                           .quiet = bytes[4] * 16843009u,
	                           .local_port = bytes[0],
	                           .inode = bytes[0]};
	if (row->state - 1u < TCP_CLOSING && (row->state == TCP_LISTEN) != is_listener(bytes[0]))
		row->state = is_listener(bytes[0]) ? TCP_LISTEN : TCP_ESTABLISHED;
	memset(row->local, bytes[5], sizeof(row->local));
	if (bytes[3] & 0x80) /* IPv4-mapped */
		memcpy(row->local, (const uint8_t[12]){[10] = 0xff, [11] = 0xff}, 12);
}

static bool comes_first(uint32_t a, uint32_t b)
{
	return is_init(a) != is_init(b) ? is_init(b) : age_of(a) < age_of(b);
}

/* The files of a process come in one run, except files of threads with own tables. Later rows become such rows. */
static void keep_runs(struct model *model, const struct window_row *row)
{
	if (row->state < TCP_ESTABLISHED || row->state > TCP_CLOSING)
		return;
	if (model->met[row->task] && model->last != row->task + 1u)
		window.tasks[row->task].thread = true;
	model->met[row->task] = true;
	model->last = row->task + 1u;
}

static void count_row(struct model *model, const struct window_row *row)
{
	uint32_t *holder = &model->holder[row->identity];

	if (row->state < TCP_ESTABLISHED || row->state > TCP_CLOSING)
		return;
	if (*holder == 0) {
		*holder = row->task + 1u;
		model->sockets++;
		return;
	}
	if (*holder == row->task + 1u)
		return;
	model->shared_count += !model->shared[row->identity];
	model->shared[row->identity] = true;
	if (comes_first(row->task, *holder - 1))
		*holder = row->task + 1u;
}

static void check_sockets(const struct held_sockets *held, const struct snapshot *snapshot, const struct model *model)
{
	uint64_t own = 0;

	CHECK(snapshot->socket_count == model->sockets && held->shared == model->shared_count);
	for (size_t i = 0; i < snapshot->socket_count; i++) {
		const struct snapshot_socket *socket = &snapshot->sockets[i];
		uint32_t holder = model->holder[socket->local_port];

		CHECK(socket->owner < snapshot->process_count && socket->state < STATE_COUNT);
		CHECK(snapshot->processes[socket->owner].pid == holder);
		CHECK(socket->local < snapshot->address_count && socket->remote < snapshot->address_count);
		CHECK(snapshot->addresses[socket->local].netns < snapshot->netns_count);
		own += snapshot->addresses[socket->local].netns == 0 && socket->state != STATE_SYN_RECV;
	}
	CHECK(held->own == own);
}

/* Hands over windows of `size` rows. */
static int decode(struct held_sockets *held, struct model *model, const uint8_t *bytes, size_t length, size_t size)
{
	int result = 0;

	while (length >= ROW_BYTES && result == 0) {
		uint32_t count = 0;

		for (; length >= ROW_BYTES && count < size; bytes += ROW_BYTES, length -= ROW_BYTES) {
			fill_row(bytes, &window.rows[count]);
			if (window.rows[count].task == WINDOW_ROWS) {
				result = window.rows[count].state - 1u < TCP_CLOSING ? -EBADMSG : 0;
			} else if (result == 0) {
				keep_runs(model, &window.rows[count]);
				count_row(model, &window.rows[count]);
			}
			count++;
			if (result != 0)
				break;
		}
		window.row_count = count;
		CHECK(held_sockets_add(held, &window) == result);
	}
	return result;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	const struct snapshot_netns netns = {.id = 1};
	struct snapshot snapshot;
	struct held_sockets held;
	struct model model = {.sockets = 0};
	uint32_t index;

	if (length == 0)
		return 0;
	fill_tasks();
	snapshot_init(&snapshot);
	held_sockets_init(&held, &all);
	held.hz = bytes[0] >> 4;
	CHECK(snapshot_add_netns(&snapshot, &netns, &index) == 0);
	CHECK(held_sockets_begin(&held, &snapshot) == 0);
	if (decode(&held, &model, bytes + 1, length - 1, 1 + (bytes[0] & 15u)) == 0)
		check_sockets(&held, &snapshot, &model);
	held_sockets_release(&held);
	snapshot_release(&snapshot);
	return 0;
}
