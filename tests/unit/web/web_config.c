/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of the web configuration's format: accepted values, and the line and reason of every refusal. */
#include "exporter/web/config/config.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define HASH "$2y$10$X0h1gDsPszWURQaxFh.zoubFi6DXncSjhoQNJgRrnGs7EsimhC7zG"
#define TLS  "tls_server_config:\n  cert_file: c\n  key_file: k\n"

static void parse(struct web_config *config, const char *text)
{
	struct web_fault fault = {0, ""};

	if (web_config_parse(config, text, strlen(text), &fault) != 0)
		fail_msg("%zu: %s in\n%s", fault.line, fault.reason, text);
}

static void test_nothing(void **state)
{
	static const char *const texts[] = {"",
	                                    "\n\n",
	                                    "# nothing\n",
	                                    "{}",
	                                    "~",
	                                    "---\n...\n",
	                                    "tls_server_config:\nbasic_auth_users:\n",
	                                    "tls_server_config: {}\nhttp_server_config: {headers: }\nrate_limit: {}\n",
	                                    "\xef\xbb\xbf{}"};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct web_config config;

		parse(&config, texts[i]);
		assert_false(config.tls.enabled);
		assert_int_equal(config.user_count, 0);
		assert_int_equal(config.rate_interval_ns, 0);
		web_config_release(&config);
	}
}

static void test_everything(void **state)
{
	static const char text[] = "tls_server_config:\n"
	                           "  cert_file: server.crt\n"
	                           "  key_file: \"server.key\"\n"
	                           "  client_auth_type: RequireAndVerifyClientCert\n"
	                           "  client_ca_file: ca.crt\n"
	                           "  client_allowed_sans: [one.test, 'spiffe://two']\n"
	                           "  min_version: TLS11\n"
	                           "  max_version: TLS12\n"
	                           "  cipher_suites:\n"
	                           "    - TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384\n"
	                           "    - TLS_AES_128_GCM_SHA256\n"
	                           "  prefer_server_cipher_suites: no\n"
	                           "  curve_preferences: [CurveP384, X25519]\n"
	                           "http_server_config:\n"
	                           "  http2: false\n"
	                           "  headers:\n"
	                           "    X-Frame-Options: deny\n"
	                           "    Content-Security-Policy: default-src 'self'\n"
	                           "    X-XSS-Protection:\n"
	                           "rate_limit: {interval: 1m0.5s, burst: 7}\n"
	                           "basic_auth_users:\n"
	                           "  alice: " HASH "\n"
	                           "  12: " HASH "\n";
	struct web_config config;

	(void)state;
	parse(&config, text);
	assert_true(config.tls.enabled);
	assert_string_equal(config.tls.cert_file.text, "server.crt");
	assert_int_equal(config.tls.cert_file.line, 2);
	assert_string_equal(config.tls.key_file.text, "server.key");
	assert_int_equal(config.tls.client_auth, CLIENT_AUTH_REQUIRE_AND_VERIFY);
	assert_int_equal(config.tls.allowed_sans.count, 2);
	assert_string_equal(config.tls.allowed_sans.items[1].text, "spiffe://two");
	assert_int_equal(config.tls.min_version, WEB_TLS11);
	assert_int_equal(config.tls.max_version, WEB_TLS12);
	assert_int_equal(config.tls.suites.count, 2);
	assert_string_equal(web_suite_name(config.tls.suites.items[0]), "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384");
	assert_false(config.tls.prefer_server_suites);
	assert_string_equal(web_curve_name(config.tls.curves.items[0]), "CurveP384");
	for (size_t i = 0; i < WEB_HEADER_COUNT; i++) {
		bool set = strcmp(web_header_name(i), "X-Frame-Options") == 0 ||
		           strcmp(web_header_name(i), "Content-Security-Policy") == 0;

		assert_true(set == (config.headers[i].text != NULL));
	}
	assert_int_equal(config.rate_interval_ns, UINT64_C(60500000000));
	assert_int_equal(config.rate_burst, 7);
	assert_int_equal(config.user_count, 2);
	assert_string_equal(config.users[1].name.text, "12");
	assert_string_equal(config.users[1].hash.text, HASH);
	assert_int_equal(config.cost_max, 10);
	web_config_release(&config);
}

static void test_client_auth(void **state)
{
	static const struct {
		const char *name;
		enum web_client_auth auth;
	} cases[] = {
	        {"NoClientCert", CLIENT_AUTH_NONE},
	        {"\"\"", CLIENT_AUTH_NONE},
	        {"RequestClientCert", CLIENT_AUTH_REQUEST},
	        {"RequireAnyClientCert", CLIENT_AUTH_REQUIRE_ANY},
	        {"RequireClientCert", CLIENT_AUTH_REQUIRE_ANY},
	        {"VerifyClientCertIfGiven", CLIENT_AUTH_VERIFY_IF_GIVEN},
	        {"RequireAndVerifyClientCert", CLIENT_AUTH_REQUIRE_AND_VERIFY},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct web_config config;
		char text[256];

		snprintf(text, sizeof(text), TLS "  client_auth_type: %s\n", cases[i].name);
		parse(&config, text);
		assert_int_equal(config.tls.client_auth, cases[i].auth);
		web_config_release(&config);
	}
}

/* An alias is the node that it names. */
static void test_aliases(void **state)
{
	struct web_config config;

	(void)state;
	parse(&config, "basic_auth_users:\n  a: &h " HASH "\n  b: *h\n");
	assert_int_equal(config.user_count, 2);
	assert_string_equal(config.users[1].hash.text, HASH);
	web_config_release(&config);
}

static const struct {
	const char *text;
	size_t line;
	const char *reason;
} faults[] = {
        {"tls_server_configs: {}\n", 1, "\"tls_server_configs\" is not a setting that is known here"},
        {"http_server_config:\n  http3: true\n", 2, "\"http3\" is not a setting that is known here"},
        {"http_server_config:\n  headers:\n    Server: x\n", 3, "\"Server\" is not a setting that is known here"},
        {"http_server_config:\n  headers:\n    x-frame-options: deny\n", 3, "is not a setting that is known here"},
        {"rate_limit:\n  burst: 1\n  burst: 2\n", 3, "\"burst\" is not unique: it is given twice"},
        {"rate_limit: {}\nrate_limit: {}\n", 2, "\"rate_limit\" is not unique"},
        {"basic_auth_users:\n  a: " HASH "\n  a: " HASH "\n", 3, "given twice"},
        {"[]", 1, "here must be settings, each with its name"},
        {"just a text", 1, "here must be settings, each with its name"},
        {"\nrate_limit: 5\n", 2, "here must be settings"},
        {"tls_server_config:\n  cert_file: [a]\n", 2, "here must be a text"},
        {"tls_server_config:\n  client_allowed_sans: a\n", 2, "here must be a list of texts"},
        {"tls_server_config:\n  client_allowed_sans:\n    - {}\n", 3, "here must be a text"},
        {"tls_server_config:\n  client_allowed_sans: []\n", 2, "the list is empty"},
        {"http_server_config: {http2: maybe}", 1, "\"maybe\" is not true or false"},
        {"http_server_config: {http2: 'true'}", 1, "\"true\" is not true or false"},
        {"rate_limit: {burst: 1.5}", 1, "\"1.5\" is not a whole number"},
        {"rate_limit: {burst: '1'}", 1, "\"1\" is not a whole number"},
        {"rate_limit: {burst: 99999999999}", 1, "is not a whole number"},
        {"rate_limit: {interval: -1s}", 1, "\"-1s\" is not a length of time"},
        {"rate_limit: {interval: 1 second}", 1, "is not a length of time"},
        {"http_server_config: {headers: {X-Frame-Options: allow}}", 1, "\"allow\" is not one of deny, sameorigin"},
        {"http_server_config: {headers: {X-Content-Type-Options: sniff}}", 1, "\"sniff\" is not nosniff"},
        {"http_server_config: {headers: {X-XSS-Protection: \"a\\r\\nb: c\"}}", 1, "it has a control character"},
        {"http_server_config: {headers: {X-XSS-Protection: \"a\\0b\"}}", 1, "a text has a zero byte"},
        {"basic_auth_users: {a: secret}", 1, "must be a bcrypt hash"},
        {"basic_auth_users: {a: }", 1, "must be a bcrypt hash"},
        {"basic_auth_users: [a]", 1, "here must be users"},
        {"basic_auth_users: {[a]: b}", 1, "here must be a name"},
        {"tls_server_config: {min_version: TLS12}", 1, "neither cert nor cert_file"},
        {"tls_server_config: {cert_file: a}", 1, "neither key nor key_file"},
        {"tls_server_config:\n  key_file: a\n  client_auth_type: NoClientCert\n", 2, "neither cert nor cert_file"},
        {TLS "  cert: x\n", 2, "cert and cert_file are both given"},
        {TLS "  key: x\n", 3, "key and key_file are both given"},
        {TLS "  client_auth_type: RequestClientCert\n  client_ca: x\n  client_ca_file: y\n", 6,
         "client_ca and client_ca_file are both given"},
        {TLS "  client_ca_file: y\n", 4, "a client CA is given, but client_auth_type asks no client"},
        {TLS "  client_auth_type: NoClientCert\n  client_ca: y\n", 5, "a client CA is given"},
        {TLS "  client_auth_type: Never\n", 4, "\"Never\" is not one of NoClientCert, RequestClientCert"},
        {TLS "  client_auth_type: VerifyClientCertIfGiven\n  client_allowed_sans: [a]\n", 5,
         "client_allowed_sans needs client_auth_type"},
        {TLS "  min_version: TLS14\n", 4, "\"TLS14\" is not one of TLS10, TLS11, TLS12, TLS13"},
        {TLS "  min_version: SSL30\n", 4, "\"SSL30\" is not one of"},
        {TLS "  min_version: TLS13\n  max_version: TLS12\n", 2, "min_version TLS13 is above max_version TLS12"},
        {TLS "  cipher_suites: [TLS_RSA_WITH_RC4_128_SHA]\n", 4, "is not a cipher suite that Go names"},
        {TLS "  cipher_suites: [TLS_AES_128_GCM_SHA256, TLS_AES_128_GCM_SHA256]\n", 4, "is given twice"},
        /* no forward secrecy: Go lists it as insecure */
        {TLS "  cipher_suites: [TLS_RSA_WITH_AES_256_GCM_SHA384]\n", 4, "is not a cipher suite that Go names"},
        {TLS "  curve_preferences: [X448]\n", 4, "\"X448\" is not one of X25519"},
        {"a: [\n", 2, "not YAML: "},
        {"\ta: b\n", 1, "not YAML: "},
        {"a: *b\n", 1, "not YAML: "},
        {"rate_limit: {}\n---\nrate_limit: {}\n", 3, "a second document"},
        {"rate_limit: {}\n...\n\xff", 3, "not YAML: "},
        {"rate_limit: {}\n# \xc3\x28\n", 2, "not YAML: "},
        {"rate_limit: !!map {}\nhttp_server_config: !mine {}\n", 2, "tags have no meaning here"},
        {"rate_limit: {<<: {burst: 1}}", 1, "\"<<\" is not a setting that is known here"},
        {"a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\n", 1, "\"a\" is not a setting that is known here"},
        {"basic_auth_users: &a {x: *a}\n", 1, "here must be a password's hash"},
};

static void test_faults(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		struct web_fault fault = {99, ""};
		struct web_config config;
		int err = web_config_parse(&config, faults[i].text, strlen(faults[i].text), &fault);

		if (err == 0)
			fail_msg("taken:\n%s", faults[i].text);
		assert_int_equal(err, -EINVAL);
		if (fault.line != faults[i].line || strstr(fault.reason, faults[i].reason) == NULL)
			fail_msg("%s\nis said to have, in line %zu: %s", faults[i].text, fault.line, fault.reason);
		assert_null(strchr(fault.reason, '\n'));
	}
}

/* A password in place of a hash does not appear in the message. */
static void test_secrets(void **state)
{
	static const char text[] = "basic_auth_users: {alice: opensesame}";
	struct web_fault fault = {0, ""};
	struct web_config config;

	(void)state;
	assert_int_equal(web_config_parse(&config, text, strlen(text), &fault), -EINVAL);
	assert_null(strstr(fault.reason, "opensesame"));
}

static void expect_fault(const char *text, size_t length, const char *reason)
{
	struct web_fault fault = {0, ""};
	struct web_config config;

	assert_int_equal(web_config_parse(&config, text, length, &fault), -EINVAL);
	if (strstr(fault.reason, reason) == NULL)
		fail_msg("not '%s' but '%s'", reason, fault.reason);
}

static void test_limits(void **state)
{
	size_t length = WEB_CONFIG_MAX + 1;
	char *text = malloc(length), *at = text;

	(void)state;
	assert_non_null(text);
	memset(text, ' ', length);
	expect_fault(text, length, "longer than");
	expect_fault("rate_limit: {}\0 ", 16, "not YAML: ");
	at += sprintf(at, TLS "  client_auth_type: RequireAnyClientCert\n  client_allowed_sans: [a");
	for (int i = 0; i < WEB_LIST_MAX; i++)
		at += sprintf(at, ", a%d", i);
	at += sprintf(at, "]\n");
	expect_fault(text, (size_t)(at - text), "more than 64 items");
	at = text + sprintf(text, "basic_auth_users:\n");
	for (int i = 0; i <= WEB_USERS_MAX; i++)
		at += sprintf(at, "  u%d: " HASH "\n", i);
	expect_fault(text, (size_t)(at - text), "more than 1000 entries");
	memset(text, '[', WEB_CONFIG_MAX); /* libyaml alone needs minutes for it */
	expect_fault(text, WEB_CONFIG_MAX, "nested too deeply");
	for (size_t i = 0; i < WEB_CONFIG_MAX; i += 2)
		memcpy(text + i, "- ", 2);
	expect_fault(text, WEB_CONFIG_MAX, "nested too deeply");
	free(text);
}

/* Templates write empty lists, which mean the default. */
static void test_empty_lists(void **state)
{
	struct web_config config;

	(void)state;
	parse(&config, TLS "  cipher_suites: []\n  curve_preferences: []\n");
	assert_int_equal(config.tls.suites.count + config.tls.curves.count, 0);
	web_config_release(&config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_empty_lists), cmocka_unit_test(test_nothing), cmocka_unit_test(test_everything),
	        cmocka_unit_test(test_client_auth), cmocka_unit_test(test_aliases), cmocka_unit_test(test_faults),
	        cmocka_unit_test(test_secrets),     cmocka_unit_test(test_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
