/* SPDX-License-Identifier: MIT */
/* Secrets by value: what counts as one, and that none is left in a text, an error or a printed stack. */
#include "config/err.h"
#include "config/pool.h"
#include "config/secrets.h"
#include "config/stack_print.h"
#include "tests/lib/stack_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void test_texts(void **state)
{
	static const struct {
		const char *text, *wanted; /* NULL: as it is */
	} cases[] = {
		{"", NULL},
		{"nothing here", NULL},
		{"hunter2", "********"},
		{"-phunter2 hunter2", "-p******** ********"},
		{"hunter22 is longer", "******** is longer"},
		{"xhunter2y", "x********y"},
		{"db://me:pass@host/x", "db://me:********@host/x"},
		{"db://me:p@ss@host/x", "db://me:********@host/x"},
		{"db://me:@host/x", NULL},
		{"a://b:c@d e://f:g@h", "a://b:********@d e://f:********@h"},
		{"a://hunter2:c@d hunter2", "a://********:********@d ********"},
		{"http://host:8080/x", NULL},
		{"true 1234 abc", NULL},
		{"987654", "********"},
	};
	struct pool *pool = pool_create();
	struct secrets secrets;

	(void)state;
	secrets_init(&secrets);
	for (size_t i = 0; i < 2; i++) {
		secrets_add(&secrets, pool, "hunter2");
		secrets_add(&secrets, pool, "hunter22");
		secrets_add(&secrets, pool, "true");
		secrets_add(&secrets, pool, "1234");
		secrets_add(&secrets, pool, "abc");
		secrets_add(&secrets, pool, "");
		secrets_add(&secrets, pool, SECRETS_MASK);
		secrets_add(&secrets, pool, "987654");
	}
	assert_int_equal(secrets.count, 3);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char *masked = secrets_mask(&secrets, cases[i].text);

		if (cases[i].wanted == NULL)
			assert_null(masked);
		else
			assert_string_equal(masked, cases[i].wanted);
		free(masked);
	}
	secrets_drop(&secrets, "hunter22");
	assert_int_equal(secrets.count, 2);
	pool_destroy(pool);
}

static void test_many(void **state)
{
	struct pool *pool = pool_create();
	struct secrets secrets;

	(void)state;
	secrets_init(&secrets);
	for (size_t i = 0; i < SECRETS_MAX + 10; i++)
		secrets_add(&secrets, pool, pool_printf(pool, "value-%zu", i));
	assert_int_equal(secrets.count, SECRETS_MAX);
	pool_destroy(pool);
}

static const char yaml[] =
	"name: shop\n"
	"x-upfront:\n"
	"  setup: [{key: LICENCE, ask: Licence, secret: true}, {key: REGION, ask: Region}]\n"
	"services:\n"
	"  web:\n"
	"    command: serve --licence ${LICENCE} --region ${REGION} --literal declared-value\n"
	"    labels: {note: 'by hunter2-long', LICENCE: other}\n"
	"    environment: {DB_PASSWORD: hunter2-long, URL: 'pg://u:url-pass-word@db', COPY: url-pass-word,\n"
	"                  LICENCE: '', POSTGRES_PASSWORD: postgres, MYSQL_ALLOW_EMPTY_PASSWORD: 'true'}\n"
	"    healthcheck: {test: [CMD, check, hunter2-long, '${API_TOKEN:-default-token}']}\n"
	"    x-upfront: {ready: {http: 'http://127.0.0.1:80/?k=default-token'}, open: 'http://a:open-pass@h/'}\n"
	"  db: {image: 'postgres:16', command: postgres -c x}\n"
	"  postgres: {command: 'true', restart: 'no'}\n";

static void test_stack(void **state)
{
	static const char *const environment[] = {"LICENCE=declared-value", "REGION=eu-central", NULL};
	static const char *const hidden[] = {"declared-value", "hunter2-long", "url-pass-word", "default-token",
					     "open-pass"};
	static const char *const seen[] = {"eu-central", "postgres:16", "\"true\"", "pg://u:********@db", "note"};
	struct stack_text_options options = {.environment = environment, .mask_secrets = true};
	struct stack_text text, again;
	char *printed[2], *twice;

	(void)state;
	stack_text_resolve(&text, yaml, &options);
	stack_text_assert_error(&text, "");
	printed[0] = stack_print_yaml(text.stack);
	printed[1] = stack_print_json(text.stack);
	for (size_t i = 0; i < 2; i++) {
		for (size_t k = 0; k < sizeof(hidden) / sizeof(*hidden); k++)
			if (strstr(printed[i], hidden[k]) != NULL)
				fail_msg("%s is in:\n%s", hidden[k], printed[i]);
		for (size_t k = 0; k < sizeof(seen) / sizeof(*seen); k++)
			if (strstr(printed[i], seen[k]) == NULL)
				fail_msg("%s is not in:\n%s", seen[k], printed[i]);
	}
	/* What is printed is a stack again, and is printed as it was. */
	stack_text_resolve(&again, printed[0], &options);
	stack_text_assert_error(&again, "");
	twice = stack_print_yaml(again.stack);
	assert_string_equal(twice, printed[0]);
	free(twice);
	free(printed[0]);
	free(printed[1]);
	stack_text_finish(&again);
	stack_text_finish(&text);
}

static void test_errors(void **state)
{
	static const char *const environment[] = {"API_TOKEN=hunter2-long", NULL};
	static const struct {
		const char *yaml, *wanted;
	} cases[] = {
		{"services: {a: {command: x, restart: '${API_TOKEN}'}}", "********"},
		{"services: {a: {command: x, ports: ['${API_TOKEN}']}}", "********"},
		{"services: {a: {command: x, stop_signal: '${API_TOKEN}'}}", "********"},
		{"services: {a: {command: x, stop_grace_period: '${API_TOKEN:-other}'}}", "********"},
		{"services: {a: {command: x, x-upfront: {open: '${API_TOKEN}'}}}", ""},
		{"services: {a: {command: x, depends_on: ['${API_TOKEN}']}}", "********"},
	};
	struct stack_text_options options = {.environment = environment};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct stack_text text;

		stack_text_resolve(&text, cases[i].yaml, &options);
		if (*cases[i].wanted)
			stack_text_assert_error(&text, cases[i].wanted);
		assert_null(strstr(text.errors, "hunter2-long"));
		assert_null(strstr(text.warnings, "hunter2-long"));
		stack_text_finish(&text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_stack),
		cmocka_unit_test(test_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
