/* SPDX-License-Identifier: MIT */
/* The example that ships: real Redis, nginx, a worker and a job, up and down, and the one event after a yes. */
#include "tests/lib/run.h"
#include "tests/lib/world.h"

#include <cjson/cJSON.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define EVENTS "data/events.jsonl"

#ifdef __has_feature
#define WITH_SANITIZER __has_feature(address_sanitizer)
#else
#define WITH_SANITIZER 0
#endif

static void set_port(struct world *world, const char *name)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", world_free_port());
	world_setenv(world, name, text);
}

static int shop_setup(void **state)
{
	struct world *world;

	world_setup(state);
	world = *state;
	world_copy(world, "config/examples/shop");
	set_port(world, "REDIS_PORT");
	set_port(world, "SHOP_PORT");
	return 0;
}

/* What nginx answers for `target`; the caller finishes the run. */
static void get_page(struct run *run, const struct world *world, const char *target)
{
	char url[128];
	const char *const argv[] = {"curl", "-sS", "--max-time", "5", url, NULL};

	snprintf(url, sizeof(url), "http://127.0.0.1:%s%s", strmap_find(&world->environment, "SHOP_PORT"), target);
	run_command(run, world, &(struct run_options){.argv = argv});
}

static cJSON *parse(const char *text)
{
	cJSON *json = cJSON_Parse(text);

	if (json == NULL)
		fail_msg("no JSON: %.500s", text);
	return json;
}

static const char *text_of(const cJSON *object, const char *name)
{
	const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));

	if (text == NULL)
		fail_msg("'%s' is no text in %s", name, cJSON_PrintUnformatted(object));
	return text;
}

static double number_of(const cJSON *object, const char *name)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);

	if (!cJSON_IsNumber(item))
		fail_msg("'%s' is no number in %s", name, cJSON_PrintUnformatted(object));
	return item->valuedouble;
}

static void assert_state(const cJSON *services, const char *name, const char *state)
{
	const cJSON *service;

	cJSON_ArrayForEach(service, services)
	{
		if (strcmp(text_of(service, "name"), name) == 0) {
			assert_string_equal(text_of(service, "state"), state);
			return;
		}
	}
	fail_msg("ps does not list %s", name);
}

static void test_comes_up_is_seen_and_goes_down(void **state)
{
	struct world *world = *state;
	struct run run;
	cJSON *services;

	run_upfront(&run, world, "up", "-d", "--wait", "--wait-timeout", "30", NULL);
	run_assert_code(&run, 0);
	run_finish(&run);

	run_upfront(&run, world, "ps", "--json", NULL);
	run_assert_code(&run, 0);
	services = parse(run.out.bytes);
	if (cJSON_IsObject(services)) {
		cJSON *list = cJSON_DetachItemFromObject(services, "services");

		cJSON_Delete(services);
		services = list;
	}
	assert_int_equal(cJSON_GetArraySize(services), 4);
	assert_state(services, "redis", "ready");
	assert_state(services, "seed", "completed");
	assert_state(services, "worker", "ready");
	assert_state(services, "web", "ready");
	cJSON_Delete(services);
	run_finish(&run);

	get_page(&run, world, "/");
	run_assert_code(&run, 0);
	assert_non_null(strstr(run.out.bytes, "Orders so far: <strong>"));
	run_finish(&run);

	run_upfront(&run, world, "logs", "--no-log-prefix", "worker", NULL);
	run_assert_code(&run, 0);
	assert_non_null(strstr(run.out.bytes, "orders: 42\n"));
	assert_null(strstr(run.out.bytes, "nginx"));
	run_finish(&run);

	/* The same project once more, to stay with it: refused, and the running one does not mind. */
	run_upfront(&run, world, "up", NULL);
	run_assert_code(&run, 4);
	run_assert_one_error(&run);
	run_finish(&run);
	get_page(&run, world, "/counter.json");
	assert_non_null(strstr(run.out.bytes, "{\"orders\": "));
	run_finish(&run);

	run_upfront(&run, world, "down", NULL);
	run_assert_code(&run, 0);
	run_finish(&run);
	assert_int_equal(world_processes(world, "", NULL, 0), 0);
	assert_false(world_has(world, EVENTS));

	run_upfront(&run, world, "ps", NULL);
	run_assert_code(&run, 6);
	run_finish(&run);
	run_upfront(&run, world, "down", NULL);
	run_assert_code(&run, 0);
	run_finish(&run);
}

/* "7.0.15" as the program itself says it, by the command the stack file declares. */
static char *version_of(const struct world *world, const char *command)
{
	const char *const argv[] = {"sh", "-c", command, NULL};
	struct run run;
	char *version;

	run_command(&run, world, &(struct run_options){.argv = argv});
	run.out.bytes[strcspn(run.out.bytes, "\n")] = '\0';
	version = strdup(run.out.bytes);
	run_finish(&run);
	return version;
}

static void assert_uuid(const char *text, char version)
{
	assert_int_equal(strlen(text), 36);
	assert_int_equal(strspn(text, "0123456789abcdef-"), 36);
	assert_int_equal(text[14], version);
	assert_non_null(strchr("89ab", text[19]));
}

static void assert_now(const char *time_text)
{
	struct tm parts = {0};
	const char *rest = strptime(time_text, "%Y-%m-%dT%H:%M:%S", &parts);

	assert_non_null(rest);
	assert_int_equal(rest[0], '.');
	assert_string_equal(rest + 4, "Z");
	assert_true(labs(timegm(&parts) - time(NULL)) < 60);
}

/* Milliseconds in the first 48 bits (RFC 9562). */
static void assert_uuid7_now(const char *text)
{
	unsigned long high, low;

	assert_uuid(text, '7');
	assert_int_equal(sscanf(text, "%8lx-%4lx", &high, &low), 2);
	assert_true(labs((long)((high << 16 | low) / 1000) - time(NULL)) < 60);
}

static void assert_measured(const cJSON *properties, int64_t elapsed_ms)
{
	const cJSON *memory = cJSON_GetObjectItemCaseSensitive(properties, "memory_usage");
	const cJSON *cpu = cJSON_GetObjectItemCaseSensitive(properties, "cpu_usage");
	const cJSON *services = cJSON_GetObjectItemCaseSensitive(properties, "services");

	/* Ours, a small program: more than a page, less than a browser; units are bytes and microseconds. */
	assert_true(number_of(memory, "rss") > 500e3 && number_of(memory, "rss") < 300e6);
#if !WITH_SANITIZER /* whose allocator tells mallinfo2 nothing */
	assert_true(number_of(memory, "heapUsed") > 0);
#endif
	assert_true(number_of(memory, "heapUsed") <= number_of(memory, "heapTotal") + number_of(memory, "external"));
	assert_true(number_of(memory, "arrayBuffers") == 0);
	assert_true(number_of(cpu, "user") + number_of(cpu, "system") > 0);
	assert_true(number_of(cpu, "user") + number_of(cpu, "system") < (double)elapsed_ms * 1000);

	assert_true(number_of(services, "count") == 4);
	assert_true(number_of(services, "native") == 4);
	assert_true(number_of(services, "container") == 0);
	assert_true(number_of(services, "ready_ms") > 0 && number_of(services, "ready_ms") <= (double)elapsed_ms);
	assert_true(number_of(services, "rss") > number_of(memory, "rss") / 2);
	/* The kernel counts these in ticks of 10 ms, so little use may read 0. */
	assert_true(number_of(services, "cpu_user") + number_of(services, "cpu_system") >= 0);
}

static void assert_properties(const struct world *world, const cJSON *properties, int64_t elapsed_ms)
{
	char *redis = version_of(world, "redis-server --version | sed 's/.* v=//; s/ .*//'");
	char *nginx = version_of(world, "/usr/sbin/nginx -v 2>&1 | sed 's,.*nginx/,,; s, .*,,'");
	char release[32];
	struct utsname names;
	int major, minor;

	uname(&names);
	assert_int_equal(sscanf(names.release, "%d.%d", &major, &minor), 2);
	snprintf(release, sizeof(release), "%d.%d", major, minor);

	assert_true(cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(properties, "$geoip_disable")));
	assert_true(cJSON_IsFalse(cJSON_GetObjectItemCaseSensitive(properties, "$process_person_profile")));
	assert_string_equal(text_of(properties, "$ip"), "0.0.0.0");
	assert_string_equal(text_of(properties, "$lib"), "upfront");
	assert_string_equal(text_of(properties, "$lib_version"), text_of(properties, "launcher_version"));
	assert_string_equal(text_of(properties, "app_version"), "1.0.0");
	assert_string_equal(text_of(properties, "platform"), "linux");
	assert_string_equal(text_of(properties, "platform_version"), release);
	assert_string_equal(text_of(properties, "arch"), names.machine);
	assert_true(cJSON_IsFalse(cJSON_GetObjectItemCaseSensitive(properties, "is_ci")));
	assert_uuid(text_of(properties, "session_id"), '4');
	assert_now(text_of(properties, "time"));

	/* Each service's version; two of them under the names that the stack file gives them. */
	assert_false(cJSON_HasObjectItem(properties, "redis-version"));
	assert_false(cJSON_HasObjectItem(properties, "web-version"));
	assert_string_equal(text_of(properties, "worker-version"), "1.0.0");
	assert_true(cJSON_IsNull(cJSON_GetObjectItemCaseSensitive(properties, "seed-version")));
	assert_string_equal(text_of(properties, "redis"), redis);
	assert_string_equal(text_of(properties, "nginx"), nginx);
	assert_string_equal(text_of(properties, "shell"), "ok");
	assert_string_equal(text_of(properties, "edition"), "example");
	assert_measured(properties, elapsed_ms);
	free(redis);
	free(nginx);
}

static bool events_landed(void *context)
{
	char *text = world_read(context, EVENTS);
	bool landed = text != NULL && strchr(text, '\n') != NULL;

	free(text);
	return landed;
}

/* The first event of the first batch; what follows is of commands, and nothing else. The caller deletes the batch. */
static const cJSON *only_event(const struct world *world, cJSON **batch)
{
	char *text = world_read(world, EVENTS), *rest = NULL;
	const cJSON *first = NULL;

	assert_non_null(text);
	*batch = NULL;
	for (char *line = strtok_r(text, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest)) {
		cJSON *each = parse(line);
		const cJSON *event;

		assert_string_equal(text_of(each, "api_key"), "phc_example");
		assert_now(text_of(each, "sent_at"));
		cJSON_ArrayForEach(event, cJSON_GetObjectItemCaseSensitive(each, "batch"))
		{
			if (first == NULL)
				first = event;
			else if (strcmp(text_of(event, "event"), "api_request") != 0)
				assert_string_equal(text_of(event, "event"), "cli_command");
		}
		if (*batch == NULL)
			*batch = each;
		else
			cJSON_Delete(each);
	}
	free(text);
	assert_non_null(first);
	assert_string_equal(text_of(first, "event"), "server_start");
	return first;
}

/* The event is the preview, but for what only exists later; names and order included. */
static void assert_like_preview(const cJSON *event, const cJSON *preview)
{
	const cJSON *shown = preview->child;

	for (const cJSON *item = event->child; item != NULL; item = item->next) {
		if (shown == NULL)
			fail_msg("sent, but not in the preview: %s", item->string);
		if (item->string != NULL)
			assert_string_equal(item->string, shown->string);
		if (cJSON_IsString(shown) && (strcmp(shown->valuestring, "(made only after yes)") == 0 ||
					      strcmp(shown->valuestring, "(measured when ready)") == 0))
			;
		else if (cJSON_IsObject(shown))
			assert_like_preview(item, shown);
		else
			assert_true(cJSON_Compare(item, shown, true));
		shown = shown->next;
	}
	assert_null(shown);
}

static void test_yes_in_the_dialog_sends_what_was_shown(void **state)
{
	struct world *world = *state;
	const char *const argv[] = {"upfront", NULL};
	struct run run, show;
	cJSON *batch, *preview;
	const cJSON *event;
	int64_t answered_ms;

	run_upfront(&show, world, "telemetry", "show", NULL);
	run_assert_code(&show, 0);
	preview = parse(show.out.bytes);
	run_finish(&show);

	run_begin(&run, world, &(struct run_options){.argv = argv, .terminal = true});
	run_expect(&run, "Yes, send");
	assert_null(world_search(world, "id"));
	answered_ms = world_now_ms();
	run_press(&run, "y", DIALOG_GONE);
	run_until(&run, events_landed, world, "the event in " EVENTS);
	run_signal(&run, SIGINT);
	run_wait(&run);
	run_assert_code(&run, 0);
	run_finish(&run);

	event = only_event(world, &batch);
	assert_uuid7_now(text_of(event, "uuid"));
	assert_uuid(text_of(event, "distinct_id"), '4');
	assert_now(text_of(event, "timestamp"));
	assert_properties(world, cJSON_GetObjectItemCaseSensitive(event, "properties"), world_now_ms() - answered_ms);
	assert_like_preview(event, preview);
	cJSON_Delete(batch);
	cJSON_Delete(preview);
}

static void test_no_in_the_dialog_starts_all_and_sends_nothing(void **state)
{
	struct world *world = *state;
	const char *const argv[] = {"upfront", "--no-dashboard", NULL};
	struct run run;

	run_begin(&run, world, &(struct run_options){.argv = argv, .terminal = true});
	run_expect(&run, "No, do not send");
	run_press(&run, "n", DIALOG_GONE);
	run_expect(&run, "the page is written; telemetry of this run is off");
	run_expect(&run, "shop is up");
	assert_int_equal(world_processes(world, "upfront-telemetry", NULL, 0), 0);
	run_signal(&run, SIGINT);
	run_wait(&run);
	run_assert_code(&run, 0);
	run_finish(&run);
	assert_false(world_has(world, EVENTS));
	assert_null(world_search(world, "id"));
	assert_null(world_search(world, "outbox.db"));
	assert_non_null(world_search(world, "receipts.jsonl"));
}

static void test_ctrl_c_at_the_question_starts_nothing(void **state)
{
	struct world *world = *state;
	const char *const argv[] = {"upfront", NULL};
	struct run run;

	run_begin(&run, world, &(struct run_options){.argv = argv, .terminal = true});
	run_expect(&run, "Yes, send");
	run_press(&run, "\x03", DIALOG_GONE);
	run_wait(&run);
	run_assert_code(&run, 130);
	run_finish(&run);
	assert_false(world_has(world, "data/nginx.conf"));
	assert_null(world_search(world, "receipts.jsonl"));
}

static void test_a_failed_start_is_reported_after_a_yes(void **state)
{
	struct world *world = *state;
	struct run run;
	char *text;
	cJSON *batch;
	const cJSON *event;

	world_write(world, "seed.sh", "#!/bin/sh\necho 'no orders today' >&2\nexit 3\n");
	run_upfront(&run, world, "up", "-d", "--wait", "--telemetry=on", NULL);
	run_assert_code(&run, 1);
	run_assert_says(&run, "no orders today");
	run_until(&run, events_landed, world, "the event in " EVENTS);
	run_finish(&run);
	world_wait_gone(world, "", 2000);
	text = world_read(world, EVENTS);
	batch = parse(text);
	event = cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(batch, "batch"), 0);
	assert_string_equal(text_of(event, "event"), "server_start_failed");
	assert_string_equal(text_of(cJSON_GetObjectItemCaseSensitive(event, "properties"), "error_type"), "exited");
	assert_null(strstr(text, "no orders"));
	free(text);
	cJSON_Delete(batch);
}

/* What `make run` and `make demo` do where nobody is there to answer. */
static void test_trying_it_out_in_a_script(void **state)
{
	struct world *world = *state;
	char top[WORLD_PATH_MAX], program[WORLD_PATH_MAX * 2];
	const char *const plain[] = {"sh", "config/examples/try.sh", program, NULL};
	const char *const demo[] = {"sh", "config/examples/try.sh", program, "demo", NULL};
	struct run run;

	assert_non_null(getcwd(top, sizeof(top)));
	snprintf(program, sizeof(program), "%s/upfront", world->bin_dir);
	run_command(&run, world, &(struct run_options){.argv = plain, .directory = top});
	run_assert_code(&run, 0);
	assert_non_null(strstr(run.out.bytes, "Orders so far"));
	assert_non_null(strstr(run.out.bytes, "Nothing was sent: "));
	run_finish(&run);
	run_command(&run, world, &(struct run_options){.argv = demo, .directory = top});
	run_assert_code(&run, 0);
	assert_non_null(strstr(run.out.bytes, "\"event\":\"server_start\""));
	run_finish(&run);
	/* A standing no of the person holds for the demonstration, too. */
	world_setenv(world, "DO_NOT_TRACK", "1");
	run_command(&run, world, &(struct run_options){.argv = demo, .directory = top});
	run_assert_code(&run, 0);
	assert_non_null(strstr(run.out.bytes, "Nothing was sent: "));
	run_finish(&run);
	assert_null(world_search(world, "events.jsonl"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_comes_up_is_seen_and_goes_down, shop_setup, world_teardown),
		cmocka_unit_test_setup_teardown(test_yes_in_the_dialog_sends_what_was_shown, shop_setup,
						world_teardown),
		cmocka_unit_test_setup_teardown(test_no_in_the_dialog_starts_all_and_sends_nothing, shop_setup,
						world_teardown),
		cmocka_unit_test_setup_teardown(test_ctrl_c_at_the_question_starts_nothing, shop_setup, world_teardown),
		cmocka_unit_test_setup_teardown(test_trying_it_out_in_a_script, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(test_a_failed_start_is_reported_after_a_yes, shop_setup,
						world_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
