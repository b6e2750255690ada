/* SPDX-License-Identifier: MIT */
/* What `upfront config` prints: it must mean what the stack means. */
#include "config/stack_print.h"

#include "tests/lib/stack_text.h"

#include <cjson/cJSON.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char yaml[] = "name: Shop\n"
			   "x-upfront:\n"
			   "  telemetry:\n"
			   "    env: {on: {HOST: '${relay}', COST: 5$$}, off: {X: z}}\n"
			   "    server_start: {v: {exec: [node], pattern: '^v$$'}}\n"
			   "services:\n"
			   "  web:\n"
			   "    command: serve 'a b' \"$$HOME\"\n"
			   "    environment: [A=true, 'B=x: y', C, D=]\n"
			   "    ports: ['8080:80']\n"
			   "    depends_on: [job]\n"
			   "    healthcheck: {test: curl localhost}\n"
			   "  job: {image: 'busybox:1', command: echo 5, volumes: ['data:/d:ro']}\n"
			   "  not: {command: x, profiles: [never]}\n"
			   "volumes: {data: }\n";

static void test_yaml(void **state)
{
	static const char wanted[] = "name: shop\n"
				     "x-upfront:\n"
				     "  telemetry:\n"
				     "    env:\n"
				     "      \"on\":\n"
				     "        HOST: ${relay}\n"
				     "        COST: 5$$\n"
				     "      \"off\":\n"
				     "        X: z\n"
				     "    server_start:\n"
				     "      v:\n"
				     "        exec:\n"
				     "          - node\n"
				     "        pattern: ^v$$\n"
				     "services:\n"
				     "  web:\n"
				     "    command:\n"
				     "      - serve\n"
				     "      - a b\n"
				     "      - $$HOME\n"
				     "    environment:\n"
				     "      A: \"true\"\n"
				     "      B: \"x: y\"\n"
				     "      C: null\n"
				     "      D: \"\"\n"
				     "    ports:\n"
				     "      - mode: ingress\n"
				     "        target: 80\n"
				     "        published: \"8080\"\n"
				     "        protocol: tcp\n"
				     "    depends_on:\n"
				     "      job:\n"
				     "        condition: service_started\n"
				     "        required: true\n"
				     "    healthcheck:\n"
				     "      test:\n"
				     "        - CMD-SHELL\n"
				     "        - curl localhost\n"
				     "    working_dir: /app\n"
				     "  job:\n"
				     "    image: busybox:1\n"
				     "    command:\n"
				     "      - echo\n"
				     "      - \"5\"\n"
				     "    volumes:\n"
				     "      - type: volume\n"
				     "        source: data\n"
				     "        target: /d\n"
				     "        read_only: true\n"
				     "volumes:\n"
				     "  data: null\n";
	struct stack_text text;
	struct stack_text again;
	char *first;
	char *second;

	(void)state;
	stack_text_resolve(&text, yaml, NULL);
	stack_text_assert_error(&text, "");
	first = stack_print_yaml(text.stack);
	assert_string_equal(first, wanted);
	/* Read again it is the same stack. */
	stack_text_resolve(&again, first, NULL);
	stack_text_assert_error(&again, "");
	second = stack_print_yaml(again.stack);
	assert_string_equal(second, first);
	assert_string_equal(again.stack->services[0].argv[2], "$HOME");
	free(first);
	free(second);
	stack_text_finish(&text);
	stack_text_finish(&again);
}

static void test_json(void **state)
{
	struct stack_text text;
	char *printed;
	cJSON *json;
	const cJSON *web;

	(void)state;
	stack_text_resolve(&text, yaml, NULL);
	printed = stack_print_json(text.stack);
	json = cJSON_Parse(printed);
	assert_non_null(json);
	web = cJSON_GetObjectItem(cJSON_GetObjectItem(json, "services"), "web");
	/* For programs: dollar signs single, numbers as numbers, text as text. */
	assert_string_equal(cJSON_GetArrayItem(cJSON_GetObjectItem(web, "command"), 2)->valuestring, "$HOME");
	assert_string_equal(cJSON_GetObjectItem(cJSON_GetObjectItem(web, "environment"), "A")->valuestring, "true");
	assert_true(cJSON_IsNull(cJSON_GetObjectItem(cJSON_GetObjectItem(web, "environment"), "C")));
	assert_int_equal(
		cJSON_GetObjectItem(cJSON_GetArrayItem(cJSON_GetObjectItem(web, "ports"), 0), "target")->valueint, 80);
	assert_null(cJSON_GetObjectItem(cJSON_GetObjectItem(json, "services"), "not"));
	cJSON_Delete(json);
	free(printed);
	stack_text_finish(&text);
}

/* Tags have done their work by then; a variable in a list of words is text, whatever its value looks like. */
static void test_traces(void **state)
{
	static const char *const environment[] = {"N=5", NULL};
	const struct stack_text_options options = {.environment = environment};
	struct stack_text text;
	char *printed;

	(void)state;
	stack_text_resolve(&text,
			   "services:\n"
			   "  a:\n"
			   "    command: [sleep, $N]\n"
			   "    ports: !override ['80']\n"
			   "    labels: !override {a: b}\n"
			   "    environment: {A: !override b, B: !reset c}\n"
			   "x-more: !override {a: !override [b]}\n"
			   "volumes: !reset {}\n",
			   &options);
	stack_text_assert_error(&text, "");
	printed = stack_print_yaml(text.stack);
	assert_null(strchr(printed, '!'));
	assert_null(strstr(printed, "volumes"));
	assert_null(strstr(printed, "B:"));
	assert_non_null(strstr(printed, "- \"5\"\n"));
	free(printed);
	stack_text_finish(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_yaml),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_traces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
