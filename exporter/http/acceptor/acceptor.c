/* SPDX-License-Identifier: Apache-2.0 */
/* Acceptor: a loop over host_poll() that watches the listening sockets and the relays. */
#include "exporter/http/acceptor/acceptor.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "exporter/platform/condition.h"
#include "exporter/platform/host.h"
#include "exporter/platform/socket.h"
#include "exporter/http/acceptor/clients.h"

enum {
	/* Idle clients: a quarter of the free descriptors within these bounds, because a served client needs three
	 * descriptors. */
	IDLE_MAX = 64,
	IDLE_MIN = 4,
	IDLE_SHARE = 4,
	/* Connections of one listening socket that are accepted per turn of the loop. */
	ACCEPT_MAX = 16,
	/* Time without accept() after descriptors or memory ran out. */
	PAUSE_MS = 100,
	/* Time after which a loop without a turn hangs. A turn needs less than a hundredth of it. */
	ALIVE_MS = 5000,
};

static const uint64_t ms_ns = 1000000;
static const struct timespec pause_time = {0, PAUSE_MS * 1000000L};

struct http_acceptor {
	struct http_acceptor_options options; /* without the sockets */
	int *sockets;
	int wake[2]; /* a socket pair; a byte to wake[1] wakes the thread */
	pthread_t thread;
	pthread_mutex_t lock;        /* held while a connection is handed over */
	pthread_cond_t quiet;        /* signalled when the thread sets `quiesced` */
	atomic_bool finishing;       /* the thread must set `quiesced` when every request is answered */
	atomic_bool quiesced;        /* set with `lock`; no connection is handed over afterwards */
	atomic_uint asked, answered; /* numbers of the last question whether it is alive, and of the last answer */
	_Atomic uint64_t end_ns;     /* the time at which the thread ends at the latest; 0: not set */

	/* Only the thread uses the fields below. */
	struct clients clients;
	struct pollfd *fds;         /* wake[0], the listening sockets, and the clients' sockets */
	size_t capacity, listening; /* of `fds`; listening sockets in `fds` */
	uint64_t pause_until_ns;
};

/* ---- New connections ---- */

/* Hands the connection over, or closes it if the server may have ended. */
static void hand_over(void *data, int socket, const struct sockaddr *address, socklen_t length)
{
	struct http_acceptor *acceptor = data;

	pthread_mutex_lock(&acceptor->lock);
	if (acceptor->quiesced)
		host_close_socket(socket);
	else
		acceptor->options.serve(acceptor->options.data, socket, address, length);
	pthread_mutex_unlock(&acceptor->lock);
}

static void on_failed(void *data, const struct sockaddr *address, enum tls_error error)
{
	const struct http_acceptor *acceptor = data;

	acceptor->options.failed(acceptor->options.data, address, error);
}

static bool is_shortage(int error)
{
	return error == EMFILE || error == ENFILE || error == ENOMEM || error == ENOBUFS;
}

/* Ends an idle client to free descriptors and memory, and returns true. Without idle clients it pauses accept(). */
static bool relieve(struct http_acceptor *acceptor)
{
	if (clients_make_room(&acceptor->clients, 1))
		return true;
	acceptor->pause_until_ns = platform_now_ns() + PAUSE_MS * ms_ns;
	return false;
}

/* Accepts a connection. Returns true if another can be waiting. */
static bool accept_one(struct http_acceptor *acceptor, int listener)
{
	struct sockaddr_storage address;
	socklen_t length;
	int client = host_accept(listener, &address, &length);

	if (client < 0)
		return client == -ECONNABORTED || (is_shortage(-client) && relieve(acceptor));
	clients_add(&acceptor->clients, client, &address, length);
	return true;
}

/* ---- The loop ---- */

static bool accepts(const struct http_acceptor *acceptor, uint64_t now_ns)
{
	return !atomic_load(&acceptor->quiesced) && now_ns >= acceptor->pause_until_ns &&
	       acceptor->clients.count - acceptor->clients.idle_count < acceptor->options.limit;
}

/* Makes room in `fds`. Returns false if memory is short. */
static bool reserve(struct http_acceptor *acceptor)
{
	size_t wanted = 1 + acceptor->options.count + acceptor->clients.count * RELAY_SOCKETS;
	struct pollfd *fds;

	if (wanted <= acceptor->capacity)
		return true;
	fds = realloc(acceptor->fds, 2 * wanted * sizeof(*fds));
	if (fds == NULL)
		return false;
	acceptor->fds = fds;
	acceptor->capacity = 2 * wanted;
	return true;
}

/* Fills `fds`, and sets *until_ns to the time until which to wait. Returns the number of entries. Each descriptor has
 * one entry, because poll() accepts no more entries than the process can have descriptors. */
static size_t watch(struct http_acceptor *acceptor, uint64_t now_ns, uint64_t *until_ns)
{
	size_t count = 0;

	*until_ns = UINT64_MAX;
	if (now_ns < acceptor->pause_until_ns)
		*until_ns = acceptor->pause_until_ns;
	acceptor->fds[count++] =
	        poll_entry(acceptor->wake[0], POLLIN); /* -Wanalyzer-malloc-leak: the acceptor owns it */
	acceptor->listening = accepts(acceptor, now_ns) ? acceptor->options.count : 0;
	for (size_t i = 0; i < acceptor->listening; i++)
		acceptor->fds[count++] = poll_entry(acceptor->sockets[i], POLLIN);
	for (struct client *client = acceptor->clients.first; client != NULL; client = client->next) {
		uint64_t deadline_ns = relay_is_eager(client->relay) ? now_ns : relay_deadline(client->relay);

		client->slot = count;
		client->count = relay_poll(client->relay, acceptor->fds + count);
		count += client->count;
		if (deadline_ns < *until_ns)
			*until_ns = deadline_ns;
	}
	return count;
}

/* Returns the time to wait in milliseconds, rounded up, or -1 without a limit. */
static int timeout_ms(uint64_t until_ns, uint64_t now_ns)
{
	if (until_ns == UINT64_MAX)
		return -1;
	return until_ns <= now_ns ? 0 : (int)((until_ns - now_ns + ms_ns - 1) / ms_ns);
}

static void accept_some(struct http_acceptor *acceptor)
{
	for (size_t i = 0; i < acceptor->listening; i++) {
		if (acceptor->fds[1 + i].revents == 0)
			continue;
		for (int n = 0; n < ACCEPT_MAX && accept_one(acceptor, acceptor->sockets[i]); n++)
			;
	}
}

static void take_wakes(const struct http_acceptor *acceptor)
{
	char bytes[16];

	while (host_receive(acceptor->wake[0], bytes, sizeof(bytes)) > 0)
		;
}

/* Returns true if the thread must finish, and has answered every request. */
static bool may_quiesce(const struct http_acceptor *acceptor)
{
	return atomic_load(&acceptor->finishing) && !atomic_load(&acceptor->quiesced) &&
	       !clients_are_busy(&acceptor->clients);
}

static void set_quiesced(struct http_acceptor *acceptor)
{
	pthread_mutex_lock(&acceptor->lock);
	atomic_store(&acceptor->quiesced, true);
	pthread_cond_signal(&acceptor->quiet);
	pthread_mutex_unlock(&acceptor->lock);
}

/* Waits for events or a deadline, and handles them. */
static void turn(struct http_acceptor *acceptor)
{
	uint64_t now_ns = platform_now_ns(), until_ns, end_ns = atomic_load(&acceptor->end_ns);
	size_t count = watch(acceptor, now_ns, &until_ns);
	bool last = may_quiesce(acceptor);
	int ready;

	if (end_ns != 0 && end_ns < until_ns)
		until_ns = end_ns;
	ready = host_poll(acceptor->fds, count, last ? 0 : timeout_ms(until_ns, now_ns));
	if (ready < 0) {
		if (ready != -EINTR) /* if memory is short, do not loop without a pause */
			nanosleep(&pause_time, NULL);
		return;
	}
	if (ready == 0 && last)
		set_quiesced(acceptor);
	if (acceptor->fds[0].revents != 0)
		take_wakes(acceptor);
	atomic_store(&acceptor->answered, atomic_load(&acceptor->asked));
	clients_step(&acceptor->clients, acceptor->fds, platform_now_ns());
	accept_some(acceptor);
}

static void *acceptor_main(void *data)
{
	struct http_acceptor *acceptor = data;

	for (;;) {
		uint64_t end_ns = atomic_load(&acceptor->end_ns);

		if (end_ns != 0 && (acceptor->clients.count == 0 || platform_now_ns() >= end_ns))
			break;
		while (!reserve(acceptor)) /* if memory is short, end the oldest client */
			clients_remove_first(&acceptor->clients);
		turn(acceptor);
	}
	return NULL;
}

/* ---- Public ---- */

static void wake(const struct http_acceptor *acceptor)
{
	(void)host_send(acceptor->wake[1], "", 1); /* a full socket wakes the thread too */
}

static void destroy(struct http_acceptor *acceptor)
{
	pthread_cond_destroy(&acceptor->quiet);
	pthread_mutex_destroy(&acceptor->lock);
	clients_release(&acceptor->clients);
	free(acceptor->fds);
	free(acceptor->sockets);
	if (acceptor->wake[0] >= 0) {
		host_close_socket(acceptor->wake[1]);
		host_close_socket(acceptor->wake[0]);
	}
	free(acceptor);
}

static size_t choose_idle_max(void)
{
	struct host_process process;
	uint64_t share;

	host_process_read(&process);
	if (process.max_fds == UINT64_MAX || process.open_fds == UINT64_MAX || process.max_fds < process.open_fds)
		return IDLE_MAX;
	share = (process.max_fds - process.open_fds) / IDLE_SHARE;
	return share < IDLE_MIN ? IDLE_MIN : share < IDLE_MAX ? (size_t)share : IDLE_MAX;
}

int http_acceptor_start(struct http_acceptor **result, const struct http_acceptor_options *options)
{
	struct http_acceptor *acceptor = calloc(1, sizeof(*acceptor));
	int err;

	*result = NULL;
	if (acceptor == NULL)
		return -ENOMEM;
	acceptor->options = *options;
	acceptor->clients = (struct clients){.web = options->web,
	                                     .idle_max = choose_idle_max(),
	                                     .serve = hand_over,
	                                     .failed = on_failed,
	                                     .data = acceptor};
	acceptor->wake[0] = -1;
	/* These calls cannot fail, because they allocate nothing. */
	pthread_mutex_init(&acceptor->lock, NULL);
	condition_init(&acceptor->quiet);
	acceptor->sockets = malloc(options->count * sizeof(*acceptor->sockets));
	err = -clients_init(&acceptor->clients);
	if (err == 0)
		err = acceptor->sockets != NULL && reserve(acceptor) ? 0 : ENOMEM;
	if (err == 0)
		memcpy(acceptor->sockets, options->sockets, options->count * sizeof(*acceptor->sockets));
	if (err == 0)
		err = -host_socket_pair(acceptor->wake, 0);
	if (err == 0)
		err = pthread_create(&acceptor->thread, NULL, acceptor_main, acceptor);
	if (err != 0) {
		destroy(acceptor);
		return -err;
	}
	*result = acceptor;
	return 0;
}

bool http_acceptor_alive(struct http_acceptor *acceptor)
{
	const uint64_t deadline_ns = platform_now_ns() + ALIVE_MS * ms_ns;
	const struct timespec pause = {0, 1000000};
	unsigned asked = atomic_fetch_add(&acceptor->asked, 1) + 1;

	wake(acceptor);
	while (atomic_load(&acceptor->answered) != asked) {
		if (platform_now_ns() >= deadline_ns)
			return false;
		nanosleep(&pause, NULL);
	}
	return true;
}

void http_acceptor_quiesce(struct http_acceptor *acceptor, uint64_t deadline_ns)
{
	atomic_store(&acceptor->finishing, true);
	wake(acceptor);
	pthread_mutex_lock(&acceptor->lock);
	while (!acceptor->quiesced && platform_now_ns() < deadline_ns)
		condition_wait_until(&acceptor->quiet, &acceptor->lock, deadline_ns);
	atomic_store(&acceptor->quiesced, true);
	pthread_mutex_unlock(&acceptor->lock);
	wake(acceptor);
}

void http_acceptor_stop(struct http_acceptor *acceptor, unsigned ms)
{
	if (acceptor == NULL)
		return;
	atomic_store(&acceptor->end_ns, platform_now_ns() + ms * ms_ns);
	wake(acceptor);
	pthread_join(acceptor->thread, NULL);
	destroy(acceptor);
}
