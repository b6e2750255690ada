/* SPDX-License-Identifier: MIT */
/* What Compose programs refuse of a container, and what they do not mind. */
#include "tests/lib/stack_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static void test_containers(void **state)
{
	static const struct {
		const char *body, *error; /* of service `web`; "": it is read */
	} cases[] = {
		/* What is used has to be there. */
		{"networks: [lan]", ""},
		{"networks: [default]", ""},
		{"networks: [lna]",
		 "stack.yaml:8:30: service 'web': there is no network 'lna' under 'networks' (did you mean 'lan'?)"},
		{"volumes: ['data:/data', './data:/x', '/anonymous']", ""},
		{"volumes: ['dta:/data']", "there is no volume 'dta' under 'volumes' (did you mean 'data'?)"},
		{"volumes: [{type: volume, source: other, target: /a}]", "there is no volume 'other' under 'volumes'"},
		{"volumes: [{type: volume, target: /a}]", ""},
		{"volumes: [{type: tmpfs, target: /a}]", ""},
		{"volumes: [{type: bind, source: /a}]", "this volume has no 'target'"},
		{"secrets: [key]", ""},
		{"secrets: [{source: kee}]", "there is no secret 'kee' under 'secrets' (did you mean 'key'?)"},
		{"configs: [nothing]", "there is no config 'nothing' under 'configs'"},
		/* What excludes each other. */
		{"networks: [lan], network_mode: host", "'network_mode' and 'networks' exclude each other"},
		{"networks: {}, network_mode: host", ""},
		{"container_name: one, scale: 2", "2 containers cannot have one name: leave out 'container_name'"},
		{"container_name: one, scale: 1", ""},
		/* Nothing, where something is wanted. */
		{"environment: ", "stack.yaml:8:19: service 'web': nothing stands behind 'environment'"},
		{"ports: ", "nothing stands behind 'ports'"},
		{"command: , entrypoint: , deploy: ", ""},
		{"x-mine: , x-upfront: ", ""},
		/* Keys of what is handed on. */
		{"build: {contxt: .}", "unknown key 'contxt' in build (did you mean 'context'?)"},
		{"build: {context: ., x-mine: 1}", ""},
		/* Lists, of text. */
		{"command: [sleep, 5]",
		 "stack.yaml:8:36: service 'web': 'command': wanted text: put it in quotes, \"5\""},
		{"command: [sleep, '5'], expose: [80], group_add: [5]", ""},
		{"dns: 5", "'dns': wanted text: put it in quotes, \"5\""},
		{"volumes: [5]", "a volume wants text such as"},
		{"secrets: {key: a}", "'secrets': wanted a list, found a map"},
		/* Text. */
		{"user: 1000", "'user': wanted text: put it in quotes, \"1000\""},
		{"hostname: true", "'hostname': wanted text: put it in quotes, \"true\""},
		{"user: '1000', restart: no", ""},
		{"user: \"${NONE:-1000}\"", ""},
	};
	size_t wrong = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct stack_text text;
		char yaml[1024];

		snprintf(yaml, sizeof(yaml),
			 "networks: {lan: }\n"
			 "volumes: {data: }\n"
			 "secrets:\n"
			 "  key: {file: /a}\n"
			 "services:\n"
			 "  # A process may say what it likes: it has no effect.\n"
			 "  native: {command: a, networks: [none], user: root}\n"
			 "  web: {image: a, %s}\n",
			 cases[i].body);
		stack_text_resolve(&text, yaml, NULL);
		wrong += !stack_text_has_error(&text, cases[i].error);
		stack_text_finish(&text);
	}
	assert_int_equal(wrong, 0);
}

static void test_sections(void **state)
{
	static const struct {
		const char *section, *error;
	} cases[] = {
		{"networks: {n: {drver: x}}", "unknown key 'drver' in networks (did you mean 'driver'?)"},
		{"networks: {n: {driver: x, ipam: {config: []}, x-mine: 1}, m: }", ""},
		{"volumes: {v: {nmae: x}}", "unknown key 'nmae' in volumes (did you mean 'name'?)"},
		{"volumes: {v: x}", "'v': wanted a map"},
		{"volumes: {v: {external: true}}", ""},
		{"configs: {c: {fiel: x}}", "unknown key 'fiel' in configs (did you mean 'file'?)"},
		{"configs: {c: {content: x}}", ""},
		{"secrets: {s: {fiel: x}}", "unknown key 'fiel' in secrets (did you mean 'file'?)"},
		{"secrets: {s: {environment: x}}", ""},
		{"secrets: []", "'secrets': wanted a map, found a list"},
		{"name: 5", "stack.yaml:1:7: 'name': wanted text: put it in quotes, \"5\""},
		{"name: '...'", "stack.yaml:1:8: '...' leaves no project name"},
	};
	size_t wrong = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct stack_text text;
		char yaml[256];

		snprintf(yaml, sizeof(yaml), "%s\nservices: {a: {command: b}}\n", cases[i].section);
		stack_text_resolve(&text, yaml, NULL);
		wrong += !stack_text_has_error(&text, cases[i].error);
		stack_text_finish(&text);
	}
	assert_int_equal(wrong, 0);
}

/* A service of a profile that is not active is not started: whether it could be is not asked. */
static void test_inactive(void **state)
{
	static const char *const profiles[] = {"debug", NULL};
	const struct stack_text_options options = {.profiles = profiles};
	static const char yaml[] = "services:\n  a: {image: a}\n  b: {image: b, profiles: [debug], networks: [gone]}\n";
	struct stack_text text;

	(void)state;
	stack_text_resolve(&text, yaml, NULL);
	stack_text_assert_error(&text, "");
	stack_text_finish(&text);
	stack_text_resolve(&text, yaml, &options);
	stack_text_assert_error(&text, "there is no network 'gone' under 'networks'");
	stack_text_finish(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_containers), cmocka_unit_test(test_sections),
					   cmocka_unit_test(test_inactive)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
