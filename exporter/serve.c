/* SPDX-License-Identifier: Apache-2.0 */
/* Serving: starts the parts of the exporter, waits for the signal to stop, and stops them in an order that loses no
 * answer. */
#include "exporter/serve.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "exporter/http/server.h"
#include "exporter/log.h"
#include "exporter/platform/file.h"
#include "exporter/platform/host.h"
#include "exporter/platform/privilege.h"
#include "exporter/scrape/backend.h"
#include "exporter/scrape/counting.h"
#include "exporter/scrape/scrape.h"

struct service {
	struct open_backend open;
	struct counting counting;
	struct scraper *scraper;
	struct web *web;
	struct http_server *http;
	int sockets[OPTIONS_MAX_LISTEN];
	size_t socket_count;
	struct platform_rights rights;
	char status[256]; /* one line for the service manager */
};

/* Opens the listening sockets. The first step, because an address in use is the most common error at the start. */
static int open_sockets(struct service *service, const struct options *options, struct platform_error *error)
{
	if (options->systemd_socket) {
		int count = host_inherited_sockets(service->sockets, OPTIONS_MAX_LISTEN, error);

		service->socket_count = count > 0 ? (size_t)count : 0;
		return count < 0 ? count : 0;
	}
	for (size_t i = 0; i < options->listen_count; i++) {
		int opened = host_listen(options->listen[i], error);

		if (opened < 0)
			return opened;
		service->sockets[service->socket_count++] = opened;
	}
	return 0;
}

/* Drops the privileges that only opening the sockets and the backend needed. */
static int drop_privileges(struct service *service, struct platform_error *error)
{
	char kept[PRIVILEGE_TEXT_MAX];
	int err;

	service->rights = backend_rights(&service->open);
	err = privilege_drop(&service->rights, kept, sizeof(kept), error);
	if (err == 0)
		log_message(LOG_LEVEL_INFO, "privileges dropped", "kept", kept, NULL);
	return err;
}

/* Installs the seccomp filter if the options ask for it. The last step, because the filter allows only the system calls
 * of serving. */
static int install_seccomp(const struct service *service, const struct options *options, struct platform_error *error)
{
	bool wanted = options->seccomp && privilege_has_seccomp;
	int err = wanted ? privilege_install_seccomp(&service->rights, error) : 0;

	if (err == 0)
		log_message(LOG_LEVEL_INFO, "seccomp filter", "seccomp",
		            wanted                  ? "on"
		            : privilege_has_seccomp ? "off"
		                                    : "not in this build",
		            NULL);
	return err;
}

static int start_scraper(struct service *service, const struct options *options, const struct build_info *build,
                         struct platform_error *error)
{
	const struct scraper_options settings = {
	        .collector = counting_collector(&service->counting, &service->open),
	        .families = counting_families(options),
	        .version = build->version,
	        .revision = build->revision,
	        .compiler = build->compiler,
	};
	int err = scraper_new(&service->scraper, &settings);

	if (err != 0)
		platform_error_set(error, "cannot start the collector: %s", strerror(-err));
	return err;
}

static int start_http(struct service *service, const struct options *options, struct platform_error *error)
{
	const struct http_options settings = {
	        .telemetry_path = options->telemetry_path,
	        .max_requests = options->max_requests,
	        .health_without_auth = options->health_without_auth,
	        .sockets = options->sockets,
	        .families = counting_families(options),
	        .scraper = service->scraper,
	        .web = service->web,
	};

	return http_start(&service->http, &settings, service->sockets, service->socket_count, error);
}

static void tell_start(struct service *service, const struct build_info *build)
{
	const char *backend = service->open.backend->name;
	char address[HOST_ADDRESS_MAX];

	log_message(LOG_LEVEL_INFO, "starting", "version", build->version, "revision", build->revision, "backend",
	            backend, NULL);
	for (size_t i = 0; i < service->socket_count; i++) {
		host_socket_address(service->sockets[i], address, sizeof(address));
		log_message(LOG_LEVEL_INFO, "listening", "address", address, NULL);
	}
	host_socket_address(service->sockets[0], address, sizeof(address));
	snprintf(service->status, sizeof(service->status), "Serving on %s%s, backend %s", address,
	         service->socket_count > 1 ? " and others" : "", backend);
}

/* Opens all that the flags name. Needs no thread. */
static int prepare(struct service *service, const struct options *options, struct platform_error *error)
{
	int err = options->web_config_file != NULL ? web_possible(error) : 0;

	if (err == 0)
		err = open_sockets(service, options, error);
	if (err == 0)
		err = backend_open(&service->open, options, backend_wants_to_serve(options), error);
	return err != 0 ? err : counting_init(&service->counting, options, error);
}

static int start(struct service *service, const struct options *options, const struct build_info *build,
                 struct platform_error *error)
{
	int err = prepare(service, options, error);

	if (err == 0)
		err = drop_privileges(service, error);
	/* After drop_privileges(): a file that only the dropped privileges can read would fail at its first reload, and
	 * web_open() starts the first thread. */
	if (err == 0 && options->web_config_file != NULL)
		err = web_open(&service->web, options->web_config_file, error);
	if (err == 0)
		err = start_scraper(service, options, build, error);
	if (err != 0)
		return err; /* the end of the program closes the sockets */
	tell_start(service, build);
	err = start_http(service, options, error);
	return err != 0 ? err : install_seccomp(service, options, error);
}

/* Reads the web configuration again. Each scrape reads a replay file, so there is no other file to reload. */
static void reload(void *data)
{
	const struct service *service = data;

	if (service->web != NULL)
		web_reload(service->web);
	else
		log_message(LOG_LEVEL_INFO, "nothing to reload", "reason", "no --web.config.file", NULL);
}

static bool check_alive(void *data)
{
	const struct service *service = data;

	if (scraper_alive(service->scraper) && http_alive(service->http))
		return true;
	log_message(LOG_LEVEL_ERROR, "watchdog not notified", "reason", "a thread of the exporter hangs", NULL);
	return false;
}

/* Stops all parts. The password hasher and the scraper stop first, so that requests that wait for them are answered
 * before their connections end. */
static void stop(struct service *service)
{
	if (service->web != NULL)
		web_stop(service->web);
	if (service->scraper != NULL)
		scraper_stop(service->scraper);
	http_stop(service->http);
	if (service->scraper != NULL)
		scraper_free(service->scraper);
	web_close(service->web);
	counting_release(&service->counting);
	backend_close(&service->open);
}

int serve(const struct options *options, const struct build_info *build, struct platform_error *error)
{
	struct service service = {0};
	const struct host_hooks hooks = {reload, check_alive, service.status, &service};
	int err = host_prepare_to_serve(error);

	if (err == 0)
		err = start(&service, options, build, error);
	if (err == 0)
		log_message(LOG_LEVEL_INFO, "stopping", "signal", host_wait_for_stop(&hooks), NULL);
	stop(&service);
	return err;
}

/* Reads the web configuration once. A service does not start in the folder of the command that installs it. */
static int check_web(const char *file, struct platform_error *error)
{
	struct web *web;
	int err;

	if (!host_file_is_absolute(file)) {
		platform_error_set(error, "cannot use \"%s\": a service needs the whole path of its web configuration",
		                   file);
		return -EINVAL;
	}
	err = web_open(&web, file, error);
	web_close(web);
	return err;
}

int serve_check(const struct options *options, struct platform_error *error)
{
	struct service service = {0};
	int err = prepare(&service, options, error);

	if (err == 0 && options->web_config_file != NULL)
		err = check_web(options->web_config_file, error);
	for (size_t i = 0; i < service.socket_count; i++)
		host_close_socket(service.sockets[i]);
	counting_release(&service.counting);
	backend_close(&service.open);
	return err;
}
