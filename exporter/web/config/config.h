/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Web configuration format: parses the format of Prometheus' exporter-toolkit (its docs/web-configuration.md).
 *
 * It is pure: bytes in, a struct or a fault with its line out. Keys without an effect are faults: unknown and
 * repeated keys, values of another type, and settings that contradict each other. It does not read the files that
 * the configuration names.
 */
#ifndef EXPORTER_WEB_CONFIG_CONFIG_H
#define EXPORTER_WEB_CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exporter/web/config/yaml.h"
#include "exporter/web/tls/tls_names.h"

enum {
	/* Bytes of a file: hundreds of users, or certificates in place. */
	WEB_CONFIG_MAX = 256 * 1024,
	/* Names of clients, cipher suites, curves: in each list. */
	WEB_LIST_MAX = 64,
	/* Basic authentication is for a few users. */
	WEB_USERS_MAX = 1000,
};

/* A text of the file and its line. `text` is NULL if it is missing or empty. */
struct web_text {
	const char *text;
	size_t line;
};

struct web_texts {
	struct web_text items[WEB_LIST_MAX];
	size_t count;
};

/* Indexes of names, in the file's order. */
struct web_choices {
	size_t items[WEB_LIST_MAX];
	size_t count;
};

enum web_client_auth {
	CLIENT_AUTH_NONE,
	CLIENT_AUTH_REQUEST,
	CLIENT_AUTH_REQUIRE_ANY,
	CLIENT_AUTH_VERIFY_IF_GIVEN,
	CLIENT_AUTH_REQUIRE_AND_VERIFY,
};

struct web_tls {
	bool enabled;
	size_t line;                                         /* of the section */
	struct web_text cert, key, client_ca;                /* PEM in place */
	struct web_text cert_file, key_file, client_ca_file; /* relative to the configuration's folder */
	enum web_client_auth client_auth;
	struct web_texts allowed_sans; /* empty: any */
	enum web_tls_version min_version, max_version;
	struct web_choices suites; /* numbers of web_suites; empty: the usual ones */
	struct web_choices curves; /* numbers of web_curves; empty: all */
	bool prefer_server_suites;
};

/* The header fields that may be set, by number. NULL after the last. */
enum { WEB_HEADER_COUNT = 5 };
const char *web_header_name(size_t index);

struct web_user {
	struct web_text name, hash;
};

struct web_config {
	struct web_tls tls;
	struct web_text headers[WEB_HEADER_COUNT]; /* without text: not set */
	uint64_t rate_interval_ns;                 /* 0: no limit */
	int32_t rate_burst;
	struct web_user *users; /* empty: everybody is admitted */
	size_t user_count;
	unsigned cost_max; /* of the users' hashes */

	yaml_document_t document; /* owns the texts */
	bool has_document;
};

/* Parses the bytes. Returns 0, or -errno with *fault filled: -EINVAL, -ENOMEM; then there is nothing to release. */
int web_config_parse(struct web_config *config, const char *bytes, size_t length, struct web_fault *fault) MUST_CHECK;
void web_config_release(struct web_config *config);

/* Checks that the settings do not contradict each other. web_config_parse() calls it. Returns 0, or -EINVAL with
 * *fault filled. */
int web_tls_check(const struct web_tls *tls, struct web_fault *fault) MUST_CHECK;

#endif
