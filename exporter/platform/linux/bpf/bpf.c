/* SPDX-License-Identifier: Apache-2.0 */
/* BPF backend: each read walks over all files, then over the kernel's tables for the sockets that have no file. */
#include "exporter/platform/linux/bpf/bpf.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "exporter/platform/linux/bpf/iterator.h"
#include "exporter/platform/linux/bpf/unheld_sockets.h"
#include "exporter/platform/linux/host/capability.h"
#include "exporter/platform/linux/procfs/netns.h"
#include "exporter/platform/linux/procfs/parse.h"
#include "exporter/platform/linux/procfs/process_text.h"
#include "exporter/platform/linux/procfs/visibility.h"
#include "exporter/platform/linux/read_context.h"

/* A walk that lost rows means a bug, or a kernel that works differently. A third attempt would lose rows too. */
#define WALK_ATTEMPTS 2
/* /proc/PID/stat, and the first lines of status, NSpid among them; Groups may be long. */
#define STATUS_SIZE 4096
/* The kernel's possible settings (kernel/Kconfig.hz and the architectures' own). */
#define HZ_MIN        24
#define HZ_MAX        2000
#define NS_PER_SECOND 1000000000u

struct platform {
	const struct platform_options *options;
	int procfs;         /* open directory */
	uint64_t own_netns; /* where reads begin and end */
	bool shifted_clock; /* procfs adds an offset to the start of processes */
	struct bpf_iterator iterator;
	struct held_sockets held;
	struct unheld_sockets unheld;
	struct process_texts texts;
	struct visibility visibility;
};

static void bpf_close(struct platform *platform)
{
	if (!platform)
		return;
	bpf_iterator_release(&platform->iterator);
	held_sockets_release(&platform->held);
	unheld_sockets_release(&platform->unheld);
	process_texts_release(&platform->texts);
	if (platform->procfs >= 0)
		close(platform->procfs);
	free(platform);
}

static int open_procfs(struct platform *platform, struct platform_error *error)
{
	const char *path = platform->options->procfs;
	char bytes[STATUS_SIZE];
	uint32_t pid, namespaces;
	long length;

	platform->procfs = procfs_open_root(path, error);
	if (platform->procfs < 0)
		return platform->procfs;
	/* The iterator sees the processes of our own PID namespace, whatever is mounted there. */
	length = read_file_at(platform->procfs, "self/status", bytes, sizeof(bytes));
	if (length <= 0 || !parse_status_pids(bytes, (size_t)length, &pid, &namespaces) || namespaces != 1) {
		platform_error_set(error, "\"%s\" shows another PID namespace than the exporter's own", path);
		return -EXDEV;
	}
	return 0;
}

/* Returns true if the exporter is in a time namespace (time_namespaces(7)). */
static bool has_shifted_clock(int procfs)
{
	char link[sizeof("time:[18446744073709551615]")];
	uint64_t id;
	long length = read_link_at(procfs, "self/ns/time", link, sizeof(link));

	return length > 0 && parse_ns_link(link, (size_t)length, "time", &id) && id != INITIAL_TIME_NAMESPACE;
}

static int open_parts(struct platform *platform, struct platform_error *error)
{
	const struct bpf_iterator_options iterator = {.all_netns = platform->options->all_netns,
	                                              .closed_owners = platform->options->want & WANT_CLOSED_OWNERS,
	                                              .last_words = platform->options->last_words};
	int result = open_procfs(platform, error);

	if (result != 0)
		return result;
	platform->own_netns = netns_current_id(platform->procfs);
	platform->shifted_clock = has_shifted_clock(platform->procfs);
	platform_error_set(error, "out of memory");
	result = unheld_sockets_init(&platform->unheld, platform->procfs, &platform->held, &platform->iterator);
	visibility_init(&platform->visibility, platform->procfs, VISIBLE_BY_ITERATORS, platform->options,
	                &platform->unheld.dirents);
	platform->unheld.owners_unknown = platform->visibility.limit != NULL;
	if (result == 0)
		result = bpf_iterator_init(&platform->iterator, &iterator, error);
	if (result == 0 && !bpf_iterator_has_tables(&platform->iterator))
		result = capability_check_netns(platform->options, error);
	return result;
}

static int bpf_open(struct platform **out, const struct platform_options *options, struct platform_error *error)
{
	struct platform *platform;
	int result;

	*out = NULL;
	platform = calloc(1, sizeof(*platform));
	if (!platform) {
		platform_error_set(error, "out of memory");
		return -ENOMEM;
	}
	platform->options = options;
	platform->procfs = -1;
	held_sockets_init(&platform->held, options);
	process_texts_init(&platform->texts);
	result = open_parts(platform, error);
	if (result != 0)
		bpf_close(platform);
	else
		*out = platform;
	return result;
}

/* Learns the kernel's tick from a setting that the kernel keeps in jiffies and shows in seconds. */
static void learn_hz(struct platform *platform)
{
	uint32_t jiffies = bpf_iterator_facts(&platform->iterator)->keepalive_jiffies;
	char bytes[32];
	long length = read_file_at(platform->procfs, "sys/net/ipv4/tcp_keepalive_time", bytes, sizeof(bytes) - 1);
	unsigned long seconds, hz;

	if (length <= 0)
		return;
	bytes[length] = '\0';
	seconds = strtoul(bytes, NULL, 10);
	hz = seconds > 0 ? jiffies / seconds : 0;
	if (hz >= HZ_MIN && hz <= HZ_MAX && hz * seconds == jiffies)
		platform->held.hz = (unsigned)hz;
}

static int begin_snapshot(struct read_context *context)
{
	struct platform *platform = context->platform;
	uint32_t own;
	int result;

	snapshot_reset(context->snapshot);
	context->snapshot->states = (STATE_BIT(STATE_COUNT) - 1) & ~STATE_BIT(STATE_DELETE_TCB);
	context->snapshot->facts = FACT_QUEUES | FACT_ACCEPT_QUEUES | FACT_UNREADABLE | FACT_DROPS | FACT_TIMERS;
	result = netns_add_current(platform->procfs, platform->own_netns, context->snapshot, &own);
	return result != 0 ? result : held_sockets_begin(&platform->held, context->snapshot);
}

static int walk(struct read_context *context)
{
	struct platform *platform = context->platform;
	const struct bpf_iterator_sink sink = {.rows = held_sockets_add, .data = &platform->held};
	int result = -EIO;

	for (int attempt = 0; attempt < WALK_ATTEMPTS && result == -EIO; attempt++) {
		result = begin_snapshot(context);
		if (result == 0)
			result = bpf_iterator_walk_files(&platform->iterator, context->deadline, &sink, context->error);
	}
	return result;
}

/* Walks twice: the first walk shows how long a jiffy is, and the rows of the second have ages. */
static int first_walk(struct read_context *context)
{
	struct platform *platform = context->platform;
	int result = walk(context);

	if (result != 0 || platform->held.hz != 0)
		return result;
	learn_hz(platform);
	return platform->held.hz != 0 ? walk(context) : 0;
}

/* Returns true if the directory in procfs is that of the process, not of a later one with its pid. */
static bool is_same_process(const struct platform *platform, int dir, const struct snapshot_process *process)
{
	const uint64_t tick_ns = NS_PER_SECOND / (uint64_t)sysconf(_SC_CLK_TCK);
	char bytes[STATUS_SIZE];
	struct proc_stat stat;
	long length;

	if (platform->shifted_clock)
		return true; /* the start cannot be compared */
	length = read_file_at(dir, "stat", bytes, sizeof(bytes));
	return length > 0 && parse_stat(bytes, (size_t)length, &stat) && stat.start == process->start / tick_ns;
}

/* Adds the texts of a process. A process that has ended keeps the name that the walk saw. */
static int complete_process(struct platform *platform, struct snapshot *snapshot, uint32_t index)
{
	char path[16];
	int dir, result = 0;

	snprintf(path, sizeof(path), "%u", snapshot->processes[index].pid);
	dir = openat(platform->procfs, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return is_gone(-errno) || is_denied(-errno) ? 0 : -errno;
	if (is_same_process(platform, dir, &snapshot->processes[index]))
		result = process_texts_fill(&platform->texts, dir, platform->options, snapshot, index);
	close(dir);
	return is_gone(result) ? 0 : result;
}

static int complete_processes(struct read_context *context)
{
	struct snapshot *snapshot = context->snapshot;
	int result = 0;

	if (!process_texts_wanted(context->platform->options))
		return 0;
	for (uint32_t i = 0; i < snapshot->process_count && result == 0; i++) {
		result = deadline_check(context->deadline);
		if (result == 0)
			result = complete_process(context->platform, snapshot, i);
	}
	if (result != 0)
		platform_error_set(context->error, "cannot read about the processes: %s", strerror(-result));
	return result;
}

/* Counts the processes that the walk does not see, if a socket belongs to one of them. */
static void count_hidden_processes(struct platform *platform, struct snapshot *snapshot)
{
	if (platform->unheld.unknown_count > 0)
		snapshot->unreadable_processes =
		        visibility_hidden_processes(&platform->visibility, &platform->unheld.dirents);
}

static void set_bound_ports(const struct platform *platform, struct snapshot *snapshot)
{
	const struct walk_facts *facts = bpf_iterator_facts(&platform->iterator);

	_Static_assert(sizeof(facts->bound_ports) == sizeof(snapshot->bound_ports), "the same set");
	memcpy(&snapshot->bound_ports, facts->bound_ports, sizeof(snapshot->bound_ports));
}

static void set_facts(struct platform *platform, struct snapshot *snapshot)
{
	if ((platform->options->want & WANT_CLOSE_WAIT_AGE) && platform->held.hz != 0)
		snapshot->facts |= FACT_CLOSE_WAIT_AGE;
	if (platform->options->want & WANT_SHARED)
		snapshot->facts |= FACT_SHARED;
	snapshot->shared_sockets = platform->held.shared;
}

static int bpf_read(struct platform *platform, struct deadline *deadline, struct snapshot *snapshot,
                    struct platform_error *error)
{
	struct read_context context = {platform, deadline, snapshot, error};
	uint64_t began = platform_now_ns(), walked;
	int result;

	unheld_sockets_begin(&platform->unheld);
	platform_error_set(error, "out of memory"); /* unless a step below says otherwise */
	result = first_walk(&context);
	if (result == 0)
		result = unheld_sockets_read(&platform->unheld, deadline, error);
	walked = platform_now_ns();
	if (result == 0)
		result = complete_processes(&context);
	count_hidden_processes(platform, snapshot);
	set_facts(platform, snapshot);
	set_bound_ports(platform, snapshot);
	snapshot->sockets_ns = walked - began;
	snapshot->owners_ns = platform_now_ns() - walked;
	return result;
}

static bool can_walk(void *data)
{
	const struct platform *platform = data;

	return bpf_iterator_can_walk(&platform->iterator);
}

/* Returns true if procfs shows other users' processes (hidepid). PID 1 always exists. */
static bool sees_processes(void *data)
{
	const struct platform *platform = data;
	char bytes[64];

	return read_file_at(platform->procfs, "1/comm", bytes, sizeof(bytes)) >= 0;
}

/* After the load, walks need no capability on Linux 5.19 and later, or where unprivileged BPF is allowed. */
static void bpf_rights(struct platform *platform, struct platform_rights *rights)
{
	const struct platform_options *options = platform->options;
	bool wants_exe = options->naming == NAMING_EXE || (options->want & WANT_EXE);

	if (!bpf_iterator_has_tables(&platform->iterator))
		capability_for_netns(options, rights);
	capability_for_users(options, rights);
	rights->calls |= CALLS_BPF_ITERATOR;
	if (options->want & WANT_CLOSED_OWNERS)
		rights->calls |= CALLS_BPF_LOOKUP;
	if (wants_exe ||
	    (process_texts_wanted(options) && !capability_suffice(rights->capabilities, sees_processes, platform)))
		rights->capabilities |= CAPABILITY_BIT(CAP_SYS_PTRACE);
	if (!capability_suffice(rights->capabilities, can_walk, platform))
		rights->capabilities |= CAPABILITY_BIT(CAP_BPF);
}

static const struct platform_limit *bpf_limit(const struct platform *platform)
{
	return platform->visibility.limit;
}

const struct platform_backend platform_bpf = {
        .name = "bpf",
        .open = bpf_open,
        .read = bpf_read,
        .close = bpf_close,
        .limit = bpf_limit,
        .rights = bpf_rights,
};
