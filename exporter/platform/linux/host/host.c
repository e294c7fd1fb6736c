/* SPDX-License-Identifier: Apache-2.0 */
/* Host: reads the exporter's own process from /proc/self (proc(5)), and waits for signals. */
#include "exporter/platform/host.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>
#ifdef TCP_EXPORTER_STATIC
#include <nss.h>
#endif

#include "exporter/platform/linux/host/notify.h"

#define ABSENT        UINT64_MAX
#define NS_PER_SECOND UINT64_C(1000000000)

enum {
	/* /proc/self/stat has 52 numbers and a name of at most 64 bytes. */
	STAT_TEXT_MAX = 2048,
	/* Fields of stat, counted from the one after the name's ")", which is 3 in proc(5). */
	STAT_UTIME = 14 - 3,
	STAT_STIME = 15 - 3,
	STAT_START = 22 - 3,
	STAT_VSIZE = 23 - 3,
	STAT_RSS = 24 - 3,
	STAT_FIELDS = STAT_RSS + 1,
};

static bool read_text(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got;

	if (fd < 0)
		return false;
	got = read(fd, text, size - 1);
	close(fd);
	if (got <= 0)
		return false;
	text[got] = '\0';
	return true;
}

/* Reads the fields after the name. A field that is no number reads as 0. Returns false if the text is too short. */
static bool stat_fields(const char *text, uint64_t fields[STAT_FIELDS])
{
	/* The name can hold any byte. The last ")" ends it. */
	const char *at = strrchr(text, ')');

	if (at == NULL)
		return false;
	at++;
	for (int i = 0; i < STAT_FIELDS; i++) {
		if (*at++ != ' ')
			return false;
		fields[i] = strtoull(at, NULL, 10);
		at += strcspn(at, " ");
	}
	return true;
}

void host_name(char *name, size_t size)
{
	if (gethostname(name, size) != 0)
		name[0] = '\0';
	name[size - 1] = '\0'; /* a longer name is cut without an end */
}

static uint64_t now_ms(clockid_t clock)
{
	struct timespec now;

	if (clock_gettime(clock, &now) != 0)
		return 0;
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* Returns the start as a date. stat has the start since boot. The conversion is made once: its result changes when the
 * date is set, but the start does not. */
static uint64_t start_ms_since_epoch(uint64_t start_ticks, uint64_t ticks_per_second)
{
	static _Atomic uint64_t known = ABSENT;
	uint64_t start_ms = atomic_load(&known);

	if (start_ms == ABSENT) {
		start_ms = now_ms(CLOCK_REALTIME) - now_ms(CLOCK_BOOTTIME) + start_ticks * 1000 / ticks_per_second;
		atomic_store(&known, start_ms);
	}
	return start_ms;
}

static void read_stat(struct host_process *process)
{
	uint64_t fields[STAT_FIELDS];
	char text[STAT_TEXT_MAX];
	long ticks = sysconf(_SC_CLK_TCK), page = sysconf(_SC_PAGESIZE);

	if (ticks <= 0 || page <= 0 || !read_text("/proc/self/stat", text, sizeof(text)) || !stat_fields(text, fields))
		return;
	process->virtual_bytes = fields[STAT_VSIZE];
	process->resident_bytes = fields[STAT_RSS] * (uint64_t)page;
	process->start_ms = start_ms_since_epoch(fields[STAT_START], (uint64_t)ticks);
}

static void read_usage(struct host_process *process)
{
	struct rusage usage;

	if (getrusage(RUSAGE_SELF, &usage) != 0)
		return;
	process->cpu_us = (uint64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000 +
	                  (uint64_t)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

/* Returns the soft limit. RLIM_INFINITY equals ABSENT. */
static uint64_t soft_limit(int failed, const struct rlimit *limit)
{
	return failed ? ABSENT : limit->rlim_cur;
}

static uint64_t count_open_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	uint64_t count = 0;

	if (dir == NULL)
		return ABSENT;
	for (const struct dirent *entry; (entry = readdir(dir)) != NULL;)
		if (entry->d_name[0] != '.')
			count++;
	closedir(dir);
	return count > 0 ? count - 1 : 0; /* without the descriptor of `dir` */
}

void host_process_read(struct host_process *process)
{
	struct rlimit limit;

	*process = (struct host_process){ABSENT, ABSENT, ABSENT, ABSENT, ABSENT, ABSENT, ABSENT};
	read_stat(process);
	read_usage(process);
	process->virtual_max_bytes = soft_limit(getrlimit(RLIMIT_AS, &limit), &limit);
	process->max_fds = soft_limit(getrlimit(RLIMIT_NOFILE, &limit), &limit);
	process->open_fds = count_open_fds();
}

static void signals_to_wait_for(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGHUP);
}

/* Opens each closed standard stream. Otherwise the next file would get its descriptor, and the log with it. A chroot
 * always has "/", and need not have "/dev/null". */
static int open_streams(struct platform_error *error)
{
	int opened;

	do
		opened = open("/", O_PATH | O_CLOEXEC);
	while (opened >= 0 && opened <= STDERR_FILENO);
	if (opened < 0) {
		int err = -errno;

		platform_error_set(error, "cannot open \"/\": %s", strerror(-err));
		return err;
	}
	close(opened);
	return 0;
}

/* A static program must not look up names by the host's /etc/nsswitch.conf: its modules are shared libraries, which need
 * the C library that they were built with, and bring a second one. The C library itself reads files and asks DNS. */
static void look_up_names_alone(void)
{
#ifdef TCP_EXPORTER_STATIC
	__nss_configure_lookup("passwd", "files");
	__nss_configure_lookup("hosts", "files dns");
#endif
}

int host_prepare(int *argc, char ***argv, struct platform_error *error)
{
	(void)argc;
	(void)argv; /* bytes, which are UTF-8 where the locale is */
	signal(SIGPIPE, SIG_IGN); /* cannot fail: the number is good */
	look_up_names_alone();
	return open_streams(error);
}

int host_prepare_to_serve(struct platform_error *error)
{
	sigset_t set;

	signals_to_wait_for(&set);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	return notify_open(error);
}

/* Waits for a signal and returns it, or 0 after the interval. Waits without limit if the interval is 0. */
static int next_signal(uint64_t interval_ns)
{
	const struct timespec interval = {(time_t)(interval_ns / NS_PER_SECOND), (long)(interval_ns % NS_PER_SECOND)};
	sigset_t set;
	int got;

	signals_to_wait_for(&set);
	do
		got = interval_ns == 0 ? sigwaitinfo(&set, NULL) : sigtimedwait(&set, NULL, &interval);
	while (got < 0 && errno == EINTR);
	return got < 0 ? 0 : got;
}

const char *host_wait_for_stop(const struct host_hooks *hooks)
{
	int got = SIGHUP;

	notify_ready(hooks->status);
	while (got != SIGTERM && got != SIGINT) {
		got = next_signal(notify_interval_ns());
		if (got == SIGHUP) {
			notify_reloading();
			hooks->reload(hooks->data);
			notify_ready(hooks->status);
		}
		if (notify_interval_ns() != 0 && hooks->alive(hooks->data))
			notify_alive();
	}
	notify_stopping();
	return got == SIGINT ? "SIGINT" : "SIGTERM";
}
