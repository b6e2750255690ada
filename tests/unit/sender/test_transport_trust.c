/* SPDX-License-Identifier: MIT */
/* Whose certificates are believed: the environment's word, then libcurl's own place, then those of the distributions. */
#include "telemetry/sender/transport_trust.h"

#include "tests/lib/children.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define DEBIAN "/etc/ssl/certs/ca-certificates.crt"

/* An empty file, and the folders it lies in. */
static void put(const char *root, const char *path)
{
	char whole[512];
	FILE *file;

	snprintf(whole, sizeof(whole), "%s%s", root, path);
	for (char *slash = strchr(whole + strlen(root) + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(whole, 0700);
		*slash = '/';
	}
	file = fopen(whole, "we");
	assert_non_null(file);
	fclose(file);
}

static void assert_text(const char *found, const char *wanted, const char *what)
{
	if (!found != !wanted || (found && strcmp(found, wanted) != 0))
		fail_msg("%s: %s instead of %s", what, found ? found : "none", wanted ? wanted : "none");
}

static void test_where_authorities_are_looked_for(void **state)
{
	static const struct {
		const char *what, *file; /* in an otherwise empty system; NULL: none */
		struct transport_trust built_in;
		const char *bundle, *folder;
	} rows[] = {
		{"libcurl's own", "/opt/ca.pem", {"/opt/ca.pem", "/opt/certs"}, "/opt/ca.pem", "/opt/certs"},
		{"Debian", DEBIAN, {"/opt/ca.pem", NULL}, DEBIAN, NULL},
		{"Debian, nothing built in", DEBIAN, {NULL, NULL}, DEBIAN, NULL},
		{"Fedora",
		 "/etc/pki/tls/certs/ca-bundle.crt",
		 {DEBIAN, "/etc/ssl/certs"},
		 "/etc/pki/tls/certs/ca-bundle.crt",
		 NULL},
		{"newer Fedora",
		 "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
		 {DEBIAN, NULL},
		 "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
		 NULL},
		{"SUSE", "/etc/ssl/ca-bundle.pem", {DEBIAN, NULL}, "/etc/ssl/ca-bundle.pem", NULL},
		{"Alpine", "/etc/ssl/cert.pem", {DEBIAN, NULL}, "/etc/ssl/cert.pem", NULL},
		{"OpenSSL", "/usr/local/ssl/cert.pem", {DEBIAN, NULL}, "/usr/local/ssl/cert.pem", NULL},
		{"single certificates", "/etc/ssl/certs/0a1b2c3d.0", {DEBIAN, NULL}, NULL, "/etc/ssl/certs"},
		{"libcurl's own folder", "/opt/certs/0a1b2c3d.0", {DEBIAN, "/opt/certs"}, NULL, "/opt/certs"},
		{"nothing at all", NULL, {DEBIAN, "/opt/certs"}, NULL, NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char *root = children_make_folder();
		struct transport_trust found;

		if (rows[i].file)
			put(root, rows[i].file);
		found = transport_trust_find(root, rows[i].built_in);
		assert_text(found.bundle, rows[i].bundle, rows[i].what);
		assert_text(found.folder, rows[i].folder, rows[i].what);
		children_remove_folder(root);
	}
}

static void test_what_the_environment_names_stands_alone(void **state)
{
	static const struct {
		const char *curl, *file, *folder; /* NULL: not set */
		const char *bundle_found, *folder_found;
	} rows[] = {
		{"/c", NULL, NULL, "/c", NULL}, {"/c", "/f", "/d", "/c", NULL}, {NULL, "/f", NULL, "/f", NULL},
		{NULL, NULL, "/d", NULL, "/d"}, {NULL, "/f", "/d", "/f", "/d"}, {"", "", "", DEBIAN, "/etc/ssl/certs"},
	};
	struct transport_trust built_in = {DEBIAN, "/etc/ssl/certs"};
	char *root = children_make_folder();

	(void)state;
	put(root, DEBIAN);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct transport_trust found;

		unsetenv("CURL_CA_BUNDLE");
		unsetenv("SSL_CERT_FILE");
		unsetenv("SSL_CERT_DIR");
		if (rows[i].curl)
			setenv("CURL_CA_BUNDLE", rows[i].curl, 1);
		if (rows[i].file)
			setenv("SSL_CERT_FILE", rows[i].file, 1);
		if (rows[i].folder)
			setenv("SSL_CERT_DIR", rows[i].folder, 1);
		found = transport_trust_find(root, built_in);
		assert_text(found.bundle, rows[i].bundle_found, "bundle");
		assert_text(found.folder, rows[i].folder_found, "folder");
	}
	children_remove_folder(root);
}

int main(void)
{
	unsetenv("CURL_CA_BUNDLE");
	unsetenv("SSL_CERT_FILE");
	unsetenv("SSL_CERT_DIR");

	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_where_authorities_are_looked_for),
		cmocka_unit_test(test_what_the_environment_names_stands_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
