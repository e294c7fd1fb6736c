/* SPDX-License-Identifier: Apache-2.0 */
/* Procfs backend: a read dumps the sockets, then walks over descriptors to find their owners. */
#include "exporter/platform/linux/procfs/procfs.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "exporter/platform/linux/host/capability.h"
#include "exporter/platform/linux/netlink/socket_table.h"
#include "exporter/platform/linux/procfs/fd_walk.h"
#include "exporter/platform/linux/procfs/file.h"
#include "exporter/platform/linux/procfs/visibility.h"
#include "exporter/platform/linux/procfs/netns.h"
#include "exporter/platform/linux/read_context.h"

struct platform {
	const struct platform_options *options;
	int procfs;         /* open directory */
	uint64_t own_netns; /* where reads begin and end */
	struct socket_table table;
	struct fd_walk walk;
	struct visibility visibility;
};

static void procfs_close(struct platform *platform)
{
	if (!platform)
		return;
	socket_table_release(&platform->table);
	fd_walk_release(&platform->walk);
	close(platform->procfs);
	free(platform);
}

static int procfs_open(struct platform **out, const struct platform_options *options, struct platform_error *error)
{
	struct platform *platform;
	int result = capability_check_netns(options, error);

	*out = NULL;
	if (result != 0)
		return result;
	platform = malloc(sizeof(*platform));
	if (!platform) {
		platform_error_set(error, "out of memory");
		return -ENOMEM;
	}
	platform->options = options;
	platform->procfs = procfs_open_root(options->procfs, error);
	if (platform->procfs < 0) {
		result = platform->procfs;
		free(platform);
		return result;
	}
	platform->own_netns = netns_current_id(platform->procfs);
	fd_walk_init(&platform->walk, platform->procfs, options);
	visibility_init(&platform->visibility, platform->procfs, VISIBLE_BY_PROCFS, options, &platform->walk.dirents);
	result = socket_table_init(&platform->table);
	if (result != 0) {
		platform_error_set(error, "out of memory");
		procfs_close(platform);
		return result;
	}
	*out = platform;
	return 0;
}

static int is_new_namespace(void *data, uint64_t id, const char *process)
{
	const struct read_context *context = data;

	(void)process;
	return netns_find(context->snapshot, id) == context->snapshot->netns_count;
}

static int read_namespace(void *data, uint64_t id)
{
	struct read_context *context = data;
	struct platform *platform = context->platform;
	uint32_t index;
	int result = netns_add_current(platform->procfs, id, context->snapshot, &index);

	if (result != 0)
		return result;
	return socket_table_read(&platform->table, context->snapshot, index, platform->options->want, context->deadline,
	                         context->error);
}

static int read_sockets(struct read_context *context)
{
	struct platform *platform = context->platform;
	const struct netns_scope scope = {platform->own_netns, platform->options->all_netns};
	const struct netns_visitor visitor = {.wanted = is_new_namespace, .visit = read_namespace, .data = context};
	int result = socket_table_reset(&platform->table);

	return result != 0 ? result
	                   : netns_visit(platform->procfs, &platform->walk.dirents, &scope, &visitor, context->deadline,
	                                 context->error);
}

/* Marks the owners of sockets whose holder is not visible as unknown. If the files of all processes can be read, a
 * socket without a visible holder is unheld. */
static void mark_unknown_owners(struct platform *platform, struct snapshot *snapshot)
{
	const struct inode_index *inodes = &platform->table.inodes;
	const struct visibility *visibility = &platform->visibility;

	if (inodes->unresolved == 0)
		return;
	if (visibility->limit)
		snapshot->unreadable_processes += visibility_hidden_processes(visibility, &platform->walk.dirents);
	if (snapshot->unreadable_processes > 0 || !has_capability(CAP_SYS_PTRACE))
		inode_index_mark_unknown(inodes, snapshot);
}

static int read_owners(struct read_context *context)
{
	struct platform *platform = context->platform;
	struct inode_index *inodes = &platform->table.inodes;
	int result = fd_walk_run(&platform->walk, context->snapshot, inodes, context->deadline, context->error);

	if (result != 0)
		return result;
	mark_unknown_owners(platform, context->snapshot);
	context->snapshot->shared_sockets = inodes->shared;
	return 0;
}

static void set_facts(struct snapshot *snapshot, unsigned want)
{
	snapshot->states = (STATE_BIT(STATE_COUNT) - 1) & ~STATE_BIT(STATE_DELETE_TCB);
	snapshot->facts = FACT_QUEUES | FACT_ACCEPT_QUEUES | FACT_UNREADABLE | FACT_DROPS | FACT_TIMERS;
	if (want & WANT_CLOSE_WAIT_AGE)
		snapshot->facts |= FACT_CLOSE_WAIT_AGE;
	if (want & WANT_SHARED)
		snapshot->facts |= FACT_SHARED;
}

static int procfs_read(struct platform *platform, struct deadline *deadline, struct snapshot *snapshot,
                       struct platform_error *error)
{
	struct read_context context = {platform, deadline, snapshot, error};
	uint64_t began = platform_now_ns(), dumped;
	int result;

	platform_error_set(error, "out of memory"); /* unless a step below says otherwise */
	set_facts(snapshot, platform->options->want);
	result = read_sockets(&context);
	dumped = platform_now_ns();
	if (result == 0)
		result = read_owners(&context);
	snapshot->sockets_ns = dumped - began;
	snapshot->owners_ns = platform_now_ns() - dumped;
	return result;
}

/* CAP_SYS_PTRACE is needed to read a process's descriptors, CAP_DAC_READ_SEARCH to list those of another user's
 * process.
 */
static void procfs_rights(struct platform *platform, struct platform_rights *rights)
{
	capability_for_netns(platform->options, rights);
	capability_for_users(platform->options, rights);
	rights->capabilities |= CAPABILITY_BIT(CAP_SYS_PTRACE) | CAPABILITY_BIT(CAP_DAC_READ_SEARCH);
}

static const struct platform_limit *procfs_limit(const struct platform *platform)
{
	return platform->visibility.limit;
}

const struct platform_backend platform_procfs = {
        .name = "procfs",
        .lacks = LACKS_CLOSED_OWNERS,
        .open = procfs_open,
        .read = procfs_read,
        .close = procfs_close,
        .limit = procfs_limit,
        .rights = procfs_rights,
};
