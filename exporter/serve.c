/* SPDX-License-Identifier: Apache-2.0 */
/* Puts the parts together, waits, and takes them apart in the order that loses no answer. */
#include "exporter/serve.h"

#include <string.h>

#include "exporter/backend.h"
#include "exporter/filter.h"
#include "exporter/http.h"
#include "exporter/log.h"
#include "exporter/platform/host.h"
#include "exporter/scrape.h"

struct service {
	struct open_backend open;
	struct filter *filter;
	struct scraper *scraper;
	struct http_server *http;
};

/* First of all: an address that is in use is the most common reason not to start. */
static int open_sockets(const struct options *options, int *sockets, struct platform_error *error)
{
	for (size_t i = 0; i < options->listen_count; i++) {
		sockets[i] = host_listen(options->listen[i], error);
		if (sockets[i] < 0)
			return sockets[i];
	}
	return 0;
}

static uint64_t families(const struct options *options)
{
	return options->disable_exporter_metrics ? METRICS_ALL & ~METRICS_OF_EXPORTER : METRICS_ALL;
}

static int start_filter(struct service *service, const struct options *options, struct platform_error *error)
{
	int err;

	if (options->include == NULL && options->exclude == NULL)
		return 0;
	err = filter_new(&service->filter, options->include, options->exclude);
	if (err != 0)
		platform_error_set(error, "cannot prepare the process filter: %s", strerror(-err));
	return err;
}

static int start_scraper(struct service *service, const struct options *options, const struct build_info *build,
                         struct platform_error *error)
{
	const struct scraper_options settings = {
	        .backend = service->open.backend,
	        .platform = service->open.platform,
	        .census =
	                {
	                        .labels = options->labels,
	                        .local_port = options->local_port,
	                        .keep = service->filter != NULL ? filter_keep : NULL,
	                        .keep_data = service->filter,
	                },
	        .max_series = options->max_series,
	        .families = families(options),
	        .version = build->version,
	        .revision = build->revision,
	        .compiler = build->compiler,
	};
	int err = scraper_new(&service->scraper, &settings);

	if (err != 0)
		platform_error_set(error, "cannot start the collector: %s", strerror(-err));
	return err;
}

static int start_http(struct service *service, const struct options *options, const int *sockets,
                      struct platform_error *error)
{
	const struct http_options settings = {
	        .telemetry_path = options->telemetry_path,
	        .max_requests = options->max_requests,
	        .families = families(options),
	        .scraper = service->scraper,
	};

	return http_start(&service->http, &settings, sockets, options->listen_count, error);
}

static int start(struct service *service, const struct options *options, const struct build_info *build,
                 struct platform_error *error)
{
	int sockets[OPTIONS_MAX_LISTEN];
	int err = open_sockets(options, sockets, error);

	if (err == 0)
		err = backend_open(&service->open, options, backend_wants_to_serve(options), error);
	if (err == 0)
		err = start_filter(service, options, error);
	if (err == 0)
		err = start_scraper(service, options, build, error);
	if (err != 0)
		return err; /* the program ends, and its sockets with it */
	log_message(LOG_LEVEL_INFO, "starting", "version", build->version, "revision", build->revision, "backend",
	            service->open.backend->name, NULL);
	for (size_t i = 0; i < options->listen_count; i++) {
		char address[HOST_ADDRESS_MAX];

		host_socket_address(sockets[i], address, sizeof(address));
		log_message(LOG_LEVEL_INFO, "listening", "address", address, NULL);
	}
	return start_http(service, options, sockets, error);
}

/* New connections first, then the snapshot under way and those who wait for it, then their connections. */
static void stop(struct service *service)
{
	if (service->http != NULL)
		http_quiesce(service->http);
	if (service->scraper != NULL)
		scraper_stop(service->scraper);
	if (service->http != NULL)
		http_stop(service->http);
	if (service->scraper != NULL)
		scraper_free(service->scraper);
	filter_free(service->filter);
	backend_close(&service->open);
}

int serve(const struct options *options, const struct build_info *build, struct platform_error *error)
{
	struct service service = {0};
	int err;

	host_block_stop_signals();
	err = start(&service, options, build, error);
	if (err == 0)
		log_message(LOG_LEVEL_INFO, "stopping", "signal", host_wait_for_stop(), NULL);
	stop(&service);
	return err;
}
