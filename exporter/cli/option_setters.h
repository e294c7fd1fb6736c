/* SPDX-License-Identifier: Apache-2.0 */
/* Setters of the table's rows: each puts a value into the options. A setter returns false if it refuses the value, and
 * may then write `reason`. */
#ifndef EXPORTER_CLI_OPTION_SETTERS_H
#define EXPORTER_CLI_OPTION_SETTERS_H

#include <stdbool.h>

struct options;
struct option_value;

bool set_listen(struct options *options, struct option_value *value);
bool set_systemd_socket(struct options *options, struct option_value *value);
bool set_telemetry_path(struct options *options, struct option_value *value);
bool set_max_requests(struct options *options, struct option_value *value);
bool set_web_config(struct options *options, struct option_value *value);
bool set_health_without_auth(struct options *options, struct option_value *value);
bool set_disable_exporter_metrics(struct options *options, struct option_value *value);
bool set_sockets(struct options *options, struct option_value *value);
bool set_backend(struct options *options, struct option_value *value);
bool set_replay(struct options *options, struct option_value *value);
bool set_local_port(struct options *options, struct option_value *value);
bool set_remote_port(struct options *options, struct option_value *value);
bool set_max_series(struct options *options, struct option_value *value);
bool set_label(struct options *options, struct option_value *value);
bool set_naming(struct options *options, struct option_value *value);
bool set_name_pattern(struct options *options, struct option_value *value);
bool set_include(struct options *options, struct option_value *value);
bool set_exclude(struct options *options, struct option_value *value);
bool set_netns(struct options *options, struct option_value *value);
bool set_shared_sockets(struct options *options, struct option_value *value);
bool set_closed_owners(struct options *options, struct option_value *value);
bool set_procfs(struct options *options, struct option_value *value);
bool set_seccomp(struct options *options, struct option_value *value);
bool set_log_level(struct options *options, struct option_value *value);
bool set_log_format(struct options *options, struct option_value *value);
bool set_print_table(struct options *options, struct option_value *value);
bool set_print_metrics(struct options *options, struct option_value *value);
bool set_table_process(struct options *options, struct option_value *value);
bool set_table_state(struct options *options, struct option_value *value);
bool set_table_port(struct options *options, struct option_value *value);
bool set_table_wide(struct options *options, struct option_value *value);
bool set_service(struct options *options, struct option_value *value);
bool set_version(struct options *options, struct option_value *value);
bool set_help(struct options *options, struct option_value *value);

#endif
