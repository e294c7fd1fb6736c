/* SPDX-License-Identifier: Apache-2.0 */
/* A loop over poll(2): what it watches are listening sockets and tunnels. */
#include "exporter/web_front.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "exporter/log.h"
#include "exporter/web/internal.h"
#include "exporter/web/tunnel.h"

enum {
	/* Tunnels that no bytes go through yet, or any more. One more takes the place of the oldest: who stalls makes
	 * room for who does not. */
	IDLE_MAX = 64,
	/* Connections that are accepted before others have their turn. */
	ACCEPT_MAX = 16,
	/* How long nothing is accepted once there are no descriptors left. */
	PAUSE_MS = 100,
	/* No turn of the loop takes a hundredth of it. */
	ALIVE_MS = 5000,
};

static const uint64_t ms_ns = 1000000;

struct node {
	struct node *next;
	struct web_front *front;
	struct sockaddr_storage client;
	socklen_t client_length;
	struct tunnel *tunnel;
	size_t slot; /* of its descriptors in `fds`; 0: it is younger than they are */
};

struct web_front {
	struct web_front_options options; /* without the sockets */
	int *sockets;
	int wake[2]; /* a pipe: who writes wakes the thread */
	pthread_t thread;
	pthread_mutex_t lock;        /* held while a connection is handed over */
	atomic_bool quiesced;        /* set with the lock: from then on none is */
	atomic_uint asked, answered; /* how often it was asked whether it is alive */
	_Atomic uint64_t end_ns;     /* 0: not yet */

	/* The thread's own: */
	struct node *first, **last; /* in the order of arrival */
	size_t count;
	struct pollfd *fds; /* the pipe, the listening sockets, the tunnels' */
	size_t capacity;
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

/* Ends the oldest of those that no bytes go through, if there are too many. */
static void make_room(struct web_front *front)
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
	if (idle >= IDLE_MAX)
		remove_next(front, oldest);
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
	make_room(front);
	*front->last = node;
	front->last = &node->next;
	front->count++;
}

/* Whether one more may be waiting. */
static bool accept_one(struct web_front *front, int listener)
{
	struct sockaddr_storage address;
	socklen_t length = sizeof(address);
	int client = accept4(listener, (struct sockaddr *)&address, &length, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct web_state *state;

	if (client < 0) {
		if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS)
			front->pause_until_ns = platform_now_ns() + PAUSE_MS * ms_ns;
		return errno == EINTR || errno == ECONNABORTED;
	}
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

/* Fills `fds`; returns how many they are, and until when to wait at the most. */
static size_t watch(struct web_front *front, uint64_t now_ns, uint64_t *until_ns)
{
	size_t count = 0;

	*until_ns = UINT64_MAX;
	if (now_ns < front->pause_until_ns)
		*until_ns = front->pause_until_ns;
	front->fds[count++] = (struct pollfd){front->wake[0], POLLIN, 0};
	for (size_t i = 0; i < front->options.count; i++)
		front->fds[count++] = (struct pollfd){accepts(front, now_ns) ? front->sockets[i] : -1, POLLIN, 0};
	for (struct node *node = front->first; node != NULL; node = node->next) {
		uint64_t deadline_ns = tunnel_is_eager(node->tunnel) ? now_ns : tunnel_deadline(node->tunnel);

		node->slot = count;
		tunnel_poll(node->tunnel, front->fds + count);
		count += TUNNEL_SOCKETS;
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

		if (node->slot == 0 || tunnel_step(node->tunnel, front->fds + node->slot, now_ns, take_inner, node))
			link = &node->next;
		else
			remove_next(front, link);
	}
}

static void accept_some(struct web_front *front)
{
	for (size_t i = 0; i < front->options.count; i++) {
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
	if (poll(front->fds, count, timeout_ms(until_ns, now_ns)) < 0)
		return; /* interrupted, or without memory: it is tried again */
	if (front->fds[0].revents != 0)
		empty_pipe(front);
	atomic_store(&front->answered, atomic_load(&front->asked));
	step_tunnels(front, platform_now_ns());
	accept_some(front);
}

/* When there is no memory to watch so many, the youngest goes. */
static void drop_youngest(struct web_front *front)
{
	struct node **link = &front->first;

	while (*link != NULL && (*link)->next != NULL)
		link = &(*link)->next;
	if (*link != NULL)
		remove_next(front, link);
}

static void *front_main(void *data)
{
	struct web_front *front = data;

	for (;;) {
		uint64_t end_ns = atomic_load(&front->end_ns);

		if (end_ns != 0 && (front->count == 0 || platform_now_ns() >= end_ns))
			break;
		while (!reserve(front))
			drop_youngest(front);
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

int web_front_start(struct web_front **result, const struct web_front_options *options)
{
	struct web_front *front = calloc(1, sizeof(*front));
	int err;

	*result = NULL;
	if (front == NULL)
		return -ENOMEM;
	front->options = *options;
	front->last = &front->first;
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
