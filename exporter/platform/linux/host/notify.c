/* SPDX-License-Identifier: Apache-2.0 */
/* The notification socket of systemd, and its watchdog's wishes. */
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

/* Ten datagrams fill systemd's queue (net.unix.max_dgram_qlen): it is waited for, but not without an end. */
static const struct timeval send_timeout = {.tv_sec = 1};

/* The process has one environment, and so one of these. The socket is made at the start, since later none can be. */
static struct {
	int socket; /* -1: nobody wants to be told */
	struct sockaddr_un address;
	socklen_t length;
	uint64_t interval_ns;
} notify = {.socket = -1};

static int refuse(const char *name, int result, struct platform_error *error)
{
	platform_error_set(error, "cannot tell the service manager at NOTIFY_SOCKET \"%s\": %s", name,
	                   strerror(-result));
	return result;
}

/* A path, or with "@" in front a name in the abstract namespace. */
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
		notify.length++; /* a path ends with its zero */
	notify.socket = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (notify.socket < 0 ||
	    setsockopt(notify.socket, SOL_SOCKET, SO_SNDTIMEO, &send_timeout, sizeof(send_timeout)) != 0)
		return refuse(name, -errno, error);
	return 0;
}

/* WATCHDOG_PID: whom the wish is for, if it names somebody (sd_watchdog_enabled(3)). */
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

/* A datagram that does not arrive is systemd's to miss: it acts by what it does not hear. */
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

/* The time tells apart a reload that this one answers from one that was asked for later. */
void notify_reloading(void)
{
	char text[128];

	snprintf(text, sizeof(text), "RELOADING=1\nMONOTONIC_USEC=%llu\nSTATUS=Reading files anew",
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
