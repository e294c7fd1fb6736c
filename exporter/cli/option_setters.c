/* SPDX-License-Identifier: Apache-2.0 */
/* Setters: put the value of each flag into the options. */
#include "exporter/cli/option_setters.h"

#include <stdio.h>

#include "exporter/cli/option_table.h"
#include "exporter/cli/option_values.h"
#include "exporter/platform/host.h"
#include "exporter/scrape/pattern.h"

bool set_listen(struct options *options, struct option_value *value)
{
	if (!host_address_valid(value->text, value->reason, sizeof(value->reason)) ||
	    options->listen_count == OPTIONS_MAX_LISTEN)
		return false;
	options->listen[options->listen_count++] = value->text;
	return true;
}

bool set_systemd_socket(struct options *options, struct option_value *value)
{
	options->systemd_socket = value->number;
	return true;
}

bool set_telemetry_path(struct options *options, struct option_value *value)
{
	options->telemetry_path = value->text;
	return value_url_path(value->text);
}

bool set_max_requests(struct options *options, struct option_value *value)
{
	options->max_requests = (unsigned)value->number;
	return true;
}

bool set_web_config(struct options *options, struct option_value *value)
{
	/* an empty name means no file, as in other exporters */
	options->web_config_file = value->text[0] != '\0' ? value->text : NULL;
	return true;
}

bool set_health_without_auth(struct options *options, struct option_value *value)
{
	options->health_without_auth = value->number;
	return true;
}

bool set_disable_exporter_metrics(struct options *options, struct option_value *value)
{
	options->disable_exporter_metrics = value->number;
	return true;
}

bool set_sockets(struct options *options, struct option_value *value)
{
	options->sockets = value->number;
	return true;
}

bool set_backend(struct options *options, struct option_value *value)
{
	options->backend = value->text;
	return true;
}

bool set_replay(struct options *options, struct option_value *value)
{
	options->replay_file = value->text;
	return value->text[0] != '\0';
}

bool set_local_port(struct options *options, struct option_value *value)
{
	options->local_port = (enum local_port_mode)value->number;
	return true;
}

bool set_remote_port(struct options *options, struct option_value *value)
{
	options->remote_port = (enum remote_port_mode)value->number;
	return true;
}

bool set_max_series(struct options *options, struct option_value *value)
{
	options->max_series = value->number;
	return true;
}

bool set_label(struct options *options, struct option_value *value)
{
	options->labels |= LABEL_BIT(value->number);
	return true;
}

bool set_naming(struct options *options, struct option_value *value)
{
	options->naming = (enum process_naming)value->number;
	return true;
}

bool set_name_pattern(struct options *options, struct option_value *value)
{
	if (options->name_pattern_count == OPTIONS_MAX_NAME_PATTERNS) {
		snprintf(value->reason, sizeof(value->reason), "more than %d patterns", OPTIONS_MAX_NAME_PATTERNS);
		return false;
	}
	options->name_patterns[options->name_pattern_count++] = value->text;
	return pattern_names(value->text, value->reason, sizeof(value->reason));
}

/* Stores a pattern. An empty pattern means no pattern, since it would match the empty name alone. */
static bool set_pattern(const char **pattern, struct option_value *value)
{
	*pattern = value->text[0] != '\0' ? value->text : NULL;
	return *pattern == NULL || pattern_valid(*pattern, value->reason, sizeof(value->reason));
}

bool set_include(struct options *options, struct option_value *value)
{
	return set_pattern(&options->include, value);
}

bool set_exclude(struct options *options, struct option_value *value)
{
	return set_pattern(&options->exclude, value);
}

bool set_netns(struct options *options, struct option_value *value)
{
	options->all_netns = value->number;
	return true;
}

bool set_shared_sockets(struct options *options, struct option_value *value)
{
	options->shared_sockets = value->number;
	return true;
}

bool set_closed_owners(struct options *options, struct option_value *value)
{
	options->closed_owners = value->number;
	return true;
}

bool set_procfs(struct options *options, struct option_value *value)
{
	options->procfs = value->text;
	return value->text[0] == '/';
}

bool set_seccomp(struct options *options, struct option_value *value)
{
	options->seccomp = value->number;
	return true;
}

bool set_log_level(struct options *options, struct option_value *value)
{
	options->log_level = (enum log_level)value->number;
	return true;
}

bool set_log_format(struct options *options, struct option_value *value)
{
	options->log_format = (enum log_format)value->number;
	return true;
}

bool set_print_table(struct options *options, struct option_value *value)
{
	options->action = ACTION_PRINT_TABLE;
	options->table.format = (enum table_format)value->number;
	return true;
}

bool set_table_process(struct options *options, struct option_value *value)
{
	options->action = ACTION_PRINT_TABLE;
	options->table.process = value->text;
	return true;
}

bool set_table_state(struct options *options, struct option_value *value)
{
	options->action = ACTION_PRINT_TABLE;
	options->table.states |= STATE_BIT(value->number);
	return true;
}

bool set_table_port(struct options *options, struct option_value *value)
{
	options->action = ACTION_PRINT_TABLE;
	options->table.port = (uint16_t)value->number;
	return true;
}

bool set_table_wide(struct options *options, struct option_value *value)
{
	if (value->number)
		options->action = ACTION_PRINT_TABLE;
	options->table.wide = value->number;
	return true;
}

bool set_print_metrics(struct options *options, struct option_value *value)
{
	(void)value;
	options->action = ACTION_PRINT_METRICS;
	return true;
}

bool set_service(struct options *options, struct option_value *value)
{
	options->action = ACTION_SERVICE;
	options->service = (enum service_action)value->number;
	return true;
}

bool set_version(struct options *options, struct option_value *value)
{
	(void)value;
	options->action = ACTION_VERSION;
	return true;
}

bool set_help(struct options *options, struct option_value *value)
{
	(void)value;
	options->action = ACTION_HELP;
	return true;
}
