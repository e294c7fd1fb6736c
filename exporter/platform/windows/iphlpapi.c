/* SPDX-License-Identifier: Apache-2.0 */
/* IP helper backend: a read fetches both TCP tables with the owners' PIDs, then the processes, and joins them. */
#include "exporter/platform/windows/iphlpapi.h"

#include <errno.h>
#include <stdlib.h>

#include "exporter/platform/windows/names/process_detail.h"
#include "exporter/platform/windows/names/services.h"
#include "exporter/platform/windows/ports/bound_ports.h"
#include "exporter/platform/windows/ports/port_range.h"
#include "exporter/platform/windows/tables/process_table.h"
#include "exporter/platform/windows/tables/processes.h"
#include "exporter/platform/windows/tables/tcp_tables.h"
#include "exporter/platform/windows/utf16.h"

/* Room for the name of a service, whose longest has 256 characters, and its terminator. */
enum { SERVICE_NAME_MAX = 257 };

struct platform {
	const struct platform_options *options;
	struct ip_helper helper;
	struct port_range_reader *ports;
	struct tcp_tables tables;
	struct growing list; /* the processes as Windows lists them */
	struct process_table processes;
	struct services services;
	struct process_details details;
	struct growing module; /* of one row */
};

static int read_sockets(struct platform *platform, struct deadline *deadline, struct snapshot *snapshot,
                        struct platform_error *error)
{
	struct snapshot_netns host = {.id = 0};
	struct port_range range;
	uint32_t index;
	int result;

	port_range_get(platform->ports, &range);
	host.ephemeral_low = range.low;
	host.ephemeral_high = range.high;
	snapshot->reserved = range.excluded;
	bound_ports_read(&platform->helper, snapshot);
	result = snapshot_add_netns(snapshot, &host, &index);
	if (result != 0)
		platform_error_set(error, "out of memory");
	else
		result = tcp_tables_read(&platform->tables, &platform->helper,
		                         (platform->options->want & WANT_REMOTE_ADDRESSES) != 0, deadline, snapshot,
		                         error);
	return result;
}

/* Sets the unit to the one service that owns the row. Returns 0, -ENOMEM, or another error without access. */
static int name_by_row(struct platform *platform, struct snapshot *snapshot, uint32_t index, size_t row)
{
	const TCPIP_OWNER_MODULE_BASIC_INFO *info;
	char name[UTF16_AS_UTF8_MAX(SERVICE_NAME_MAX)];
	size_t units;
	int result = tcp_tables_module(&platform->tables, &platform->helper, row, &platform->module);

	if (result != 0)
		return result;
	info = platform->module.bytes;
	units = utf16_length((const uint16_t *)info->pModuleName, SERVICE_NAME_MAX);
	return snapshot_set_text(snapshot, index, PROCESS_UNIT, name,
	                         utf16_to_utf8(name, (const uint16_t *)info->pModuleName, units));
}

/* Sets the unit to the service of the row, or to all services of the process. */
static int name_unit(struct platform *platform, struct snapshot *snapshot, uint32_t index, size_t row)
{
	const struct process_entry *process = process_table_find(&platform->processes, snapshot->processes[index].pid);
	int result = -EACCES;

	if (process->has_services && platform->tables.owners[row].service != 0)
		result = name_by_row(platform, snapshot, index, row);
	if (result != 0 && result != -ENOMEM)
		result = services_name(&platform->services, snapshot, index);
	return result;
}

static int describe(void *data, struct snapshot *snapshot, uint32_t index, size_t row)
{
	struct platform *platform = data;
	int result = process_details_add(&platform->details, snapshot, index, platform->options->want);

	if (result == 0 && platform->options->want & WANT_UNIT)
		result = name_unit(platform, snapshot, index, row);
	return result;
}

static int read_processes(struct platform *platform, struct deadline *deadline, struct platform_error *error)
{
	int result;

	process_table_reset(&platform->processes);
	result = processes_read(&platform->processes, &platform->list, error);
	if (result == 0 && platform->options->want & WANT_UNIT) {
		result = services_read(&platform->services, error);
		if (result == 0)
			services_mark(&platform->services, &platform->processes);
	}
	if (result == 0) {
		result = deadline_check(deadline);
		if (result != 0)
			platform_error_set(error, "no time left to list the processes");
	}
	return result;
}

static int read_owners(struct platform *platform, struct deadline *deadline, struct snapshot *snapshot,
                       struct platform_error *error)
{
	const struct process_describer describer = {describe, platform};
	int result = read_processes(platform, deadline, error);

	if (result != 0)
		return result;
	result = process_table_join(&platform->processes, snapshot, platform->tables.owners, &describer);
	if (result != 0)
		platform_error_set(error, "out of memory");
	return result;
}

static void iphlpapi_close(struct platform *platform)
{
	if (platform == NULL)
		return;
	port_range_reader_free(platform->ports);
	tcp_tables_release(&platform->tables);
	growing_release(&platform->list);
	growing_release(&platform->module);
	process_table_release(&platform->processes);
	services_release(&platform->services);
	users_release(&platform->details.users);
	free(platform);
}

static int iphlpapi_read(struct platform *platform, struct deadline *deadline, struct snapshot *snapshot,
                         struct platform_error *error)
{
	uint64_t began = platform_now_ns(), dumped;
	int result;

	snapshot->states = STATE_BIT(STATE_COUNT) - 1;
	/* Windows reports no queues, no ages and no further holders. */
	snapshot->facts = platform->options->want & (WANT_EXE | WANT_USER) ? FACT_UNDESCRIBED : 0;
	result = read_sockets(platform, deadline, snapshot, error);
	dumped = platform_now_ns();
	if (result == 0)
		result = read_owners(platform, deadline, snapshot, error);
	snapshot->sockets_ns = dumped - began;
	snapshot->owners_ns = platform_now_ns() - dumped;
	return result;
}

static int iphlpapi_open(struct platform **out, const struct platform_options *options, struct platform_error *error)
{
	struct platform *platform = calloc(1, sizeof(*platform));
	int result;

	*out = NULL;
	if (platform == NULL) {
		platform_error_set(error, "out of memory");
		return -ENOMEM;
	}
	platform->options = options;
	result = ip_helper_load(&platform->helper, error);
	if (result == 0)
		platform->ports = port_range_reader_new();
	if (result == 0 && platform->ports == NULL) {
		platform_error_set(error, "cannot start the thread that reads the port range");
		result = -EAGAIN;
	}
	if (result == 0)
		*out = platform;
	else
		iphlpapi_close(platform);
	return result;
}

const struct platform_backend platform_iphlpapi = {
        .name = "iphlpapi",
        .nobody = NAME_IDLE,
        .open = iphlpapi_open,
        .read = iphlpapi_read,
        .close = iphlpapi_close,
};
