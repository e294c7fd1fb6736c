/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzzes the parsers of the web configuration and of the Authorization header: a refusal has one readable line, and
 * accepted fields are within their ranges. */
#include "tests/fuzz/fuzz.h"

#include <errno.h>

#include "exporter/web/auth/basic.h"
#include "exporter/web/config/config.h"
#include "exporter/web/config/values.h"

static void check_fault(const struct web_fault *fault, size_t length)
{
	size_t reason = strnlen(fault->reason, sizeof(fault->reason));

	CHECK(reason > 0 && reason < sizeof(fault->reason));
	for (size_t i = 0; i < reason; i++)
		CHECK((unsigned char)fault->reason[i] >= ' ' && fault->reason[i] != 0x7f);
	CHECK(fault->line <= length + 1);
}

static void check_text(const struct web_text *text, size_t length)
{
	if (text->text)
		CHECK(text->text[0] != '\0' && text->line >= 1 && text->line <= length + 1);
}

static void check_choices(const struct web_choices *choices, choice_names *names)
{
	CHECK(choices->count <= WEB_LIST_MAX);
	for (size_t i = 0; i < choices->count; i++)
		CHECK(names(choices->items[i]));
}

static void check_tls(const struct web_tls *tls, size_t length)
{
	struct web_fault fault;

	check_text(&tls->cert, length);
	check_text(&tls->key_file, length);
	check_text(&tls->client_ca_file, length);
	check_choices(&tls->suites, web_suite_name);
	check_choices(&tls->curves, web_curve_name);
	CHECK(tls->allowed_sans.count <= WEB_LIST_MAX);
	for (size_t i = 0; i < tls->allowed_sans.count; i++)
		CHECK(tls->allowed_sans.items[i].text);
	CHECK(!tls->enabled || web_tls_check(tls, &fault) == 0);
	CHECK(tls->enabled || (!tls->cert.text && !tls->cert_file.text));
}

static void check_config(const struct web_config *config, size_t length)
{
	unsigned cost;

	check_tls(&config->tls, length);
	for (size_t i = 0; i < WEB_HEADER_COUNT; i++) {
		check_text(&config->headers[i], length);
		CHECK(!config->headers[i].text || !strpbrk(config->headers[i].text, "\r\n"));
	}
	CHECK(config->rate_interval_ns <= INT64_MAX);
	CHECK(config->user_count <= WEB_USERS_MAX);
	for (size_t i = 0; i < config->user_count; i++) {
		CHECK(config->users[i].name.text && web_value_bcrypt(config->users[i].hash.text, &cost));
		CHECK(cost <= config->cost_max);
	}
}

static void try_config(const char *bytes, size_t length)
{
	struct web_fault fault = {0, ""};
	struct web_config config;
	int result = web_config_parse(&config, bytes, length, &fault);

	CHECK(result == 0 || result == -EINVAL);
	if (result == 0) {
		check_config(&config, length);
		web_config_release(&config);
	} else {
		check_fault(&fault, length);
	}
}

static void try_texts(const char *text)
{
	struct basic_login login;
	uint64_t nanoseconds;
	int32_t number;

	if (basic_parse(&login, text)) {
		CHECK(login.name[login.name_length] == '\0' && !memchr(login.name, ':', login.name_length));
		CHECK(login.password[login.password_length] == '\0');
		CHECK(login.name_length + login.password_length < strlen(text));
		basic_release(&login);
	}
	if (web_value_duration(text, &nanoseconds))
		CHECK(nanoseconds <= INT64_MAX);
	if (web_value_int(text, &number))
		CHECK(number != INT32_MIN);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	char *copy = exact_copy(bytes, length), *text = terminated_copy(bytes, length);

	try_config(copy, length);
	try_texts(text);
	free(text);
	free(copy);
	return 0;
}
