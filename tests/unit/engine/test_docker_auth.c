/* SPDX-License-Identifier: MIT */
/* Names of images, base64, and what Docker's own configuration says of who asks a registry. */
#include "launcher/engine/docker_auth.h"

#include "config/strmap.h"
#include "launcher/engine/base64.h"
#include "launcher/engine/image_name.h"
#include "tests/lib/children.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static void test_image_names(void **state)
{
	static const struct {
		const char *text, *repository, *tag, *registry;
	} cases[] = {
		{"redis", "redis", "latest", IMAGE_NAME_HUB},
		{"redis:7.2", "redis", "7.2", IMAGE_NAME_HUB},
		{"canner/wren-ui:0.32", "canner/wren-ui", "0.32", IMAGE_NAME_HUB},
		{"ghcr.io/canner/wren-ui:0.32", "ghcr.io/canner/wren-ui", "0.32", "ghcr.io"},
		{"localhost/a", "localhost/a", "latest", "localhost"},
		{"localhost:5000/a/b:1", "localhost:5000/a/b", "1", "localhost:5000"},
		{"localhost:5000/a/b", "localhost:5000/a/b", "latest", "localhost:5000"},
		{"docker.io/library/redis", "docker.io/library/redis", "latest", IMAGE_NAME_HUB},
		{"redis@sha256:12", "redis", "sha256:12", IMAGE_NAME_HUB},
		{"a.b/redis:7@sha256:12", "a.b/redis", "sha256:12", "a.b"},
	};
	static const char *const wrong[] = {"", ":", "a:", "@", "@sha256:12", "a@", ":1"};
	struct image_name name;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		assert_int_equal(image_name_read(&name, cases[i].text), 0);
		assert_string_equal(name.repository, cases[i].repository);
		assert_string_equal(name.tag, cases[i].tag);
		assert_string_equal(name.registry, cases[i].registry);
		image_name_finish(&name);
	}
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		assert_int_equal(image_name_read(&name, wrong[i]), -EINVAL);
		image_name_finish(&name);
	}
}

/* RFC 4648, section 10, and the two letters in which the alphabets differ. */
static void test_base64(void **state)
{
	static const struct {
		const char *text, *code;
	} cases[] = {{"", ""},
		     {"f", "Zg=="},
		     {"fo", "Zm8="},
		     {"foo", "Zm9v"},
		     {"foob", "Zm9vYg=="},
		     {"fooba", "Zm9vYmE="},
		     {"foobar", "Zm9vYmFy"},
		     {"\xfb\xff", "-_8="}};
	static const char *const wrong[] = {"A", "Zm9vY", "Zg==Zg==", "Z g=", "Zm9\n", "=Zg"};
	size_t size_bytes;
	char *text;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char *code = base64url_encode(cases[i].text, strlen(cases[i].text));

		assert_string_equal(code, cases[i].code);
		text = base64_decode(code, &size_bytes);
		assert_string_equal(text, cases[i].text);
		assert_int_equal(size_bytes, strlen(cases[i].text));
		free(text);
		free(code);
	}
	text = base64_decode("+/8", &size_bytes);
	assert_memory_equal(text, "\xfb\xff", 3);
	free(text);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		assert_null(base64_decode(wrong[i], &size_bytes));
}

/* What the header says, unpacked: "-" when there is none. The caller frees. */
static char *unpack(const char *header)
{
	static const char name[] = "X-Registry-Auth: ";
	size_t size_bytes;

	if (header == NULL)
		return strdup("-");
	assert_memory_equal(header, name, sizeof(name) - 1);
	return base64_decode(header + sizeof(name) - 1, &size_bytes);
}

#define PAIR(registry) "{\"username\":\"anne\",\"password\":\"se:cret\",\"serveraddress\":\"" registry "\"}"
#define AUTH "{\"auth\":\"YW5uZTpzZTpjcmV0\"}"

static void test_configuration(void **state)
{
	static const struct {
		const char *config, *registry, *helper, *header;
	} cases[] = {
		{"{\"auths\":{\"a.b\":" AUTH "}}", "a.b", NULL, PAIR("a.b")},
		{"{\"auths\":{\"https://a.b/v2/\":" AUTH "}}", "a.b", NULL, PAIR("a.b")},
		{"{\"auths\":{\"a.b.c\":" AUTH "}}", "a.b", NULL, "-"},
		{"{\"auths\":{\"" IMAGE_NAME_HUB "\":" AUTH "}}", IMAGE_NAME_HUB, NULL, PAIR(IMAGE_NAME_HUB)},
		{"{\"auths\":{\"index.docker.io\":" AUTH "}}", IMAGE_NAME_HUB, NULL, PAIR(IMAGE_NAME_HUB)},
		{"{\"auths\":{\"a.b\":{\"username\":\"anne\",\"password\":\"se:cret\"}}}", "a.b", NULL, PAIR("a.b")},
		{"{\"auths\":{\"a.b\":{\"auth\":\"YTpi\",\"identitytoken\":\"t\"}}}", "a.b", NULL,
		 "{\"identitytoken\":\"t\",\"serveraddress\":\"a.b\"}"},
		{"{\"auths\":{\"a.b\":{}}}", "a.b", NULL, "-"},
		{"{\"auths\":{\"a.b\":{\"auth\":\"not base64!\"}}}", "a.b", NULL, "-"},
		{"{\"auths\":{\"a.b\":{\"auth\":\"YW5uZQ==\"}}}", "a.b", NULL, "-"}, /* no colon */
		{"{\"auths\":{\"a.b\":{\"auth\":\"YQA6Yg==\"}}}", "a.b", NULL, "-"}, /* a zero */
		{"{\"auths\":[1,2],\"credHelpers\":3}", "a.b", NULL, "-"},
		/* A program of this registry's comes before that of all, and either before what stands there. */
		{"{\"auths\":{\"a.b\":" AUTH "},\"credsStore\":\"pass\"}", "a.b", "pass", "-"},
		{"{\"credHelpers\":{\"a.b\":\"own\"},\"credsStore\":\"pass\"}", "a.b", "own", "-"},
		{"{\"credHelpers\":{\"a.b\":\"own\"},\"credsStore\":\"pass\"}", "c.d", "pass", "-"},
		{"{\"credsStore\":\"../../bin/sh\"}", "a.b", NULL, "-"},
		{"{\"credsStore\":\"\"}", "a.b", NULL, "-"},
		{"nonsense", "a.b", NULL, "-"},
		{"", "a.b", NULL, "-"},
	};
	char *folder = children_make_folder(), path[300];
	struct strmap environment;

	(void)state;
	strmap_init(&environment);
	snprintf(path, sizeof(path), "%s/.docker", folder);
	assert_int_equal(mkdir(path, 0700), 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct docker_auth auth;
		FILE *file;
		char *header;

		/* Found both ways. */
		strmap_remove(&environment, "DOCKER_CONFIG");
		strmap_set(&environment, "HOME", folder);
		snprintf(path, sizeof(path), "%s/.docker/config.json", folder);
		if (i % 2 == 0) {
			strmap_set(&environment, "DOCKER_CONFIG", folder);
			snprintf(path, sizeof(path), "%s/config.json", folder);
		}
		file = fopen(path, "w");
		fputs(cases[i].config, file);
		fclose(file);
		docker_auth_find(&auth, &environment, cases[i].registry);
		header = unpack(auth.header);
		assert_string_equal(header, cases[i].header);
		assert_string_equal(auth.helper != NULL ? auth.helper : "",
				    cases[i].helper != NULL ? cases[i].helper : "");
		free(header);
		docker_auth_finish(&auth);
	}
	strmap_finish(&environment);
	children_remove_folder(folder);
}

static void test_no_configuration(void **state)
{
	char *folder = children_make_folder(), path[300];
	struct docker_auth auth;
	struct strmap environment;

	(void)state;
	strmap_init(&environment);
	docker_auth_find(&auth, &environment, "a.b");
	assert_true(auth.header == NULL && auth.helper == NULL);
	strmap_set(&environment, "DOCKER_CONFIG", folder);
	docker_auth_find(&auth, &environment, "a.b");
	assert_true(auth.header == NULL && auth.helper == NULL);
	/* Not even opened for reading: nobody would ever write. */
	snprintf(path, sizeof(path), "%s/config.json", folder);
	assert_int_equal(mkfifo(path, 0600), 0);
	docker_auth_find(&auth, &environment, "a.b");
	assert_true(auth.header == NULL && auth.helper == NULL);
	strmap_finish(&environment);
	children_remove_folder(folder);
}

static void test_answers_of_a_helper(void **state)
{
	static const struct {
		const char *text, *header;
	} cases[] = {
		{"{\"ServerURL\":\"a.b\",\"Username\":\"anne\",\"Secret\":\"se:cret\"}\n", PAIR("a.b")},
		{"{\"Username\":\"<token>\",\"Secret\":\"t\"}", "{\"identitytoken\":\"t\",\"serveraddress\":\"a.b\"}"},
		{"{\"Username\":\"<token>\",\"Secret\":\"\"}",
		 "{\"username\":\"<token>\",\"password\":\"\",\"serveraddress\":\"a.b\"}"},
		{"{\"Username\":\"\",\"Secret\":\"x\"}", "-"},
		{"{\"Username\":1}", "-"},
		{"credentials not found in native keychain", "-"},
		{"", "-"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct docker_auth auth = {.header = NULL};
		char *header;

		docker_auth_take(&auth, "a.b", cases[i].text, strlen(cases[i].text));
		header = unpack(auth.header);
		assert_string_equal(header, cases[i].header);
		free(header);
		docker_auth_finish(&auth);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_image_names),         cmocka_unit_test(test_base64),
		cmocka_unit_test(test_configuration),       cmocka_unit_test(test_no_configuration),
		cmocka_unit_test(test_answers_of_a_helper),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
