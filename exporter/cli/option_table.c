/* SPDX-License-Identifier: Apache-2.0 */
/* Every flag there is: its name, default, help, and the setter that fills its field. */
#include "exporter/cli/option_table.h"

#include "exporter/cli/option_choices.h"
#include "exporter/cli/option_values.h"
#include "exporter/platform/host.h"
#include "exporter/scrape/filter.h"
#include "metrics/census/fold.h"

/* Setters */

static bool set_listen(struct options *options, struct option_value *value)
{
	if (!host_address_valid(value->text) || options->listen_count == OPTIONS_MAX_LISTEN)
		return false;
	options->listen[options->listen_count++] = value->text;
	return true;
}

static bool set_systemd_socket(struct options *options, struct option_value *value)
{
	options->systemd_socket = value->number;
	return true;
}

static bool set_telemetry_path(struct options *options, struct option_value *value)
{
	options->telemetry_path = value->text;
	return value_url_path(value->text);
}

static bool set_max_requests(struct options *options, struct option_value *value)
{
	options->max_requests = (unsigned)value->number;
	return true;
}

static bool set_web_config(struct options *options, struct option_value *value)
{
	/* as others have it, an empty name is none */
	options->web_config_file = value->text[0] != '\0' ? value->text : NULL;
	return true;
}

static bool set_disable_exporter_metrics(struct options *options, struct option_value *value)
{
	options->disable_exporter_metrics = value->number;
	return true;
}

static bool set_backend(struct options *options, struct option_value *value)
{
	options->backend = value->text;
	return true;
}

static bool set_replay(struct options *options, struct option_value *value)
{
	options->replay_file = value->text;
	return value->text[0] != '\0';
}

static bool set_local_port(struct options *options, struct option_value *value)
{
	options->local_port = (enum local_port_mode)value->number;
	return true;
}

static bool set_remote_port(struct options *options, struct option_value *value)
{
	options->remote_port = (enum remote_port_mode)value->number;
	return true;
}

static bool set_max_series(struct options *options, struct option_value *value)
{
	options->max_series = value->number;
	return true;
}

static bool set_label(struct options *options, struct option_value *value)
{
	options->labels |= LABEL_BIT(value->number);
	return true;
}

static bool set_naming(struct options *options, struct option_value *value)
{
	options->naming = (enum process_naming)value->number;
	return true;
}

/* An empty pattern is none: it would match the empty name alone. */
static bool set_pattern(const char **pattern, struct option_value *value)
{
	*pattern = value->text[0] != '\0' ? value->text : NULL;
	return *pattern == NULL || filter_pattern_valid(*pattern, value->reason, sizeof(value->reason));
}

static bool set_include(struct options *options, struct option_value *value)
{
	return set_pattern(&options->include, value);
}

static bool set_exclude(struct options *options, struct option_value *value)
{
	return set_pattern(&options->exclude, value);
}

static bool set_netns(struct options *options, struct option_value *value)
{
	options->all_netns = value->number;
	return true;
}

static bool set_shared_sockets(struct options *options, struct option_value *value)
{
	options->shared_sockets = value->number;
	return true;
}

static bool set_procfs(struct options *options, struct option_value *value)
{
	options->procfs = value->text;
	return value->text[0] == '/';
}

static bool set_seccomp(struct options *options, struct option_value *value)
{
	options->seccomp = value->number;
	return true;
}

static bool set_log_level(struct options *options, struct option_value *value)
{
	options->log_level = (enum log_level)value->number;
	return true;
}

static bool set_log_format(struct options *options, struct option_value *value)
{
	options->log_format = (enum log_format)value->number;
	return true;
}

static bool set_print_table(struct options *options, struct option_value *value)
{
	options->action = ACTION_PRINT_TABLE;
	options->table_format = (enum table_format)value->number;
	return true;
}

static bool set_service(struct options *options, struct option_value *value)
{
	options->action = ACTION_SERVICE;
	options->service = (enum service_action)value->number;
	return true;
}

static bool set_version(struct options *options, struct option_value *value)
{
	(void)value;
	options->action = ACTION_VERSION;
	return true;
}

static bool set_help(struct options *options, struct option_value *value)
{
	(void)value;
	options->action = ACTION_HELP;
	return true;
}

/* Rows */

enum {
	ROW_LISTEN,
	ROW_SYSTEMD_SOCKET,
	ROW_TELEMETRY_PATH,
	ROW_MAX_REQUESTS,
	ROW_WEB_CONFIG,
	ROW_DISABLE_EXPORTER_METRICS,
	ROW_BACKEND,
	ROW_REPLAY,
	ROW_LOCAL_PORT,
	ROW_REMOTE_PORT,
	ROW_MAX_SERIES,
	ROW_LABEL,
	ROW_PROCESS_NAME,
	ROW_INCLUDE,
	ROW_EXCLUDE,
	ROW_NETNS,
	ROW_SHARED_SOCKETS,
	ROW_PROCFS,
	ROW_SECCOMP,
	ROW_LOG_LEVEL,
	ROW_LOG_FORMAT,
	ROW_PRINT_TABLE,
	ROW_SERVICE,
	ROW_VERSION,
	ROW_HELP,
	ROW_COUNT
};

const struct option option_table[ROW_COUNT] = {
        [ROW_LISTEN] = {.name = "web.listen-address",
                        .group = "Endpoint",
                        .kind = OPTION_TEXT,
                        .repeatable = true,
                        .fallback = ":10793",
                        .placeholder = "[HOST]:PORT",
                        .set = set_listen,
                        .accepted = "an address like :10793, 127.0.0.1:10793 or [::1]:10793 (16 at the most)",
                        .help = "Address to serve on; without a host, every address of this machine."},
        [ROW_SYSTEMD_SOCKET] =
                {.name = "web.systemd-socket",
                 .kind = OPTION_SWITCH,
                 .fallback = "off",
                 .set = set_systemd_socket,
                 .help = "Serve on the sockets that a .socket unit of systemd passes, instead of addresses."},
        [ROW_TELEMETRY_PATH] = {.name = "web.telemetry-path",
                                .kind = OPTION_TEXT,
                                .fallback = "/metrics",
                                .placeholder = "PATH",
                                .set = set_telemetry_path,
                                .accepted = "a path that starts with / and has no space, ?, # or %",
                                .help = "Path of the metrics."},
        [ROW_MAX_REQUESTS] =
                {.name = "web.max-requests",
                 .kind = OPTION_NUMBER,
                 .fallback = "40",
                 .placeholder = "COUNT",
                 .set = set_max_requests,
                 .min = 1,
                 .max = MAX_REQUESTS_LIMIT,
                 .help = "Requests for metrics that may wait at the same time; more are answered with 503."},
        [ROW_WEB_CONFIG] = {.name = "web.config.file",
                            .kind = OPTION_TEXT,
                            .placeholder = "FILE",
                            .set = set_web_config,
                            .accepted = "the name of a file",
                            .help = "TLS, basic authentication, headers and a limit on the rate of requests, in the "
                                    "format of Prometheus' exporter-toolkit. Changes are taken up at once."},
        [ROW_DISABLE_EXPORTER_METRICS] =
                {.name = "web.disable-exporter-metrics",
                 .kind = OPTION_SWITCH,
                 .fallback = "off",
                 .set = set_disable_exporter_metrics,
                 .help = "Leave out the metrics about the exporter itself (tcp_exporter_*, process_*)."},
        [ROW_BACKEND] = {.name = "collector.backend",
                         .group = "Collector",
                         .kind = OPTION_CHOICE,
                         .fallback = OPTIONS_BACKEND_AUTO,
                         .placeholder = "NAME",
                         .choices = choice_backend_names,
                         .set = set_backend,
                         .help = "Where the socket table comes from. auto takes the best that works here."},
        [ROW_REPLAY] = {.name = "collector.replay",
                        .kind = OPTION_TEXT,
                        .placeholder = "FILE",
                        .set = set_replay,
                        .accepted = "the name of a file",
                        .help = "Serve a recorded snapshot, read anew at each scrape, instead of this host's sockets."},
        [ROW_LOCAL_PORT] =
                {.name = "collector.local-port",
                 .kind = OPTION_CHOICE,
                 .fallback = "served",
                 .placeholder = "MODE",
                 .choices = choice_local_port_names,
                 .set = set_local_port,
                 .help = "Which local ports become label values. served: those of listeners and inbound connections; "
                         "outbound connections share \"ephemeral\"."},
        [ROW_REMOTE_PORT] =
                {.name = "collector.remote-port",
                 .kind = OPTION_CHOICE,
                 .fallback = "all",
                 .placeholder = "MODE",
                 .choices = choice_remote_port_names,
                 .set = set_remote_port,
                 .help = "Which remote ports of outbound connections become label values. service: ports outside the "
                         "ephemeral range; the others share \"ephemeral\"."},
        [ROW_MAX_SERIES] =
                {.name = "collector.max-series",
                 .kind = OPTION_NUMBER,
                 .fallback = "10000",
                 .placeholder = "COUNT",
                 .set = set_max_series,
                 .min = FOLD_MIN_SERIES,
                 .max = MAX_SERIES_LIMIT,
                 .help = "Series of a metric at most. Beyond it, the quietest processes fold into \"(other)\"; "
                         "sums stay exact."},
        [ROW_LABEL] = {.name = "collector.label",
                       .kind = OPTION_CHOICE,
                       .repeatable = true,
                       .placeholder = "NAME",
                       .choices = choice_label_names,
                       .set = set_label,
                       .help = "Add a label to the metrics by process."},
        [ROW_PROCESS_NAME] =
                {.name = "collector.process-name",
                 .kind = OPTION_CHOICE,
                 .fallback = "comm",
                 .placeholder = "SOURCE",
                 .choices = choice_naming_names,
                 .set = set_naming,
                 .help = "What names a process: the kernel's name for it (comm), the file name of its executable "
                         "(exe) or its arguments (cmdline)."},
        [ROW_INCLUDE] =
                {.name = "collector.process.include",
                 .kind = OPTION_TEXT,
                 .placeholder = "REGEX",
                 .set = set_include,
                 .accepted = "a regular expression",
                 .help = "Count only processes whose whole name matches (PCRE2). Totals still cover every socket."},
        [ROW_EXCLUDE] = {.name = "collector.process.exclude",
                         .kind = OPTION_TEXT,
                         .placeholder = "REGEX",
                         .set = set_exclude,
                         .accepted = "a regular expression",
                         .help = "Leave out processes whose whole name matches (PCRE2)."},
        [ROW_NETNS] =
                {.name = "collector.netns",
                 .kind = OPTION_CHOICE,
                 .fallback = "host",
                 .placeholder = "SCOPE",
                 .choices = choice_netns_names,
                 .set = set_netns,
                 .help = "Network namespaces to read: the exporter's own (host), or every one that has a process."},
        [ROW_SHARED_SOCKETS] =
                {.name = "collector.shared-sockets",
                 .kind = OPTION_SWITCH,
                 .fallback = OPTION_SWITCH_ON,
                 .set = set_shared_sockets,
                 .help = "Count the sockets that several processes hold. Without it a scrape may end its walk over "
                         "the processes as soon as every socket has an owner."},
        [ROW_PROCFS] = {.name = "path.procfs",
                        .kind = OPTION_TEXT,
                        .fallback = OPTIONS_PROCFS,
                        .placeholder = "DIRECTORY",
                        .set = set_procfs,
                        .accepted = "an absolute path",
                        .help = "Where procfs is mounted."},
        [ROW_SECCOMP] =
                {.name = "security.seccomp",
                 .group = "Security",
                 .kind = OPTION_SWITCH,
                 .fallback = OPTION_SWITCH_ON,
                 .set = set_seccomp,
                 .help = "Once started, let the kernel refuse every system call that serving does not take. On Linux, "
                         "in builds that have it."},
        [ROW_LOG_LEVEL] = {.name = "log.level",
                           .group = "Log",
                           .kind = OPTION_CHOICE,
                           .fallback = "info",
                           .placeholder = "LEVEL",
                           .choices = log_level_name,
                           .set = set_log_level,
                           .help = "Least severity to log."},
        [ROW_LOG_FORMAT] = {.name = "log.format",
                            .kind = OPTION_CHOICE,
                            .fallback = "logfmt",
                            .placeholder = "FORMAT",
                            .choices = choice_log_format_names,
                            .set = set_log_format,
                            .help = "Form of the log's lines."},
        [ROW_PRINT_TABLE] = {.name = "print-table",
                             .group = "Instead of serving",
                             .kind = OPTION_MAYBE_CHOICE,
                             .placeholder = "FORMAT",
                             .choices = choice_table_format_names,
                             .set = set_print_table,
                             .help = "Print every socket with its process once and exit. replay is the form that "
                                     "--collector.replay reads."},
        [ROW_SERVICE] = {.name = "service",
                         .kind = OPTION_CHOICE,
                         .placeholder = "ACTION",
                         .choices = choice_service_names,
                         .set = set_service,
                         .help = "On Windows: register as a service with the flags that are given besides, or take "
                                 "it off. run is for the service manager."},
        [ROW_VERSION] = {.name = "version",
                         .kind = OPTION_ACTION,
                         .set = set_version,
                         .help = "Print the version and exit."},
        [ROW_HELP] = {.name = "help",
                      .letter = 'h',
                      .kind = OPTION_ACTION,
                      .set = set_help,
                      .help = "Print this text and exit."},
};
const size_t option_count = ROW_COUNT;

const struct option *const option_backend = &option_table[ROW_BACKEND];
const struct option *const option_replay = &option_table[ROW_REPLAY];
const struct option *const option_help = &option_table[ROW_HELP];
