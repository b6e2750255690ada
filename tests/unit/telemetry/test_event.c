/* SPDX-License-Identifier: MIT */
#include "telemetry/event.h"

#include "config/pool.h"
#include "config/secrets.h"
#include "telemetry/catalog.h"
#include "telemetry/id.h"
#include "telemetry/machine.h"
#include "telemetry/notice.h"
#include "telemetry/object_counts.h"
#include "tests/lib/posthog.h"
#include "tests/unit/telemetry/shop.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include <cjson/cJSON.h>
#include <ctype.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define DISTINCT_ID "0d0e7a52-6d9c-4c8e-8f10-aabbccddeeff"
#define SESSION_ID "8c2c65a4-3d2b-4f6e-9a51-0c1d2e3f4a5b"

static struct event_maker *maker_of(const struct shop *shop)
{
	struct event_maker *maker = event_maker_create(
		&(struct event_context){.stack = &shop->stack, .distinct_id = DISTINCT_ID, .session_id = SESSION_ID});

	assert_non_null(maker);
	return maker;
}

/* The text of an event as telemetry_capture makes it; NULL when it is dropped. The caller frees. */
static char *make(const struct shop *shop, const struct telemetry_event *event)
{
	struct event_maker *maker = maker_of(shop);
	char *text = malloc(EVENT_BYTES_MAX);
	size_t length;

	if (event->kind == TELEMETRY_SERVER_START || event->kind == TELEMETRY_SERVER_START_FAILED)
		assert_int_equal(event_maker_learn(maker, event->facts), 0);
	length = event_make(maker, event, text, EVENT_BYTES_MAX);
	event_maker_destroy(maker);
	if (length == 0) {
		free(text);
		return NULL;
	}
	assert_int_equal(strlen(text), length);
	return text;
}

static cJSON *build(const struct shop *shop, const struct telemetry_event *event)
{
	char *text = make(shop, event);
	cJSON *tree;

	assert_non_null(text);
	assert_null(posthog_json_error(text, strlen(text)));
	tree = cJSON_Parse(text);
	assert_non_null(tree);
	free(text);
	return tree;
}

static cJSON *build_start(const struct shop *shop, const struct telemetry_facts *facts)
{
	return build(shop, &(struct telemetry_event){.kind = TELEMETRY_SERVER_START, .facts = facts});
}

static bool is_dropped(const struct shop *shop, const struct telemetry_event *event)
{
	char *text = make(shop, event);

	free(text);
	return text == NULL;
}

static const cJSON *property(const cJSON *event, const char *name)
{
	const cJSON *found =
		cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(event, "properties"), name);

	if (!found)
		fail_msg("no property %s", name);
	return found;
}

static double member(const cJSON *event, const char *object, const char *name)
{
	return cJSON_GetObjectItemCaseSensitive(property(event, object), name)->valuedouble;
}

static void test_an_event_says_what_is_true(void **state)
{
	struct shop shop;
	struct machine machine;
	cJSON *event;

	(void)state;
	shop_init(&shop);
	machine_init(&machine);
	event = build_start(&shop, shop_facts());
	assert_string_equal(property(event, "$ip")->valuestring, "0.0.0.0");
	assert_true(cJSON_IsTrue(property(event, "$geoip_disable")));
	assert_true(cJSON_IsFalse(property(event, "$process_person_profile")));
	assert_string_equal(property(event, "$lib")->valuestring, "upfront");
	assert_string_equal(property(event, "$lib_version")->valuestring, UPFRONT_VERSION);
	assert_string_equal(property(event, "app_version")->valuestring, "0.29.2");
	assert_string_equal(property(event, "platform")->valuestring, "linux");
	assert_string_equal(property(event, "platform_version")->valuestring, machine.platform_version);
	assert_string_equal(property(event, "arch")->valuestring, machine.arch);
	assert_string_equal(property(event, "node_arch")->valuestring, machine.node_arch);
	assert_string_equal(property(event, "session_id")->valuestring, SESSION_ID);
	/*
	 * Declared versions are the declared ones, whatever was found; a printed one is what was printed;
	 * unknown is null.
	 */
	assert_string_equal(property(event, "front_version")->valuestring, "1.27.0");
	assert_string_equal(property(event, "api-version")->valuestring, "v2.0.1");
	assert_string_equal(property(event, "cache-version")->valuestring, "7.2");
	assert_true(cJSON_IsNull(property(event, "worker-version")));
	assert_string_equal(property(event, "tool")->valuestring, "9.9");
	assert_true(cJSON_IsNull(property(event, "build")));
	assert_string_equal(property(event, "model")->valuestring, "small \"one\"");
	/* This process, not nothing. */
	assert_true(member(event, "mem", "rss") > 100000);
	assert_true(member(event, "mem", "arrayBuffers") == 0);
	assert_true(member(event, "mem", "heapTotal") >= member(event, "mem", "heapUsed"));
	/* An allocator of a sanitizer tells libc nothing. */
	assert_true(member(event, "mem", "heapUsed") > 0 || mallinfo2().uordblks == 0);
	assert_true(member(event, "mem", "external") >= 0);
	assert_true(member(event, "cpu_usage", "user") + member(event, "cpu_usage", "system") > 0);
	assert_int_equal(member(event, "services", "count"), 4);
	assert_int_equal(member(event, "services", "native"), 3);
	assert_int_equal(member(event, "services", "container"), 1);
	assert_int_equal(member(event, "services", "ready_ms"), 1234);
	assert_int_equal(member(event, "services", "rss"), 50000000);
	assert_int_equal(member(event, "services", "cpu_user"), 200);
	assert_int_equal(member(event, "services", "cpu_system"), 100);
	assert_string_equal(property(event, "time")->valuestring,
			    cJSON_GetObjectItemCaseSensitive(event, "timestamp")->valuestring);
	cJSON_Delete(event);
	shop_finish(&shop);
}

static void test_a_failed_start_says_why_in_one_word(void **state)
{
	struct shop shop;
	struct telemetry_facts facts = *shop_facts();
	const struct telemetry_event failed = {.kind = TELEMETRY_SERVER_START_FAILED, .facts = &facts};
	cJSON *event;

	(void)state;
	shop_init(&shop);
	facts.error_type = "start_timeout";
	event = build(&shop, &failed);
	assert_string_equal(property(event, "error_type")->valuestring, "start_timeout");
	assert_int_equal(property(event, "services_ready")->valueint, 3);
	assert_string_equal(property(event, "front_version")->valuestring, "1.27.0");
	cJSON_Delete(event);
	facts.error_type = "/home/me/start.sh: no such file";
	assert_true(is_dropped(&shop, &failed));
	/* A word, but one that only a command can say. */
	facts.error_type = telemetry_error_name(ERROR_USAGE);
	assert_true(is_dropped(&shop, &failed));
	shop_finish(&shop);
}

static void test_a_command_says_what_it_was_and_how_it_ended(void **state)
{
	static const char *const args[] = {"--threads", "<value>", "--format", "json", "<path>"};
	static const struct telemetry_count counts[] = {{"charts", 3}, {"models", 0}};
	struct telemetry_command command = {.command = "visivo run",
					    .args = args,
					    .arg_count = 5,
					    .duration_ms = 1500,
					    .success = true,
					    .job_count = 12,
					    .object_counts = counts,
					    .object_count = 2};
	const struct telemetry_event ended = {.kind = TELEMETRY_CLI_COMMAND, .command = &command};
	struct shop shop;
	cJSON *event;

	(void)state;
	shop_init(&shop);
	event = build(&shop, &ended);
	assert_string_equal(cJSON_GetObjectItemCaseSensitive(event, "event")->valuestring, "cli_command");
	assert_string_equal(property(event, "$ip")->valuestring, "0.0.0.0");
	assert_string_equal(property(event, "command")->valuestring, "visivo run");
	assert_int_equal(cJSON_GetArraySize(property(event, "command_args")), 5);
	assert_string_equal(cJSON_GetArrayItem(property(event, "command_args"), 4)->valuestring, "<path>");
	assert_int_equal(property(event, "duration_ms")->valueint, 1500);
	assert_true(cJSON_IsTrue(property(event, "success")));
	assert_true(cJSON_IsNull(property(event, "error_type")));
	assert_int_equal(property(event, "job_count")->valueint, 12);
	assert_int_equal(member(event, "object_counts", "charts"), 3);
	/* Of the start only what it has told; here that has not come yet. */
	assert_true(cJSON_IsNull(property(event, "build")));
	cJSON_Delete(event);

	command = (struct telemetry_command){
		.command = "<unknown-command>", .error_type = telemetry_error_name(ERROR_USAGE), .job_count = -1};
	event = build(&shop, &ended);
	assert_int_equal(cJSON_GetArraySize(property(event, "command_args")), 0);
	assert_string_equal(property(event, "error_type")->valuestring, "usage");
	assert_true(cJSON_IsNull(property(event, "job_count")));
	assert_true(cJSON_IsNull(property(event, "object_counts")));
	cJSON_Delete(event);
	shop_finish(&shop);
}

static void test_a_request_says_its_shape_and_its_end(void **state)
{
	const struct telemetry_request request = {"/v1/services/{name}", "GET", 200, 3};
	struct shop shop;
	cJSON *event;

	(void)state;
	shop_init(&shop);
	event = build(&shop, &(struct telemetry_event){.kind = TELEMETRY_API_REQUEST, .request = &request});
	assert_string_equal(cJSON_GetObjectItemCaseSensitive(event, "event")->valuestring, "api_request");
	assert_string_equal(property(event, "endpoint")->valuestring, "/v1/services/{name}");
	assert_string_equal(property(event, "method")->valuestring, "GET");
	assert_int_equal(property(event, "status_code")->valueint, 200);
	assert_int_equal(property(event, "duration_ms")->valueint, 3);
	cJSON_Delete(event);
	shop_finish(&shop);
}

/* What the start has found out stands in every event after it. */
static void test_what_is_common_is_known_from_the_start_on(void **state)
{
	static const char *const exec_values[] = {NULL, "b42"};
	struct telemetry_facts facts = *shop_facts();
	const struct telemetry_command command = {.command = "ps", .job_count = -1};
	struct shop shop;
	struct event_maker *maker;
	char *text = malloc(EVENT_BYTES_MAX), *before;

	(void)state;
	shop_init(&shop);
	facts.exec_values = exec_values;
	maker = maker_of(&shop);
	before = strdup(event_maker_common(maker));
	assert_non_null(strstr(before, "\"build\":null}"));
	assert_int_equal(event_maker_learn(maker, &facts), 0);
	assert_non_null(strstr(event_maker_common(maker), "\"build\":\"b42\"}"));
	assert_true(event_make(maker, &(struct telemetry_event){.kind = TELEMETRY_CLI_COMMAND, .command = &command},
			       text, EVENT_BYTES_MAX) > 0);
	assert_non_null(strstr(text, "\"build\":\"b42\",\"command\":\"ps\""));
	/* No room is a dropped event, not a part of one. */
	for (size_t size_bytes = 0; size_bytes < 600; size_bytes += 50)
		assert_int_equal(
			event_make(maker, &(struct telemetry_event){.kind = TELEMETRY_CLI_COMMAND, .command = &command},
				   text, size_bytes),
			0);
	event_maker_destroy(maker);
	free(before);
	free(text);
	shop_finish(&shop);
}

/* Length of the JSON value `text` begins with. */
static size_t value_length(const char *text)
{
	const char *end = NULL;
	cJSON *value = cJSON_ParseWithOpts(text, &end, false);

	assert_non_null(value);
	cJSON_Delete(value);
	return (size_t)(end - text);
}

/*
 * Both texts are walked together; where the preview has a placeholder, the event may have any one value.
 * Returns how many there were.
 */
static int assert_equal_but_for_placeholders(const char *preview, const char *sent)
{
	static const char *const placeholders[] = {"\"" EVENT_MADE_AFTER_YES "\"", "\"" EVENT_MEASURED_LATER "\"",
						   "\"" EVENT_KNOWN_AT_END "\"", "\"" EVENT_KNOWN_AT_ANSWER "\""};
	int found = 0;

	while (*preview || *sent) {
		size_t skipped = 0;

		for (size_t i = 0; i < sizeof(placeholders) / sizeof(*placeholders); i++) {
			if (strncmp(preview, placeholders[i], strlen(placeholders[i])) == 0)
				skipped = strlen(placeholders[i]);
		}
		if (skipped > 0) {
			preview += skipped;
			sent += value_length(sent);
			found++;
			continue;
		}
		if (*preview != *sent)
			fail_msg("preview and event part here:\n--- %.60s\n--- %.60s", preview, sent);
		preview++;
		sent++;
	}
	return found;
}

static void test_the_preview_is_the_event_but_for_what_is_not_there_yet(void **state)
{
	static const char *const args[] = {"--format", "json"};
	static const struct telemetry_count counts[] = {{"charts", 3}};
	const struct telemetry_command command = {.command = "ps",
						  .args = args,
						  .arg_count = 2,
						  .job_count = 1,
						  .object_counts = counts,
						  .object_count = 1};
	const struct telemetry_request request = {"/v1/stack", "DELETE", 202, 1};
	/*
	 * In each: uuid, two ids, the timestamp, the common printed value. In the starts: the time; memory 4, cpu 2, services 7; one
	 * version and one printed value; then error_type and ready. In the others all of their own.
	 */
	const struct {
		struct telemetry_event event;
		int placeholders;
	} rows[] = {
		{{.kind = TELEMETRY_SERVER_START, .facts = shop_facts()}, 21},
		{{.kind = TELEMETRY_SERVER_START_FAILED, .facts = shop_facts()}, 23},
		{{.kind = TELEMETRY_CLI_COMMAND, .command = &command}, 12},
		{{.kind = TELEMETRY_API_REQUEST, .request = &request}, 9},
	};
	struct shop shop;
	size_t count;
	const struct catalog_event *events = catalog_events(&count);

	(void)state;
	shop_init(&shop);
	assert_int_equal(setenv("CI", "false", 1), 0);
	assert_int_equal(count, sizeof(rows) / sizeof(*rows));
	for (size_t i = 0; i < count; i++) {
		cJSON *event = build(&shop, &rows[i].event);
		char *preview = telemetry_preview(&shop.stack, events[rows[i].event.kind].name);
		char *sent = cJSON_Print(event);

		assert_non_null(preview);
		assert_int_equal(assert_equal_but_for_placeholders(preview, sent), rows[i].placeholders);
		free(preview);
		free(sent);
		cJSON_Delete(event);
	}
	assert_null(telemetry_preview(&shop.stack, "no_event"));
	shop_finish(&shop);
}

static void test_the_preview_of_what_services_may_tell(void **state)
{
	struct shop shop;
	char *text;
	cJSON *event;

	(void)state;
	shop_init(&shop);
	shop_declare_events(&shop);
	text = telemetry_preview(&shop.stack, "home_ask_candidate");
	assert_non_null(text);
	event = cJSON_Parse(text);
	assert_string_equal(cJSON_GetObjectItemCaseSensitive(event, "event")->valuestring, "home_ask_candidate");
	assert_string_equal(cJSON_GetObjectItemCaseSensitive(event, "timestamp")->valuestring, "(told by a service)");
	assert_string_equal(property(event, "$ip")->valuestring, "0.0.0.0");
	assert_string_equal(property(event, "success")->valuestring, "(true or false, told by a service)");
	assert_string_equal(property(event, "duration_ms")->valuestring, "(number, told by a service)");
	assert_string_equal(property(event, "candidates")->valuestring, "(whole number, told by a service)");
	assert_string_equal(property(event, "mode")->valuestring, "(one of a closed list, told by a service)");
	cJSON_Delete(event);
	free(text);
	shop_finish(&shop);
}

static void test_the_preview_makes_no_file(void **state)
{
	char folder[] = "/tmp/upfront-preview-XXXXXX";
	struct shop shop;
	char *preview;

	(void)state;
	assert_non_null(mkdtemp(folder));
	setenv("XDG_STATE_HOME", folder, 1);
	shop_init(&shop);
	shop.decl.identity = IDENTITY_INSTALL;
	preview = telemetry_preview(&shop.stack, NULL);
	assert_non_null(strstr(preview, "\"distinct_id\":\t\"" EVENT_MADE_AFTER_YES "\""));
	free(preview);
	/* Only an empty folder can be removed. */
	assert_int_equal(rmdir(folder), 0);
	shop_finish(&shop);
}

static void test_events_pass_the_strictest_receiver(void **state)
{
	static const char *const args[] = {"--tail", "<value>"};
	const struct telemetry_command command = {.command = "logs", .args = args, .arg_count = 2, .job_count = -1};
	const struct telemetry_request request = {"<unmatched>", "OTHER", 404, 0};
	const struct telemetry_event events[] = {
		{.kind = TELEMETRY_SERVER_START, .facts = shop_facts()},
		{.kind = TELEMETRY_SERVER_START_FAILED, .facts = shop_facts()},
		{.kind = TELEMETRY_CLI_COMMAND, .command = &command},
		{.kind = TELEMETRY_API_REQUEST, .request = &request},
	};
	struct shop shop;
	struct posthog *posthog = posthog_create("phc_shop");

	(void)state;
	shop_init(&shop);
	for (size_t i = 0; i < sizeof(events) / sizeof(*events); i++) {
		struct posthog_verdict verdict;
		char *text = make(&shop, &events[i]), *body, time[TIME_BYTES];

		assert_non_null(text);
		time_text(time_now_ms(), time);
		assert_true(asprintf(&body, "{\"api_key\":\"phc_shop\",\"batch\":[%s],\"sent_at\":\"%s\"}", text,
				     time) > 0);
		posthog_check(posthog, &(struct posthog_request){"application/json", NULL, body, strlen(body)},
			      &verdict);
		assert_string_equal(verdict.text, "{\"status\":\"Ok\"}");
		assert_int_equal(verdict.status, 200);
		assert_int_equal(cJSON_GetArraySize(verdict.findings), 0);
		posthog_verdict_finish(&verdict);
		free(body);
		free(text);
	}
	posthog_destroy(posthog);
	shop_finish(&shop);
}

/* A declared text that cannot be sent leaves nothing to be sent. */
static void test_what_is_common_is_checked_too(void **state)
{
	static const char *const texts[] = {"caf\xe9", "a\nb", "a\033[2Jb"};
	const struct telemetry_request request = {"/v1/stack", "GET", 200, 1};
	struct shop shop;

	(void)state;
	shop_init(&shop);
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		shop.common[0].text = texts[i];
		assert_true(is_dropped(
			&shop, &(struct telemetry_event){.kind = TELEMETRY_SERVER_START, .facts = shop_facts()}));
		assert_true(is_dropped(&shop,
				       &(struct telemetry_event){.kind = TELEMETRY_API_REQUEST, .request = &request}));
	}
	shop.common[0].text = "fine";
	shop.stack.version = "1.0\n";
	assert_true(is_dropped(&shop, &(struct telemetry_event){.kind = TELEMETRY_API_REQUEST, .request = &request}));
	shop_finish(&shop);
}

/* One thing wrong in each. */
static void test_a_command_outside_its_declaration_is_dropped(void **state)
{
	static const char *const typed[] = {"--token=hunter2"}, *const path[] = {"/home/me"}, *const words[] = {"a b"};
	static const struct telemetry_count odd[] = {{"/home/me", 1}}, negative[] = {{"charts", -1}},
					    twice[] = {{"charts", 1}, {"charts", 2}};
	const struct {
		const char *what;
		struct telemetry_command command;
	} rows[] = {
		{"no command", {.job_count = -1}},
		{"a path", {.command = "/bin/ls"}},
		{"two spaces", {.command = "visivo  run"}},
		{"an option", {.command = "visivo --run"}},
		{"unknown placeholder", {.command = "<secret>"}},
		{"a value", {.command = "ps", .args = typed, .arg_count = 1}},
		{"a path as argument", {.command = "ps", .args = path, .arg_count = 1}},
		{"a sentence", {.command = "ps", .args = words, .arg_count = 1}},
		{"time before it began", {.command = "ps", .duration_ms = -1}},
		{"a message", {.command = "ps", .error_type = "no such file"}},
		{"an error of starts", {.command = "ps", .error_type = "dependency_failed"}},
		{"no count", {.command = "ps", .object_counts = odd, .object_count = 1}},
		{"negative", {.command = "ps", .object_counts = negative, .object_count = 1}},
		{"named twice", {.command = "ps", .object_counts = twice, .object_count = 2}},
		{"too many jobs", {.command = "ps", .job_count = INT64_MAX}},
	};
	struct shop shop;

	(void)state;
	shop_init(&shop);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		if (!is_dropped(&shop,
				&(struct telemetry_event){.kind = TELEMETRY_CLI_COMMAND, .command = &rows[i].command}))
			fail_msg("%s was let through", rows[i].what);
	}
	shop_finish(&shop);
}

static void test_a_request_outside_its_declaration_is_dropped(void **state)
{
	const struct telemetry_request rows[] = {
		{NULL, "GET", 200, 1},         {"v1/stack", "GET", 200, 1},   {"/v1?q=1", "GET", 200, 1},
		{"/v1/stack", "get", 200, 1},  {"/v1/stack", NULL, 200, 1},   {"/v1/stack", "GET", 0, 1},
		{"/v1/stack", "GET", 1000, 1}, {"/v1/stack", "GET", 200, -1}, {"<matched>", "GET", 200, 1},
		{"/v1/a\nb", "GET", 200, 1},
	};
	struct shop shop;

	(void)state;
	shop_init(&shop);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		if (!is_dropped(&shop, &(struct telemetry_event){.kind = TELEMETRY_API_REQUEST, .request = &rows[i]}))
			fail_msg("row %zu was let through", i);
	}
	shop_finish(&shop);
}

/* Each kind is there, and has a place for nothing else. */
static void test_there_is_no_other_event(void **state)
{
	const struct telemetry_request request = {"/v1/stack", "GET", 200, 1};
	struct shop shop;

	(void)state;
	shop_init(&shop);
	assert_true(is_dropped(&shop, &(struct telemetry_event){.kind = TELEMETRY_API_REQUEST}));
	assert_true(is_dropped(&shop,
			       &(struct telemetry_event){.kind = (enum telemetry_event_kind)(TELEMETRY_API_REQUEST + 1),
							 .request = &request}));
	shop_finish(&shop);
}

static void test_found_values_that_do_not_fit_count_as_not_found(void **state)
{
	struct shop shop;
	struct telemetry_service found[] = {{"api", "v1\033[31m", true}};
	const char *const exec_values[] = {"caf\xe9", "fine"};
	struct telemetry_facts facts = {.services = found, .service_count = 1, .exec_values = exec_values};
	cJSON *event;

	(void)state;
	shop_init(&shop);
	event = build_start(&shop, &facts);
	assert_true(cJSON_IsNull(property(event, "api-version")));
	assert_true(cJSON_IsNull(property(event, "tool")));
	assert_string_equal(property(event, "build")->valuestring, "fine");
	cJSON_Delete(event);
	shop_finish(&shop);
}

/* By mistake a stack file can name any variable, and any program print it: the stack knows which values are secret. */
static void test_secrets_are_not_sent_whoever_declared_them(void **state)
{
	struct shop shop;
	struct telemetry_service found[] = {{"api", "built with sk-secret-1", true}};
	const char *const exec_values[] = {"sk-secret-1", "fine"};
	struct telemetry_facts facts = {.services = found, .service_count = 1, .exec_values = exec_values};
	struct pool *pool = pool_create();
	char *preview;
	cJSON *event;

	(void)state;
	shop_init(&shop);
	secrets_add(&shop.stack.secrets, pool, "sk-secret-1");
	shop.common[0].text = "sk-secret-1";
	shop.stack.version = "https://me:word@shop.example";
	shop.services[0].version.text = "1 sk-secret-1";
	preview = telemetry_preview(&shop.stack, NULL);
	event = build_start(&shop, &facts);
	assert_string_equal(property(event, "model")->valuestring, "<redacted>");
	assert_string_equal(property(event, "app_version")->valuestring, "<redacted>");
	assert_string_equal(property(event, "front_version")->valuestring, "<redacted>");
	assert_string_equal(property(event, "api-version")->valuestring, "<redacted>");
	assert_string_equal(property(event, "tool")->valuestring, "<redacted>");
	assert_string_equal(property(event, "build")->valuestring, "fine");
	assert_non_null(strstr(preview, "\"model\":\t\"<redacted>\""));
	assert_null(strstr(preview, "sk-secret-1"));
	cJSON_Delete(event);
	free(preview);
	pool_destroy(pool);
	shop_finish(&shop);
}

static void test_kernel_releases_are_cut_to_two_numbers(void **state)
{
	static const struct {
		const char *release, *version;
	} rows[] = {{"6.1.0-18-amd64", "6.1"},
		    {"6.18.44-fc-me@my-host", "6.18"},
		    {"5.10", "5.10"},
		    {"odd", "0.0"},
		    {"", "0.0"}};
	char version[16];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		machine_release(rows[i].release, version, sizeof(version));
		assert_string_equal(version, rows[i].version);
	}
	assert_string_equal(machine_node_arch("x86_64"), "x64");
	assert_string_equal(machine_node_arch("aarch64"), "arm64");
	assert_string_equal(machine_node_arch("vax"), "other");
}

static void test_event_ids_carry_their_time(void **state)
{
	char id[ID_BYTES], other[ID_BYTES], time[TIME_BYTES];

	(void)state;
	id_event(INT64_C(0x01a1fd31915c), id);
	id_event(INT64_C(0x01a1fd31915c), other);
	assert_memory_equal(id, "01a1fd31-915c-7", 15);
	assert_true(id_is_valid(id, 7));
	assert_string_not_equal(id, other);
	id_random(id);
	assert_true(id_is_valid(id, 4));
	time_text(INT64_C(1795249246555), time);
	assert_string_equal(time, "2026-11-21T08:20:46.555Z");
	time_text(INT64_MAX, time);
	assert_string_equal(time, "1970-01-01T00:00:00.000Z");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_event_says_what_is_true),
		cmocka_unit_test(test_a_failed_start_says_why_in_one_word),
		cmocka_unit_test(test_a_command_says_what_it_was_and_how_it_ended),
		cmocka_unit_test(test_a_request_says_its_shape_and_its_end),
		cmocka_unit_test(test_what_is_common_is_known_from_the_start_on),
		cmocka_unit_test(test_the_preview_of_what_services_may_tell),
		cmocka_unit_test(test_the_preview_is_the_event_but_for_what_is_not_there_yet),
		cmocka_unit_test(test_the_preview_makes_no_file),
		cmocka_unit_test(test_events_pass_the_strictest_receiver),
		cmocka_unit_test(test_what_is_common_is_checked_too),
		cmocka_unit_test(test_a_command_outside_its_declaration_is_dropped),
		cmocka_unit_test(test_a_request_outside_its_declaration_is_dropped),
		cmocka_unit_test(test_there_is_no_other_event),
		cmocka_unit_test(test_found_values_that_do_not_fit_count_as_not_found),
		cmocka_unit_test(test_secrets_are_not_sent_whoever_declared_them),
		cmocka_unit_test(test_kernel_releases_are_cut_to_two_numbers),
		cmocka_unit_test(test_event_ids_carry_their_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
