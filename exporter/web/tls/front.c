/* SPDX-License-Identifier: Apache-2.0 */
/* A loop over poll(2): what it watches are listening sockets and tunnels. */
#include "exporter/web/tls/front.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "exporter/platform/host.h"
#include "exporter/web/state.h"
#include "exporter/web/tls/tunnel.h"

enum {
	/* Tunnels that no bytes go through yet, or any more. One more takes the place of the oldest: who stalls makes
	 * room for who does not. Where descriptors are few, a quarter of them: who does not stall needs three. */
	IDLE_MAX = 64,
	IDLE_MIN = 4,
	IDLE_SHARE = 4,
	/* Connections that are accepted before others have their turn. */
	ACCEPT_MAX = 16,
	/* How long nothing is accepted once there are no descriptors left. */
	PAUSE_MS = 100,
	/* No turn of the loop takes a hundredth of it. */
	ALIVE_MS = 5000,
};

static const uint64_t ms_ns = 1000000;
static const struct timespec pause_time = {0, PAUSE_MS * 1000000L};

struct node {
	struct node *next;
	struct web_front *front;
	struct sockaddr_storage client;
	socklen_t client_length;
	struct tunnel *tunnel;
	size_t slot, count; /* where its descriptors are in `fds`; none: it is younger than they are */
};

struct web_front {
	struct web_front_options options; /* without the sockets */
	int *sockets;
	size_t idle_max;
	int wake[2]; /* a pipe: who writes wakes the thread */
	pthread_t thread;
	pthread_mutex_t lock;        /* held while a connection is handed over */
	atomic_bool quiesced;        /* set with the lock: from then on none is */
	atomic_uint asked, answered; /* how often it was asked whether it is alive */
	_Atomic uint64_t end_ns;     /* 0: not yet */

	/* The thread's own: */
	struct node *first, **last; /* in the order of arrival */
	size_t count;
	struct pollfd *fds;         /* the pipe, the listening sockets, the tunnels' */
	size_t capacity, listening; /* as many of the sockets are among them */
	uint64_t pause_until_ns;
};

/* ---- Connections come ---- */

/* Hands the connection over, unless there may be nobody any more to take it. */
static void hand_over(struct web_front *front, int socket, const struct sockaddr_storage *address, socklen_t length)
{
	pthread_mutex_lock(&front->lock);
	if (front->quiesced)
		close(socket);
	else
		front->options.serve(front->options.data, socket, (const struct sockaddr *)address, length);
	pthread_mutex_unlock(&front->lock);
}

/* The server behind is told who the client is, as of connections that have no TLS. */
static void take_inner(void *data, int socket)
{
	const struct node *node = data;

	hand_over(node->front, socket, &node->client, node->client_length);
}

static void remove_next(struct web_front *front, struct node **link)
{
	struct node *node = *link;

	*link = node->next;
	if (front->last == &node->next)
		front->last = link;
	front->count--;
	tunnel_free(node->tunnel);
	free(node);
}

/* Ends the oldest of those that no bytes go through, if there are so many. */
static bool make_room(struct web_front *front, size_t too_many)
{
	struct node **oldest = NULL;
	size_t idle = 0;

	for (struct node **link = &front->first; *link != NULL; link = &(*link)->next) {
		if (tunnel_is_open((*link)->tunnel))
			continue;
		idle++;
		if (oldest == NULL)
			oldest = link;
	}
	if (oldest == NULL || idle < too_many)
		return false;
	remove_next(front, oldest);
	return true;
}

static void add_tunnel(struct web_front *front, int client, struct web_state *state,
                       const struct sockaddr_storage *address, socklen_t length)
{
	struct node *node = calloc(1, sizeof(*node));

	if (node == NULL) {
		close(client);
		return;
	}
	if (tunnel_new(&node->tunnel, client, state, platform_now_ns()) != 0) {
		free(node);
		return;
	}
	node->front = front;
	node->client = *address;
	node->client_length = length;
	(void)make_room(front, front->idle_max);
	*front->last = node;
	front->last = &node->next;
	front->count++;
}

static bool is_shortage(int error)
{
	return error == EMFILE || error == ENFILE || error == ENOMEM || error == ENOBUFS;
}

/* What one is to be accepted with is taken from the oldest who stalls; without such, nothing is for a while. */
static bool relieve(struct web_front *front)
{
	if (make_room(front, 1))
		return true;
	front->pause_until_ns = platform_now_ns() + PAUSE_MS * ms_ns;
	return false;
}

/* Whether one more may be waiting. */
static bool accept_one(struct web_front *front, int listener)
{
	struct sockaddr_storage address;
	socklen_t length = sizeof(address);
	int client = accept4(listener, (struct sockaddr *)&address, &length, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct web_state *state;

	if (client < 0)
		return errno == EINTR || errno == ECONNABORTED || (is_shortage(errno) && relieve(front));
	state = web_current(front->options.web);
	if (state->tls != NULL)
		add_tunnel(front, client, state, &address, length);
	else
		hand_over(front, client, &address, length);
	web_state_give(state);
	return true;
}

/* ---- The loop ---- */

static bool accepts(const struct web_front *front, uint64_t now_ns)
{
	return !atomic_load(&front->quiesced) && now_ns >= front->pause_until_ns;
}

/* Room for what is watched. False: there is no memory for it. */
static bool reserve(struct web_front *front)
{
	size_t wanted = 1 + front->options.count + front->count * TUNNEL_SOCKETS;
	struct pollfd *fds;

	if (wanted <= front->capacity)
		return true;
	fds = realloc(front->fds, 2 * wanted * sizeof(*fds));
	if (fds == NULL)
		return false;
	front->fds = fds;
	front->capacity = 2 * wanted;
	return true;
}

/* Fills `fds`, each descriptor once: poll() takes no more than the process may have. Returns how many they are, and
 * until when to wait at the most. */
static size_t watch(struct web_front *front, uint64_t now_ns, uint64_t *until_ns)
{
	size_t count = 0;

	*until_ns = UINT64_MAX;
	if (now_ns < front->pause_until_ns)
		*until_ns = front->pause_until_ns;
	front->fds[count++] = (struct pollfd){front->wake[0], POLLIN, 0}; /* -Wanalyzer-malloc-leak: the front's */
	front->listening = accepts(front, now_ns) ? front->options.count : 0;
	for (size_t i = 0; i < front->listening; i++)
		front->fds[count++] = (struct pollfd){front->sockets[i], POLLIN, 0};
	for (struct node *node = front->first; node != NULL; node = node->next) {
		uint64_t deadline_ns = tunnel_is_eager(node->tunnel) ? now_ns : tunnel_deadline(node->tunnel);

		node->slot = count;
		node->count = tunnel_poll(node->tunnel, front->fds + count);
		count += node->count;
		if (deadline_ns < *until_ns)
			*until_ns = deadline_ns;
	}
	return count;
}

/* In milliseconds, up; -1: for ever. */
static int timeout_ms(uint64_t until_ns, uint64_t now_ns)
{
	if (until_ns == UINT64_MAX)
		return -1;
	return until_ns <= now_ns ? 0 : (int)((until_ns - now_ns + ms_ns - 1) / ms_ns);
}

static void step_tunnels(struct web_front *front, uint64_t now_ns)
{
	struct node **link = &front->first;

	while (*link != NULL) {
		struct node *node = *link;

		if (node->count == 0 ||
		    tunnel_step(node->tunnel, front->fds + node->slot, node->count, now_ns, take_inner, node))
			link = &node->next;
		else
			remove_next(front, link);
	}
}

static void accept_some(struct web_front *front)
{
	for (size_t i = 0; i < front->listening; i++) {
		if (front->fds[1 + i].revents == 0)
			continue;
		for (int n = 0; n < ACCEPT_MAX && accept_one(front, front->sockets[i]); n++)
			;
	}
}

static void empty_pipe(const struct web_front *front)
{
	char bytes[16];

	while (read(front->wake[0], bytes, sizeof(bytes)) > 0)
		;
}

/* Waits, and does what there is to do. */
static void turn(struct web_front *front)
{
	uint64_t now_ns = platform_now_ns(), until_ns, end_ns = atomic_load(&front->end_ns);
	size_t count = watch(front, now_ns, &until_ns);

	if (end_ns != 0 && end_ns < until_ns)
		until_ns = end_ns;
	if (poll(front->fds, count, timeout_ms(until_ns, now_ns)) < 0) {
		if (errno != EINTR) /* without memory it is tried again, but not all the time */
			nanosleep(&pause_time, NULL);
		return;
	}
	if (front->fds[0].revents != 0)
		empty_pipe(front);
	atomic_store(&front->answered, atomic_load(&front->asked));
	step_tunnels(front, platform_now_ns());
	accept_some(front);
}

static void *front_main(void *data)
{
	struct web_front *front = data;

	for (;;) {
		uint64_t end_ns = atomic_load(&front->end_ns);

		if (end_ns != 0 && (front->count == 0 || platform_now_ns() >= end_ns))
			break;
		while (!reserve(front)) /* without memory to watch so many, the oldest goes */
			remove_next(front, &front->first);
		turn(front);
	}
	while (front->first != NULL)
		remove_next(front, &front->first);
	return NULL;
}

/* ---- Public ---- */

static void wake(const struct web_front *front)
{
	ssize_t written = write(front->wake[1], "", 1);

	(void)written; /* a full pipe wakes as well */
}

static void destroy(struct web_front *front)
{
	pthread_mutex_destroy(&front->lock);
	free(front->fds);
	free(front->sockets);
	if (front->wake[0] >= 0) {
		close(front->wake[0]);
		close(front->wake[1]);
	}
	free(front);
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

int web_front_start(struct web_front **result, const struct web_front_options *options)
{
	struct web_front *front = calloc(1, sizeof(*front));
	int err;

	*result = NULL;
	if (front == NULL)
		return -ENOMEM;
	front->options = *options;
	front->last = &front->first;
	front->idle_max = choose_idle_max();
	front->wake[0] = -1;
	pthread_mutex_init(&front->lock, NULL); /* cannot fail: nothing is allocated */
	front->sockets = malloc(options->count * sizeof(*front->sockets));
	err = front->sockets != NULL && reserve(front) ? 0 : ENOMEM;
	if (err == 0 && pipe2(front->wake, O_CLOEXEC | O_NONBLOCK) != 0)
		err = errno;
	for (size_t i = 0; err == 0 && i < options->count; i++)
		front->sockets[i] = options->sockets[i];
	if (err == 0)
		err = pthread_create(&front->thread, NULL, front_main, front);
	if (err != 0) {
		destroy(front);
		return -err;
	}
	*result = front;
	return 0;
}

bool web_front_alive(struct web_front *front)
{
	const uint64_t deadline_ns = platform_now_ns() + ALIVE_MS * ms_ns;
	const struct timespec pause = {0, 1000000};
	unsigned asked = atomic_fetch_add(&front->asked, 1) + 1;

	wake(front);
	while (atomic_load(&front->answered) != asked) {
		if (platform_now_ns() >= deadline_ns)
			return false;
		nanosleep(&pause, NULL);
	}
	return true;
}

void web_front_quiesce(struct web_front *front)
{
	pthread_mutex_lock(&front->lock);
	atomic_store(&front->quiesced, true);
	pthread_mutex_unlock(&front->lock);
	wake(front);
}

void web_front_stop(struct web_front *front, unsigned ms)
{
	if (front == NULL)
		return;
	atomic_store(&front->end_ns, platform_now_ns() + ms * ms_ns);
	wake(front);
	pthread_join(front->thread, NULL);
	destroy(front);
}
