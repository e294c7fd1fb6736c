/* SPDX-License-Identifier: Apache-2.0 */
/* HTTP server: starts and stops libmicrohttpd's daemon, and the acceptor. */
#include "exporter/http/server.h"

#include "exporter/http/request.h"
#include "exporter/log.h"
#include "exporter/platform/connection.h"
#include "exporter/platform/host.h"
#include "exporter/platform/socket.h"
#include "exporter/http/acceptor/acceptor.h"

#include <errno.h>
#include <limits.h>
#include <microhttpd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Bytes per connection for the heads of the request and the answer. They hold headers of 32 KiB, the records of their
 * parsing, and the growth of the buffer. Only used pages cost memory. */
static const size_t connection_memory = (size_t)64 * 1024;
/* Times for the last answers when the server stops, together under a second. Every request can be answered at once
 * then, so only a busy machine or a slow reader needs them. */
enum { ANSWER_GRACE_MS = 500, READER_GRACE_MS = 250 };

struct http_server {
	struct http_site site;
	struct log_limit tls_errors;
	struct http_acceptor *acceptor;
	struct MHD_Daemon *daemon; /* serves the acceptor's connections */
	size_t count;
	int sockets[]; /* listening */
};

static void on_log(void *data, const char *format, va_list args) PRINTF_LIKE(2, 0);
static void on_log(void *data, const char *format, va_list args)
{
	char text[256]; /* longer messages are cut */

	(void)data;
	/* skips failures to set options of TCP, which the acceptor's local sockets do not have */
	if (vsnprintf(text, sizeof(text), format, args) < 0 || strstr(text, "TCP_"))
		return;
	text[strcspn(text, "\n")] = '\0';
	log_message(LOG_LEVEL_DEBUG, "libmicrohttpd", "text", text, NULL);
}

/* Decodes %XX in paths and arguments. A zero byte becomes a byte that is in no path, because it would end the text:
 * "/%00x" would be "/". */
static size_t on_unescape(void *data, struct MHD_Connection *connection, char *text)
{
	size_t length = MHD_http_unescape(text);

	(void)data;
	(void)connection;
	for (size_t i = 0; i < length; i++)
		if (text[i] == '\0')
			text[i] = '\1';
	return length;
}

static unsigned connections_max(const struct http_server *server)
{
	return (unsigned)(server->site.connections.limit + HTTP_CONNECTIONS_ENDING);
}

/* Starts a daemon for the acceptor's connections. The acceptor limits their number, because libmicrohttpd 0.9.75 locks
 * a mutex twice if it receives one connection too many. */
static struct MHD_Daemon *start_daemon(struct http_server *server)
{
	/* Not epoll, because libmicrohttpd 0.9.75 uses it edge-triggered, and misses a client's FIN that arrives with
	 * its request. The connection would stay in CLOSE_WAIT until its deadline. */
	const bool polls = !host_poll_ends_early && MHD_is_feature_supported(MHD_FEATURE_POLL) == MHD_YES;
	const unsigned flags = MHD_USE_INTERNAL_POLLING_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ITC |
	                       MHD_USE_ERROR_LOG | MHD_USE_NO_LISTEN_SOCKET | (polls ? MHD_USE_POLL : 0);

	return MHD_start_daemon(flags, 0, NULL, NULL, http_on_request, &server->site, MHD_OPTION_EXTERNAL_LOGGER,
	                        on_log, NULL, MHD_OPTION_UNESCAPE_CALLBACK, on_unescape, NULL,
	                        MHD_OPTION_NOTIFY_COMPLETED, http_on_completed, &server->site,
	                        MHD_OPTION_NOTIFY_CONNECTION, http_connections_notify, &server->site.connections,
	                        MHD_OPTION_CONNECTION_LIMIT, (unsigned)INT_MAX, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
	                        connection_memory, MHD_OPTION_END);
}

static void close_all(const int *sockets, size_t count)
{
	for (size_t i = 0; i < count; i++)
		host_close_socket(sockets[i]);
}

static void serve_connection(void *data, int socket, const struct sockaddr *address, socklen_t length)
{
	struct http_server *server = data;

	/* if memory is short, it closes the socket; there is no other answer */
	(void)MHD_add_connection(server->daemon, (MHD_socket)socket, address, length);
}

static void note_failure(void *data, const struct sockaddr *address, enum tls_error error)
{
	struct http_server *server = data;
	char peer[HOST_PEER_MAX], count[LOG_COUNT_MAX];

	counters_add_tls_error(scraper_counters(server->site.options.scraper), error);
	if (!log_limit_passes(&server->tls_errors, platform_now_ns(), count))
		return;
	host_connection_peer(address, peer);
	log_message(LOG_LEVEL_INFO, "TLS handshake failed", "peer", peer, "reason", tls_error_name(error), "count",
	            count, NULL);
}

/* Starts the daemon, and then the acceptor. */
static int start(struct http_server *server, struct platform_error *error)
{
	const struct http_acceptor_options options = {
	        .web = server->site.options.web,
	        .sockets = server->sockets,
	        .count = server->count,
	        .limit = connections_max(server),
	        .serve = serve_connection,
	        .failed = note_failure,
	        .data = server,
	};
	int status;

	errno = 0;
	server->daemon = start_daemon(server);
	if (server->daemon)
		status = http_acceptor_start(&server->acceptor, &options);
	else
		status = errno ? -errno : -EIO;
	if (status)
		platform_error_set(error, "cannot start the HTTP server: %s", strerror(-status));
	return status;
}

int http_start(struct http_server **result, const struct http_options *options, const int *sockets, size_t count,
               struct platform_error *error)
{
	struct http_server *server = calloc(1, sizeof(*server) + count * sizeof(server->sockets[0]));
	int status = server ? http_site_init(&server->site, options) : -ENOMEM;

	*result = NULL;
	if (status) {
		platform_error_set(error, "cannot start the HTTP server: %s", strerror(-status));
		close_all(sockets, count);
		free(server);
		return status;
	}
	memcpy(server->sockets, sockets, count * sizeof(sockets[0]));
	server->count = count;
	status = start(server, error);
	if (status) {
		http_stop(server);
		return status;
	}
	*result = server;
	return 0;
}

static bool take_connection(void *daemon, int socket)
{
	const struct sockaddr nobody = {.sa_family = AF_UNSPEC};

	return MHD_add_connection(daemon, (MHD_socket)socket, &nobody, sizeof(nobody)) == MHD_YES;
}

/* Gives the daemon's loop a connection that ends without a request. */
bool http_alive(struct http_server *server)
{
	return http_acceptor_alive(server->acceptor) && host_loop_alive(take_connection, server->daemon);
}

/* Stops accepting, and answers the received requests. */
static void quiesce(struct http_server *server)
{
	const uint64_t deadline_ns = platform_now_ns() + ANSWER_GRACE_MS * UINT64_C(1000000);

	if (server->acceptor)
		http_acceptor_quiesce(server->acceptor, deadline_ns);
	http_site_drain(&server->site, deadline_ns);
}

void http_stop(struct http_server *server)
{
	if (!server)
		return;
	quiesce(server);
	if (server->daemon)
		MHD_stop_daemon(server->daemon);
	http_acceptor_stop(server->acceptor, READER_GRACE_MS);
	close_all(server->sockets, server->count);
	http_site_release(&server->site);
	free(server);
}
