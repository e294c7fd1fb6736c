/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of the contract of every backend: the same assertions on a table of this program's own sockets, read from the
 * kernel, and read from a recording of it.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "exporter/platform/platform.h"
#include "exporter/cli/record.h"
#include "own.h"

#define UNREAD  7
#define BACKLOG 5
#define EVERYTHING                                                                                                     \
	(WANT_USER | WANT_EXE | WANT_UNIT | WANT_CONTAINER | WANT_REMOTE_ADDRESSES | WANT_SHARED | WANT_CLOSE_WAIT_AGE)

static struct {
	int listener, client, server;
	uint16_t port, client_port;
	bool made_are_shown, accepted_is_shown;
	const char *name;
	char recording[64];
} scene;

/* A backend under test, and how to open it. */
struct subject {
	const struct platform_backend *backend;
	struct platform_options options;
	struct platform *platform;
	struct snapshot snapshot;
};

static uint16_t port_of(int fd)
{
	struct sockaddr_in address;
	socklen_t length = sizeof(address);

	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &length), 0);
	return ntohs(address.sin_port);
}

/* Makes a listener, and a connection whose server end is in CLOSE_WAIT with unread bytes. */
static void make_sockets(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t length = sizeof(address);

	scene.listener = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(bind(scene.listener, (struct sockaddr *)&address, length), 0);
	assert_int_equal(listen(scene.listener, BACKLOG), 0);
	scene.port = port_of(scene.listener);
	address.sin_port = htons(scene.port);
	scene.client = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(connect(scene.client, (struct sockaddr *)&address, length), 0);
	scene.client_port = port_of(scene.client);
	scene.server = accept(scene.listener, NULL, NULL);
	assert_true(scene.server >= 0);
	assert_int_equal(send(scene.client, "unread!", UNREAD, 0), UNREAD);
	assert_int_equal(shutdown(scene.client, SHUT_WR), 0);
	own_wait_for_close(scene.client, scene.server);
	scene.made_are_shown = own_shows_made(scene.listener) && own_shows_made(scene.client);
	scene.accepted_is_shown = own_shows_accepted(scene.server);
}

static struct snapshot *read_subject(struct subject *subject)
{
	struct deadline deadline = {.expires_ns = UINT64_MAX};
	struct platform_error error = {{0}};
	int result;

	snapshot_reset(&subject->snapshot);
	result = subject->backend->read(subject->platform, &deadline, &subject->snapshot, &error);
	if (result != 0)
		fail_msg("%s: %s", subject->backend->name, error.text);
	return &subject->snapshot;
}

static void open_subject(struct subject *subject)
{
	struct platform_error error = {{0}};

	snapshot_init(&subject->snapshot);
	if (subject->backend->open(&subject->platform, &subject->options, &error) != 0)
		fail_msg("%s: %s", subject->backend->name, error.text);
}

static void close_subject(void *subject_)
{
	struct subject *subject = subject_;

	snapshot_release(&subject->snapshot);
	subject->backend->close(subject->platform);
}

static const struct snapshot_socket *find(const struct snapshot *snapshot, enum socket_state state, uint16_t local,
                                          uint16_t remote)
{
	const struct snapshot_socket *found = NULL;

	for (size_t i = 0; i < snapshot->socket_count; i++) {
		const struct snapshot_socket *socket = &snapshot->sockets[i];

		if (socket->state == state && socket->local_port == local && socket->remote_port == remote) {
			assert_null(found); /* one row per socket */
			found = socket;
		}
	}
	assert_non_null(found);
	return found;
}

static void assert_is_ours(const struct snapshot *snapshot, const struct snapshot_socket *socket)
{
	const uint8_t loopback[4] = {127, 0, 0, 1};
	const struct snapshot_process *owner;

	assert_true(socket->owner < snapshot->process_count);
	owner = &snapshot->processes[socket->owner];
	assert_int_equal(owner->pid, own_pid());
	assert_int_equal(owner->text[PROCESS_NAME].length, strlen(scene.name));
	assert_memory_equal(snapshot_text(snapshot, owner->text[PROCESS_NAME]), scene.name, strlen(scene.name));
	assert_int_not_equal(owner->text[PROCESS_EXE].length, TEXT_ABSENT);
	assert_int_not_equal(owner->text[PROCESS_USER].length, TEXT_ABSENT);
	assert_int_equal(snapshot->addresses[socket->local].family, 4);
	assert_memory_equal(snapshot->addresses[socket->local].bytes, loopback, sizeof(loopback));
}

static void reports_our_sockets(struct subject *subject)
{
	const struct snapshot *snapshot = read_subject(subject);
	const struct snapshot_socket *listener = find(snapshot, STATE_LISTEN, scene.port, 0);
	const struct snapshot_socket *server = find(snapshot, STATE_CLOSE_WAIT, scene.port, scene.client_port);
	const struct snapshot_socket *client = find(snapshot, STATE_FIN_WAIT2, scene.client_port, scene.port);

	assert_true(scene.made_are_shown);
	assert_is_ours(snapshot, listener);
	assert_is_ours(snapshot, client);
	if (scene.accepted_is_shown)
		assert_is_ours(snapshot, server);
	assert_int_equal(snapshot->facts & own_facts(), own_facts());
	if (snapshot->facts & FACT_ACCEPT_QUEUES) {
		assert_int_equal(listener->receive_queue, 0);
		assert_int_equal(listener->send_queue, BACKLOG);
	}
	if (snapshot->facts & FACT_QUEUES) {
		assert_int_equal(server->receive_queue, UNREAD); /* the FIN is no data */
		assert_int_equal(client->send_queue, 0);
	}
	if (snapshot->facts & FACT_CLOSE_WAIT_AGE) {
		assert_true(server->flags & SOCKET_HAS_QUIET);
		assert_true(server->quiet_ms < 60000);
	}
}

/* Returns the facts about our listener. */
static struct snapshot_listener listener_of(const struct snapshot *snapshot)
{
	const struct snapshot_socket *socket = find(snapshot, STATE_LISTEN, scene.port, 0);

	assert_in_range(socket->listener, 1, snapshot->listener_count);
	return snapshot->listeners[socket->listener - 1];
}

static void knows_a_listener_again(struct subject *subject)
{
	struct snapshot_listener first, second;

	if (!(read_subject(subject)->facts & FACT_DROPS))
		return;
	first = listener_of(&subject->snapshot);
	second = listener_of(read_subject(subject));
	assert_true(first.identity == second.identity);
	assert_int_equal(first.drops, 0);
	assert_int_equal(second.drops, 0);
}

static void is_consistent(struct subject *subject)
{
	const struct snapshot *snapshot = read_subject(subject);

	assert_true(snapshot->netns_count >= 1);
	assert_true(snapshot->netns[0].ephemeral_low <= snapshot->netns[0].ephemeral_high);
	for (size_t i = 0; i < snapshot->socket_count; i++) {
		const struct snapshot_socket *socket = &snapshot->sockets[i];

		assert_true(snapshot->states & STATE_BIT(socket->state));
		assert_true(socket->owner < snapshot->process_count || socket->owner >= OWNER_UNKNOWN);
		assert_true(socket->local < snapshot->address_count);
		assert_true(socket->remote < snapshot->address_count);
		assert_true(snapshot->addresses[socket->local].netns < snapshot->netns_count);
		assert_true(!(socket->flags & SOCKET_CREDITED));
	}
	for (size_t i = 0; i < snapshot->process_count; i++)
		assert_int_not_equal(snapshot->processes[i].text[PROCESS_NAME].length, TEXT_ABSENT);
}

static void needs_no_more_memory_the_second_time(struct subject *subject)
{
	size_t sockets, text;

	read_subject(subject);
	sockets = subject->snapshot.socket_capacity;
	text = subject->snapshot.text_capacity;
	read_subject(subject);
	assert_int_equal(subject->snapshot.socket_capacity, sockets);
	assert_int_equal(subject->snapshot.text_capacity, text);
}

static void gives_up_when_told(struct subject *subject)
{
	struct deadline late = {.expires_ns = 1}, cancelled = {.expires_ns = UINT64_MAX, .cancelled = true};
	struct platform_error error = {{0}};

	snapshot_reset(&subject->snapshot);
	assert_int_equal(subject->backend->read(subject->platform, &late, &subject->snapshot, &error), -ETIMEDOUT);
	assert_true(strlen(error.text) > 0);
	snapshot_reset(&subject->snapshot);
	assert_int_equal(subject->backend->read(subject->platform, &cancelled, &subject->snapshot, &error), -ECANCELED);
	read_subject(subject); /* the next read works */
}

static void says_what_is_missing(struct subject *subject)
{
	struct platform_options options = subject->options;
	struct platform_error error = {{0}};
	struct platform *platform;

	if (subject->backend != &platform_replay && (platform_lacks & LACKS_PROCFS))
		return; /* it opens no files */
	options.procfs = options.replay_file = "/no/such/place";
	assert_int_equal(subject->backend->open(&platform, &options, &error), -ENOENT);
	assert_null(platform);
	assert_non_null(strstr(error.text, "/no/such/place"));
}

static void fulfils_the_contract(struct subject *subject)
{
	open_subject(subject);
	reports_our_sockets(subject);
	knows_a_listener_again(subject);
	is_consistent(subject);
	needs_no_more_memory_the_second_time(subject);
	gives_up_when_told(subject);
	says_what_is_missing(subject);
	close_subject(subject);
}

static struct platform_options options_of_scene(void)
{
	return (struct platform_options){
	        .procfs = "/proc", .replay_file = scene.recording, .want = EVERYTHING, .naming = NAMING_COMM};
}

/* Records a snapshot of the first backend, which is the operating system's best. */
static void record_scene(void)
{
	struct subject subject = {.backend = platform_backends[0], .options = options_of_scene()};
	struct textbuf out;
	int fd;

	snprintf(scene.recording, sizeof(scene.recording), "/tmp/recording.XXXXXX");
	fd = mkstemp(scene.recording);
	assert_true(fd >= 0);
	textbuf_init(&out, SIZE_MAX);
	open_subject(&subject);
	replay_record(&out, read_subject(&subject));
	assert_int_equal(out.error, 0);
	assert_int_equal(write(fd, out.data, (unsigned)out.length), out.length);
	textbuf_release(&out);
	close_subject(&subject);
	close(fd);
}

static void every_backend(void **state)
{
	unsigned tried = 0;

	(void)state;
	for (size_t i = 0; platform_backends[i]; i++) {
		struct subject subject = {.backend = platform_backends[i], .options = options_of_scene()};

		print_message("backend %s\n", subject.backend->name);
		fulfils_the_contract(&subject);
		tried++;
	}
	assert_true(tried >= 2);
}

static int set_up(void **state)
{
	(void)state;
	scene.name = own_name();
	make_sockets();
	record_scene();
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	own_close(scene.listener);
	own_close(scene.client);
	own_close(scene.server);
	return unlink(scene.recording);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_setup_teardown(every_backend, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
