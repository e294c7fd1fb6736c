/* SPDX-License-Identifier: Apache-2.0 */
/* Connections of the endpoint: ends overdue connections, and makes room for new ones. */
#include "exporter/http/limits/connections.h"

#include "exporter/log.h"
#include "exporter/platform/condition.h"
#include "exporter/platform/connection.h"
#include "exporter/platform/socket.h"
#include "exporter/scrape/tickets/body.h"

#define SECOND_NS UINT64_C(1000000000)
/* Time from accept, or the end of a TLS handshake, to the end of the first request. Prometheus sends it at once. The
 * time is enough for a client that loses two packets in a row. */
#define REQUEST_NS (10 * SECOND_NS)
/* Time from the first byte of an answer to the last, and from there to the end of the next request. Prometheus scrapes
 * once per minute by default, and keeps the connection meanwhile. */
#define TIMEOUT_NS (90 * SECOND_NS)
/* Time after which an unfinished answer is stalled, and can be ended to admit another request. An answer to a client
 * that reads needs a fraction of it. */
#define STALLED_NS SECOND_NS
/* Bytes of unfinished answers above which a stalled one is ended for each new request. Ten answers with the default cap
 * on series, which have different snapshots, have fewer. */
#define BODIES_MAX ((size_t)64 * 1024 * 1024)

static const char timed_out[] = "HTTP/1.1 408 Request Timeout\r\n"
                                "Content-Type: text/plain; charset=utf-8\r\n"
                                "Content-Length: 34\r\n"
                                "Connection: close\r\n\r\n"
                                "no whole request came within 10 s\n";

/* ---- Deadlines. All functions require `lock` ---- */

/* Returns the time that a connection may stay in this progress, or 0 without a deadline. */
static uint64_t time_for(enum http_progress progress)
{
	switch (progress) {
	case PROGRESS_NONE:
		return REQUEST_NS;
	case PROGRESS_ANSWERING:
	case PROGRESS_ANSWERED:
		return TIMEOUT_NS;
	case PROGRESS_WAITING:
	case PROGRESS_ENDED:
		break;
	}
	return 0;
}

static uint64_t deadline_of(const struct http_connection *connection)
{
	const uint64_t time_ns = time_for(connection->progress);

	return time_ns > 0 ? connection->since_ns + time_ns : UINT64_MAX;
}

static void note_progress(struct http_connection *connection, enum http_progress progress)
{
	struct http_connections *all = connection->owner;

	connection->progress = progress;
	connection->since_ns = platform_now_ns();
	http_slots_renew(&all->slots, connection);
	if (deadline_of(connection) < all->wake_ns)
		pthread_cond_signal(&all->change);
}

/* ---- The end of a connection. All functions require `lock` ---- */

static void end_scrape(struct http_connection *connection)
{
	struct http_connections *all = connection->owner;

	if (!connection->scrapes)
		return;
	connection->scrapes = false;
	connection->network->scrapes--;
	all->scrapes--;
}

static void forget(struct http_connection *connection)
{
	struct http_connections *all = connection->owner;

	end_scrape(connection);
	http_slots_leave(&all->slots, connection);
	connection->progress = PROGRESS_ENDED;
	all->count--;
}

/* Ends the connection. The daemon's thread closes the socket when it sees the end. */
static void end(struct http_connection *connection, const char *reason)
{
	log_message(LOG_LEVEL_DEBUG, "connection ended", "reason", reason, NULL);
	host_end_both(connection->socket);
	forget(connection);
}

static void end_overdue(struct http_connection *connection)
{
	struct http_connections *all = connection->owner;

	if (connection->progress == PROGRESS_NONE) {
		(void)host_send(connection->socket, timed_out, sizeof(timed_out) - 1);
		counters_add_request(scraper_counters(all->scraper), MHD_HTTP_REQUEST_TIMEOUT);
	}
	end(connection, "deadline");
}

/* ---- Room for new connections and requests. All functions require `lock` ---- */

static bool may_go(const struct http_connection *connection, uint64_t now_ns)
{
	(void)now_ns;
	return connection->progress != PROGRESS_WAITING && connection->progress != PROGRESS_ENDED;
}

static bool is_stalled_scrape(const struct http_connection *connection, uint64_t now_ns)
{
	return connection->scrapes && connection->progress == PROGRESS_ANSWERING &&
	       now_ns - connection->since_ns >= STALLED_NS;
}

/* ---- The thread that ends overdue connections ---- */

static void *connections_main(void *data)
{
	struct http_connections *all = data;

	pthread_mutex_lock(&all->lock);
	while (!all->stopping) {
		const uint64_t now_ns = platform_now_ns();

		all->wake_ns = UINT64_MAX;
		for (struct http_connection *at = all->slots.oldest; at; at = at->next) {
			const uint64_t deadline_ns = deadline_of(at);

			if (deadline_ns <= now_ns)
				end_overdue(at);
			else if (deadline_ns < all->wake_ns)
				all->wake_ns = deadline_ns;
		}
		if (all->wake_ns == UINT64_MAX)
			pthread_cond_wait(&all->change, &all->lock);
		else
			condition_wait_until(&all->change, &all->lock, all->wake_ns);
	}
	pthread_mutex_unlock(&all->lock);
	return NULL;
}

/* ---- Public ---- */

static void release(struct http_connections *connections)
{
	pthread_cond_destroy(&connections->change);
	pthread_mutex_destroy(&connections->lock);
	http_slots_release(&connections->slots);
}

int http_connections_start(struct http_connections *connections)
{
	/* A record for every connection, and one for every connection that the acceptor has closed and libmicrohttpd
	 * has not, so that no client after a burst is dropped without a record. */
	int status = http_slots_init(&connections->slots, 2 * (connections->limit + HTTP_CONNECTIONS_ENDING));

	/* These calls cannot fail, because they allocate nothing. */
	pthread_mutex_init(&connections->lock, NULL);
	condition_init(&connections->change);
	connections->wake_ns = UINT64_MAX;
	if (status == 0)
		status = -pthread_create(&connections->thread, NULL, connections_main, connections);
	if (status)
		release(connections);
	return status;
}

void http_connections_stop(struct http_connections *connections)
{
	pthread_mutex_lock(&connections->lock);
	connections->stopping = true;
	pthread_cond_signal(&connections->change);
	pthread_mutex_unlock(&connections->lock);
	pthread_join(connections->thread, NULL);
	release(connections);
}

static int socket_of(struct MHD_Connection *handle)
{
	return (int)MHD_get_connection_info(handle, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
}

static struct http_connection *add(struct http_connections *all, struct MHD_Connection *handle)
{
	const struct sockaddr *address =
	        MHD_get_connection_info(handle, MHD_CONNECTION_INFO_CLIENT_ADDRESS)->client_addr;
	struct http_connection *connection = http_slots_take(&all->slots, host_connection_network(address));

	if (!connection)
		return NULL;
	connection->owner = all;
	connection->socket = socket_of(handle);
	all->count++;
	note_progress(connection, PROGRESS_NONE);
	return connection;
}

/* Starts a connection. Makes room before adding it, so that it is not the one that is ended. */
static struct http_connection *begin(struct http_connections *all, struct MHD_Connection *handle)
{
	struct http_connection *connection, *victim = NULL;

	pthread_mutex_lock(&all->lock);
	if (all->count >= all->limit)
		victim = http_slots_victim(&all->slots, may_go, platform_now_ns());
	if (victim)
		end(victim, "limit on connections");
	connection = add(all, handle);
	if (!connection) /* too many ended connections are not closed yet */
		host_end_both(socket_of(handle));
	else if (all->count > all->limit)
		end(connection, "limit on connections, all wait for a snapshot");
	pthread_mutex_unlock(&all->lock);
	return connection;
}

static void finish(struct http_connection *connection)
{
	struct http_connections *all = connection->owner;

	pthread_mutex_lock(&all->lock);
	if (connection->progress != PROGRESS_ENDED)
		forget(connection);
	http_slots_put(&all->slots, connection);
	pthread_mutex_unlock(&all->lock);
}

void http_connections_notify(void *connections, struct MHD_Connection *connection, void **context,
                             enum MHD_ConnectionNotificationCode code)
{
	if (code == MHD_CONNECTION_NOTIFY_STARTED)
		*context = begin(connections, connection);
	else if (*context)
		finish(*context);
}

/* Returns the record, or NULL for a connection without a slot, which was ended at once. */
static struct http_connection *connection_of(struct MHD_Connection *handle)
{
	return MHD_get_connection_info(handle, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
}

static bool end_stalled(struct http_connections *all, const char *reason)
{
	struct http_connection *victim = http_slots_victim(&all->slots, is_stalled_scrape, platform_now_ns());

	if (victim)
		end(victim, reason);
	return victim != NULL;
}

/* Returns true if one more request of this network can be in flight. Ends a stalled one if necessary. Requires `lock`.
 */
static bool admit(struct http_connections *all, const struct http_network *network)
{
	bool ended = body_total() > BODIES_MAX && end_stalled(all, "limit on bytes, its client does not read");

	return ended || all->max_scrapes == 0 || all->scrapes < all->max_scrapes || network->scrapes == 0 ||
	       end_stalled(all, "limit on requests, its client does not read");
}

enum http_admission http_connection_begin_scrape(struct MHD_Connection *handle)
{
	struct http_connection *connection = connection_of(handle);
	enum http_admission admission = HTTP_ENDED;
	struct http_connections *all;

	if (!connection)
		return HTTP_ENDED;
	all = connection->owner;
	pthread_mutex_lock(&all->lock);
	if (connection->progress != PROGRESS_ENDED)
		admission = admit(all, connection->network) ? HTTP_ADMITTED : HTTP_FULL;
	if (admission == HTTP_ADMITTED) {
		connection->scrapes = true;
		connection->network->scrapes++;
		all->scrapes++;
		note_progress(connection, PROGRESS_WAITING);
	}
	pthread_mutex_unlock(&all->lock);
	return admission;
}

/* Notes progress. Returns false if the connection was ended. */
static bool progress_if_alive(struct MHD_Connection *handle, enum http_progress progress)
{
	struct http_connection *connection = connection_of(handle);
	struct http_connections *all;
	bool lives;

	if (!connection)
		return false;
	all = connection->owner;
	pthread_mutex_lock(&all->lock);
	lives = connection->progress != PROGRESS_ENDED;
	if (lives)
		note_progress(connection, progress);
	pthread_mutex_unlock(&all->lock);
	return lives;
}

bool http_connection_wait(struct MHD_Connection *handle)
{
	return progress_if_alive(handle, PROGRESS_WAITING);
}

bool http_connection_answer(struct MHD_Connection *handle)
{
	return progress_if_alive(handle, PROGRESS_ANSWERING);
}

void http_connection_answered(struct MHD_Connection *handle)
{
	struct http_connection *connection = connection_of(handle);
	struct http_connections *all;

	if (!connection)
		return;
	all = connection->owner;
	pthread_mutex_lock(&all->lock);
	if (connection->progress != PROGRESS_ENDED) {
		end_scrape(connection);
		note_progress(connection, PROGRESS_ANSWERED);
	}
	pthread_mutex_unlock(&all->lock);
}
