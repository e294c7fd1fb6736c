/* SPDX-License-Identifier: Apache-2.0 */
/* Service notification: systemd's notification socket and watchdog. */
#include "exporter/platform/linux/host/notify.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "exporter/platform/linux/host/environment.h"

#define NS_PER_US UINT64_C(1000)

/* Ten datagrams fill systemd's queue (net.unix.max_dgram_qlen). A send waits for room, but not without limit. */
static const struct timeval send_timeout = {.tv_sec = 1};

/* One per process, like the environment. The socket is created at the start: the seccomp filter forbids it later. */
static struct {
	int socket; /* -1: no notifications */
	struct sockaddr_un address;
	socklen_t length;
	uint64_t interval_ns;
} notify = {.socket = -1};

static int refuse(const char *name, int result, struct platform_error *error)
{
	platform_error_set(error, "cannot notify the service manager at NOTIFY_SOCKET \"%s\": %s", name,
	                   strerror(-result));
	return result;
}

/* Opens the socket. `name` is a path, or an abstract name after "@". */
static int open_socket(const char *name, struct platform_error *error)
{
	size_t length = strlen(name);

	if ((name[0] != '/' && name[0] != '@') || length < 2)
		return refuse(name, -EAFNOSUPPORT, error);
	if (length >= sizeof(notify.address.sun_path))
		return refuse(name, -ENAMETOOLONG, error);
	notify.address.sun_family = AF_UNIX;
	memcpy(notify.address.sun_path, name, length);
	notify.length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
	if (name[0] == '@')
		notify.address.sun_path[0] = '\0';
	else
		notify.length++; /* the terminator of a path counts */
	notify.socket = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (notify.socket < 0 ||
	    setsockopt(notify.socket, SOL_SOCKET, SO_SNDTIMEO, &send_timeout, sizeof(send_timeout)) != 0)
		return refuse(name, -errno, error);
	return 0;
}

/* Returns half the watchdog's timeout, or 0 if it is for another process, by WATCHDOG_PID (sd_watchdog_enabled(3)). */
static uint64_t watchdog_interval_ns(void)
{
	if (getenv("WATCHDOG_PID") != NULL && environment_number("WATCHDOG_PID") != (uint64_t)getpid())
		return 0;
	return environment_number("WATCHDOG_USEC") * NS_PER_US / 2;
}

int notify_open(struct platform_error *error)
{
	const char *name = getenv("NOTIFY_SOCKET");
	int result;

	if (name == NULL || name[0] == '\0')
		return 0;
	result = open_socket(name, error);
	if (result == 0)
		notify.interval_ns = watchdog_interval_ns();
	return result;
}

/* Sends a notification. Errors are ignored: systemd acts when an expected notification does not arrive. */
static void tell(const char *text)
{
	if (notify.socket >= 0)
		sendto(notify.socket, text, strlen(text), MSG_NOSIGNAL, (const struct sockaddr *)&notify.address,
		       notify.length);
}

void notify_ready(const char *status)
{
	char text[512];

	snprintf(text, sizeof(text), "READY=1\nSTATUS=%s", status);
	tell(text);
}

/* MONOTONIC_USEC lets systemd distinguish this reload from a later request. */
void notify_reloading(void)
{
	char text[128];

	snprintf(text, sizeof(text), "RELOADING=1\nMONOTONIC_USEC=%llu\nSTATUS=Reloading files",
	         (unsigned long long)(platform_now_ns() / NS_PER_US));
	tell(text);
}

void notify_stopping(void)
{
	tell("STOPPING=1\nSTATUS=Stopping");
}

void notify_alive(void)
{
	tell("WATCHDOG=1");
}

uint64_t notify_interval_ns(void)
{
	return notify.interval_ns;
}
