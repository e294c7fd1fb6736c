/* SPDX-License-Identifier: Apache-2.0 */
/* Choices of flags: the words that they accept. */
#include "exporter/cli/option_choices.h"

#include "exporter/options.h"

const char *choice_backend_names(size_t index)
{
	if (index == 0)
		return OPTIONS_BACKEND_AUTO;
	for (size_t i = 0; i < index; i++)
		if (platform_backends[i] == NULL)
			return NULL;
	return platform_backends[index - 1]->name;
}

#define NAME_OF(names, index) ((index) < sizeof(names) / sizeof((names)[0]) ? (names)[index] : NULL)

const char *choice_local_port_names(size_t index)
{
	static const char *const names[] = {
	        [LOCAL_PORT_SERVED] = "served", [LOCAL_PORT_ALL] = "all", [LOCAL_PORT_NONE] = "none"};

	return NAME_OF(names, index);
}

const char *choice_remote_port_names(size_t index)
{
	static const char *const names[] = {
	        [REMOTE_PORT_ALL] = "all", [REMOTE_PORT_SERVICE] = "service", [REMOTE_PORT_NONE] = "none"};

	return NAME_OF(names, index);
}

const char *choice_label_names(size_t index)
{
	return index < LABEL_COUNT ? census_label_name((enum census_label)index) : NULL;
}

const char *choice_naming_names(size_t index)
{
	static const char *const names[] = {[NAMING_COMM] = "comm", [NAMING_EXE] = "exe", [NAMING_CMDLINE] = "cmdline"};

	return NAME_OF(names, index);
}

unsigned choice_label_lack(size_t index)
{
	return index == LABEL_NETNS ? LACKS_NETNS : index == LABEL_CONTAINER ? LACKS_CONTAINERS : 0;
}

unsigned choice_naming_lack(size_t index)
{
	return index == NAMING_CMDLINE ? LACKS_ARGUMENTS : 0;
}

const char *choice_netns_names(size_t index)
{
	static const char *const names[] = {"own", "all"};

	return NAME_OF(names, index);
}

const char *choice_log_format_names(size_t index)
{
	static const char *const names[] = {[LOG_FORMAT_LOGFMT] = "logfmt", [LOG_FORMAT_JSON] = "json"};

	return NAME_OF(names, index);
}

const char *choice_table_format_names(size_t index)
{
	static const char *const names[] = {[TABLE_TEXT] = "text", [TABLE_JSON] = "json", [TABLE_REPLAY] = "replay"};

	return NAME_OF(names, index);
}

const char *choice_state_names(size_t index)
{
	return index < STATE_COUNT ? state_name((enum socket_state)index) : NULL;
}

const char *choice_service_names(size_t index)
{
	static const char *const names[] = {
	        [SERVICE_INSTALL] = "install", [SERVICE_REMOVE] = "remove", [SERVICE_RUN] = "run"};

	return NAME_OF(names, index);
}
