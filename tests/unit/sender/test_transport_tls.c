/* SPDX-License-Identifier: MIT */
/* Who is believed to be the receiver, and who is not; and the way there through a proxy. */
#include "tests/lib/attempt.h"
#include "tests/lib/children.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BODY ATTEMPT_BODY(ATTEMPT_EVENT)

/* A receiver in that mood with a certificate of that kind (NULL: plain text); its authority is where SSL_CERT_FILE says. */
static void receive(struct attempt *self, const char *mode, const char *kind)
{
	char authority[300];
	const char *const options[] = {"--tls", kind, "--authority", authority, NULL};

	snprintf(authority, sizeof(authority), "%s/authority.pem", self->folder);
	setenv("SSL_CERT_FILE", authority, 1);
	receiver_start(&self->receiver, self->folder, mode, 0, kind ? options : NULL);
}

static void go_to(struct attempt *self, const char *name)
{
	char host[128];

	snprintf(host, sizeof(host), "https://%s:%d", name, self->receiver.port);
	attempt_run(self, host, BODY);
}

static void assert_arrived(const struct attempt *self, bool arrived)
{
	assert_int_equal(self->answer.status, arrived ? 200 : 0);
	assert_int_equal(receiver_count(&self->receiver, "request"), arrived);
	assert_int_equal(receiver_count(&self->receiver, "event"), arrived);
	assert_int_equal(receiver_count(&self->receiver, "finding"), 0);
}

static void test_who_is_believed(void **state)
{
	static const struct {
		const char *kind, *mode, *name;
		bool believed;
	} rows[] = {
		{"good", "ok", "localhost", true},        {"good", "ok", "127.0.0.1", true},
		{"tls1.2", "ok", "localhost", true},      {"wrong-name", "ok", "localhost", false},
		{"wrong-name", "ok", "127.0.0.1", false}, {"expired", "ok", "localhost", false},
		{"future", "ok", "localhost", false},     {"self-signed", "ok", "localhost", false},
		{"tls1.1", "ok", "localhost", false},     {NULL, "ok", "localhost", false},
		{NULL, "hang", "localhost", false},       {NULL, "garbage", "localhost", false},
		{NULL, "deaf", "localhost", false},       {NULL, "drip", "localhost", false},
	};
	struct attempt *self = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		print_message("  %s, %s, %s\n", rows[i].kind ? rows[i].kind : "plain text", rows[i].mode, rows[i].name);
		receive(self, rows[i].mode, rows[i].kind);
		if (!rows[i].kind)
			unsetenv("SSL_CERT_FILE");
		go_to(self, rows[i].name);
		if (rows[i].kind || strcmp(rows[i].mode, "ok") == 0)
			assert_arrived(self, rows[i].believed);
		else
			assert_int_equal(self->answer.status, 0);
		receiver_stop(&self->receiver);
	}
}

/* The system may be lenient; we are not. Without our own minimum this attempt succeeds. */
static void test_nothing_older_than_tls_1_2_whatever_openssl_is_told(void **state)
{
	struct attempt *self = *state;
	char path[300];
	FILE *file;

	snprintf(path, sizeof(path), "%s/openssl.cnf", self->folder);
	file = fopen(path, "we");
	assert_non_null(file);
	fputs("openssl_conf = a\n[a]\nssl_conf = b\n[b]\nsystem_default = c\n"
	      "[c]\nMinProtocol = TLSv1\nCipherString = DEFAULT@SECLEVEL=0\n",
	      file);
	fclose(file);
	setenv("OPENSSL_CONF", path, 1);
	receive(self, "ok", "tls1.1");
	go_to(self, "localhost");
	assert_arrived(self, false);
	receiver_stop(&self->receiver);
}

static void test_an_authority_is_trusted_only_where_it_is_named(void **state)
{
	struct attempt *self = *state;
	char authority[300], nowhere[300];

	snprintf(nowhere, sizeof(nowhere), "%s/nowhere.pem", self->folder);
	receive(self, "ok", "good");
	snprintf(authority, sizeof(authority), "%s", getenv("SSL_CERT_FILE"));
	/* The system's authorities do not know it. */
	unsetenv("SSL_CERT_FILE");
	go_to(self, "localhost");
	assert_arrived(self, false);
	/* A name that leads nowhere is no reason to trust the system's instead. */
	setenv("SSL_CERT_FILE", nowhere, 1);
	go_to(self, "localhost");
	assert_arrived(self, false);
	setenv("CURL_CA_BUNDLE", authority, 1);
	go_to(self, "localhost");
	assert_arrived(self, true);
	receiver_stop(&self->receiver);
}

/* As `openssl rehash` names it: the folder alone is enough. */
static void test_a_folder_of_authorities(void **state)
{
	struct attempt *self = *state;
	char command[900];

	receive(self, "ok", "good");
	snprintf(command, sizeof(command), "mkdir %s/certs && cp %s/authority.pem %s/certs/ && openssl rehash %s/certs",
		 self->folder, self->folder, self->folder, self->folder);
	assert_int_equal(system(command), 0);
	unsetenv("SSL_CERT_FILE");
	snprintf(command, sizeof(command), "%s/certs", self->folder);
	setenv("SSL_CERT_DIR", command, 1);
	go_to(self, "localhost");
	assert_arrived(self, true);
	receiver_stop(&self->receiver);
}

/* ---- proxies ---- */

static void set_proxy(const struct receiver *proxy, const char *variable, const char *user)
{
	char url[128];

	snprintf(url, sizeof(url), "http://%s127.0.0.1:%d", user, proxy->port);
	setenv(variable, url, 1);
}

static void assert_asked(const struct receiver *proxy, const char *member, const char *wanted)
{
	cJSON *notes = receiver_notes(proxy, "connect");
	const cJSON *note = cJSON_GetArrayItem(notes, 0);

	assert_string_equal(cJSON_GetObjectItemCaseSensitive(note, member)->valuestring, wanted);
	cJSON_Delete(notes);
}

static void test_which_proxy_is_asked(void **state)
{
	static const struct {
		const char *variable, *except; /* except: NO_PROXY, or no_proxy */
		const char *exception, *name;
		bool asked;
	} rows[] = {
		{"HTTPS_PROXY", NULL, NULL, "shop.localhost", true},
		{"https_proxy", NULL, NULL, "shop.localhost", true},
		{"ALL_PROXY", NULL, NULL, "shop.localhost", true},
		{"all_proxy", NULL, NULL, "shop.localhost", true},
		/* Those of other schemes are not for us. */
		{"http_proxy", NULL, NULL, "shop.localhost", false},
		{"HTTPS_PROXY", "NO_PROXY", "example.org,shop.localhost", "shop.localhost", false},
		{"https_proxy", "no_proxy", ".localhost", "shop.localhost", false},
		{"ALL_PROXY", "NO_PROXY", "*", "shop.localhost", false},
		{"HTTPS_PROXY", "NO_PROXY", "example.org", "shop.localhost", true},
		/* What is for this machine stays in it. */
		{"HTTPS_PROXY", NULL, NULL, "localhost", false},
		{"ALL_PROXY", NULL, NULL, "127.0.0.1", false},
	};
	struct attempt *self = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct receiver proxy;
		char target[64];

		print_message("  %s for %s\n", rows[i].variable, rows[i].name);
		receiver_start_proxy(&proxy, self->folder, "ok");
		receive(self, "ok", "good");
		set_proxy(&proxy, rows[i].variable, "");
		if (rows[i].except)
			setenv(rows[i].except, rows[i].exception, 1);
		go_to(self, rows[i].name);
		assert_arrived(self, true);
		assert_int_equal(receiver_count(&proxy, "connection"), rows[i].asked);
		if (rows[i].asked) {
			snprintf(target, sizeof(target), "%s:%d", rows[i].name, self->receiver.port);
			assert_asked(&proxy, "method", "CONNECT");
			assert_asked(&proxy, "target", target);
		}
		unsetenv(rows[i].variable);
		if (rows[i].except)
			unsetenv(rows[i].except);
		receiver_stop(&self->receiver);
		receiver_stop(&proxy);
	}
}

/* A proxy sees where to, never what: it cannot stand in for the receiver either. */
static void test_a_proxy_is_no_reason_to_believe(void **state)
{
	struct attempt *self = *state;
	struct receiver proxy;

	receiver_start_proxy(&proxy, self->folder, "ok");
	set_proxy(&proxy, "HTTPS_PROXY", "");
	receive(self, "ok", "wrong-name");
	go_to(self, "shop.localhost");
	assert_int_equal(receiver_count(&proxy, "connect"), 1);
	assert_arrived(self, false);
	receiver_stop(&self->receiver);
	receiver_stop(&proxy);
}

/* An answer of the proxy is none of the receiver: not its status, not its Retry-After, not where it points. */
static void test_a_proxy_that_does_not_lead_there(void **state)
{
	static const char *const modes[] = {"hang", "407", "302", "500"};
	struct attempt *self = *state;

	for (size_t i = 0; i < sizeof(modes) / sizeof(*modes); i++) {
		struct receiver proxy;

		receiver_start_proxy(&proxy, self->folder, modes[i]);
		set_proxy(&proxy, "HTTPS_PROXY", "");
		receive(self, "ok", "good");
		go_to(self, "shop.localhost");
		assert_int_equal(receiver_count(&proxy, "connection"), 1);
		assert_int_equal(self->answer.status, 0);
		assert_int_equal(self->answer.retry_after_s, 0);
		assert_int_equal(receiver_count(&self->receiver, "connection"), 0);
		receiver_stop(&self->receiver);
		receiver_stop(&proxy);
	}
}

static void test_a_proxy_gets_its_password_and_the_receiver_does_not(void **state)
{
	struct attempt *self = *state;
	struct receiver proxy;

	receiver_start_proxy(&proxy, self->folder, "ok");
	set_proxy(&proxy, "HTTPS_PROXY", "me:secret@");
	receive(self, "ok", "good");
	go_to(self, "shop.localhost");
	assert_asked(&proxy, "authorization", "Basic bWU6c2VjcmV0");
	/* Proxy-Authorization would be a finding. */
	assert_arrived(self, true);
	receiver_stop(&self->receiver);
	receiver_stop(&proxy);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, attempt_setup, attempt_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		/* First: OpenSSL reads its configuration once. */
		CASE(test_nothing_older_than_tls_1_2_whatever_openssl_is_told),
		CASE(test_who_is_believed),
		CASE(test_an_authority_is_trusted_only_where_it_is_named),
		CASE(test_a_folder_of_authorities),
		CASE(test_which_proxy_is_asked),
		CASE(test_a_proxy_is_no_reason_to_believe),
		CASE(test_a_proxy_that_does_not_lead_there),
		CASE(test_a_proxy_gets_its_password_and_the_receiver_does_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
