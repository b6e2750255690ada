/* SPDX-License-Identifier: MIT */
/* What the control API tells of how a start went, and of one unit when somebody looks at it. */
#include "tests/unit/supervisor/ctl_scene.h"

#include "config/clock.h"

static void test_how_a_start_went(void **state)
{
	static const struct dependency web = {.service = "web", .condition = DEPEND_HEALTHY};
	cJSON *json = ask_json(GET("/v1/services/web"), 200);
	const cJSON *start = cJSON_GetObjectItem(json, "start");

	(void)state;
	assert_true(is_null(json, "waits_for"));
	assert_true(is_null(start, "launched_ms") && is_null(start, "probed_ms") && is_null(start, "ready_ms"));
	assert_true(is_null(start, "ended_ms") && is_null(start, "waited_for"));
	cJSON_Delete(json);
	scene->waits_for[1] = &web;
	scene->starts[1] = (struct unit_start){20, 30, 45, 50};
	json = ask_json(GET("/v1/services/job"), 200);
	start = cJSON_GetObjectItem(json, "start");
	assert_string_equal(text_at(cJSON_GetObjectItem(json, "waits_for"), "service"), "web");
	assert_string_equal(text_at(cJSON_GetObjectItem(json, "waits_for"), "condition"), "service_healthy");
	assert_true(number_at(start, "launched_ms") == 20 && number_at(start, "probed_ms") == 30);
	assert_true(number_at(start, "ready_ms") == 45 && number_at(start, "ended_ms") == 50);
	assert_string_equal(text_at(start, "waited_for"), "web");
	cJSON_Delete(json);
}

static void test_how_the_last_starts_went(void **state)
{
	cJSON *json = ask_json(GET("/v1/stack"), 200);

	(void)state;
	assert_true(is_null(json, "up_after_ms"));
	assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(json, "starts")), 0);
	cJSON_Delete(json);
	scene->supervisor.begin_wall_ms = 1700000000123;
	scene->supervisor.up_after_ms = 9400;
	scene->supervisor.starts = (struct supervisor_starts){.took_ms = {9100, 9400}, .count = 2};
	json = ask_json(GET("/v1/stack"), 200);
	assert_true(number_at(json, "begin_ms") == 1700000000123);
	assert_true(number_at(json, "up_after_ms") == 9400);
	assert_true(cJSON_GetArrayItem(cJSON_GetObjectItem(json, "starts"), 1)->valuedouble == 9400);
	cJSON_Delete(json);
}

/* ---- A unit's story ---- */

/* A definition with all that can be told of one; a variable's value and a password in a URL are secret. */
static void tell_a_story(void)
{
	static const char *const argv[] = {"./api", "--note", "it's late", "--key=pa55word", "", NULL};
	static const struct dependency needs_web = {.service = "web"};
	static const char *secret = "pa55word";
	static const struct probe_spec probe = {.kind = PROBE_TCP,
						.host = "localhost",
						.port = 80,
						.interval_ms = 500,
						.timeout_ms = 100,
						.retries = 3};
	struct service *web = &scene->services[0];

	scene->stack.secrets = (struct secrets){&secret, 1, 1};
	web->argv = argv;
	web->working_dir = "/srv/shop/api";
	web->user = "shop";
	web->place = (struct err_place){"compose.yaml", 41, 3};
	web->restart = (struct restart_policy){.when = RESTART_ON_FAILURE, .limit = 5};
	web->stop = (struct stop_policy){.signal = SIGTERM, .grace_ms = 1500};
	web->version.text = "1.2";
	strmap_set(&web->environment, "PORT", "8080");
	scene->services[1].depends_on = &needs_web;
	scene->services[1].depends_on_count = 1;
	scene->svcs[0].policy.readiness = &probe;
	strmap_set(&scene->environment, "PATH", "/bin");
	strmap_set(&scene->environment, "PORT", "8080");
	strmap_set(&scene->environment, "API_KEY", "anything");
	strmap_set(&scene->environment, "DATABASE_URL", "postgres://u:other@h/db");
	strmap_set(&scene->environment, "NOTE", "key is pa55word");
	strmap_set(&scene->environment, "UPFRONT_TELEMETRY", "whatever");
	scene->pid = getpid();
	unit_story_answer(&scene->stories[0], false, "refused, says pa55word", 1000);
	unit_story_answer(&scene->stories[0], false, "refused, says pa55word", 2000);
	unit_story_answer(&scene->stories[0], true, "connected", 3000);
	unit_story_exit(&scene->stories[0], &(struct engine_exit){.code = 3}, 102, 4000);
	unit_story_exit(&scene->stories[0], &(struct engine_exit){.signaled = true, .signal = SIGKILL}, 7, 5000);
}

static const cJSON *variable(const cJSON *detail, const char *name)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, cJSON_GetObjectItem(detail, "environment"))
	{
		if (strcmp(text_at(item, "name"), name) == 0)
			return item;
	}
	fail_msg("no variable '%s'", name);
	return NULL;
}

static void assert_variable(const cJSON *detail, const char *name, const char *value, bool secret, bool telemetry)
{
	const cJSON *item = variable(detail, name);

	assert_string_equal(text_at(item, "value"), value);
	assert_int_equal(cJSON_IsTrue(cJSON_GetObjectItem(item, "secret")), secret);
	assert_int_equal(cJSON_HasObjectItem(item, "telemetry"), telemetry);
}

static void test_a_definition_is_told(void **state)
{
	cJSON *json;

	(void)state;
	tell_a_story();
	json = ask_json(GET("/v1/services/web/detail"), 200);
	assert_string_equal(text_at(json, "command"), "./api --note 'it'\\''s late' --key=******** ''");
	assert_string_equal(text_at(json, "dir"), "/srv/shop/api");
	assert_string_equal(text_at(json, "user"), "shop");
	assert_string_equal(text_at(json, "service_version"), "1.2");
	assert_string_equal(text_at(cJSON_GetObjectItem(json, "place"), "file"), "compose.yaml");
	assert_true(number_at(cJSON_GetObjectItem(json, "place"), "line") == 41);
	assert_string_equal(text_at(cJSON_GetObjectItem(json, "restart"), "policy"), "on-failure");
	assert_true(number_at(cJSON_GetObjectItem(json, "restart"), "limit") == 5);
	assert_string_equal(text_at(cJSON_GetObjectItem(json, "stop"), "signal"), "SIGTERM");
	assert_true(number_at(cJSON_GetObjectItem(json, "stop"), "grace_ms") == 1500);
	assert_non_null(strstr(text_at(cJSON_GetObjectItem(json, "log"), "path"), "/logs/web.log"));
	assert_variable(json, "PATH", "/bin", false, false);
	/* What the stack file declares stands first. */
	assert_string_equal(text_at(cJSON_GetArrayItem(cJSON_GetObjectItem(json, "environment"), 0), "name"), "PORT");
	assert_true(cJSON_HasObjectItem(variable(json, "PORT"), "declared"));
	assert_false(cJSON_HasObjectItem(variable(json, "PATH"), "declared"));
	assert_variable(json, "API_KEY", "********", true, false);
	assert_variable(json, "DATABASE_URL", "postgres://u:********@h/db", true, false);
	assert_variable(json, "NOTE", "key is ********", true, false);
	assert_variable(json, "UPFRONT_TELEMETRY", "on", false, true);
	cJSON_Delete(json);
}

/* A line for a shell is told as it was written. */
static void test_a_shell_line_is_told(void **state)
{
	static const char *const argv[] = {"/bin/sh", "-c", "cd api && ./run | tee 'x y'", NULL};
	cJSON *json;

	(void)state;
	scene->services[0].argv = argv;
	scene->services[0].shell = true;
	json = ask_json(GET("/v1/services/web/detail"), 200);
	assert_string_equal(text_at(json, "command"), "cd api && ./run | tee 'x y'");
	cJSON_Delete(json);
	json = ask_json(GET("/v1/services/job/detail"), 200);
	assert_true(is_null(json, "command") && is_null(json, "dir") && is_null(json, "user") &&
		    is_null(json, "probe"));
	cJSON_Delete(json);
	cJSON_Delete(ask_json(GET("/v1/services/stranger/detail"), 404));
	cJSON_Delete(ask_json(POST("/v1/services/web/detail", "", "0"), 405));
}

static void test_what_happened_is_told(void **state)
{
	const cJSON *probe, *first, *list;
	cJSON *json;

	(void)state;
	tell_a_story();
	json = ask_json(GET("/v1/services/web/detail"), 200);
	probe = cJSON_GetObjectItem(json, "probe");
	assert_string_equal(text_at(probe, "target"), "localhost");
	assert_true(number_at(probe, "port") == 80 && number_at(probe, "interval_ms") == 500);
	list = cJSON_GetObjectItem(probe, "history");
	assert_int_equal(cJSON_GetArraySize(list), 2);
	first = cJSON_GetArrayItem(list, 0);
	assert_string_equal(text_at(first, "text"), "refused, says ********");
	assert_true(number_at(first, "time_ms") == 1000 && number_at(first, "count") == 2);
	assert_true(cJSON_IsFalse(cJSON_GetObjectItem(first, "ok")));
	list = cJSON_GetObjectItem(json, "exits");
	assert_true(number_at(cJSON_GetArrayItem(list, 0), "code") == 3 &&
		    is_null(cJSON_GetArrayItem(list, 0), "signal"));
	assert_true(number_at(cJSON_GetArrayItem(list, 0), "ran_ms") == 102);
	assert_string_equal(text_at(cJSON_GetArrayItem(list, 1), "signal"), "SIGKILL");
	assert_true(is_null(cJSON_GetArrayItem(list, 1), "code"));
	/* This very process is its main one. */
	list = cJSON_GetObjectItem(json, "processes");
	assert_true(cJSON_GetArraySize(list) >= 1);
	assert_true(number_at(json, "more") == 0);
	assert_non_null(text_at(cJSON_GetArrayItem(list, 0), "name"));
	cJSON_Delete(json);
}

/* One that was never ill has no history, but is known to be well. */
static void test_well_from_the_beginning(void **state)
{
	static const struct probe_spec probe = {.kind = PROBE_HTTP, .url = "http://localhost/"};
	const cJSON *list, *first;
	cJSON *json;

	(void)state;
	scene->svcs[0] = (struct svc){.state = SVC_READY,
				      .policy.readiness = &probe,
				      .ready_ms = clock_monotonic_ms() - 60000,
				      .probe_attempts = 7};
	scene->whys[0] = "HTTP 200";
	json = ask_json(GET("/v1/services/web/detail"), 200);
	list = cJSON_GetObjectItem(cJSON_GetObjectItem(json, "probe"), "history");
	first = cJSON_GetArrayItem(list, 0);
	assert_int_equal(cJSON_GetArraySize(list), 1);
	assert_string_equal(text_at(first, "text"), "HTTP 200");
	assert_true(number_at(first, "count") == 7);
	assert_true(number_at(first, "time_ms") <= (double)clock_wall_ms() - 60000);
	cJSON_Delete(json);
}

static void test_who_needs_whom(void **state)
{
	const cJSON *need;
	cJSON *json;

	(void)state;
	tell_a_story();
	json = ask_json(GET("/v1/services/web/detail"), 200);
	assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(json, "needs")), 0);
	assert_string_equal(cJSON_GetStringValue(cJSON_GetArrayItem(cJSON_GetObjectItem(json, "needed_by"), 0)), "job");
	cJSON_Delete(json);
	json = ask_json(GET("/v1/services/job/detail"), 200);
	need = cJSON_GetArrayItem(cJSON_GetObjectItem(json, "needs"), 0);
	assert_string_equal(text_at(need, "service"), "web");
	assert_string_equal(text_at(need, "condition"), "service_healthy");
	assert_string_equal(text_at(need, "state"), "running");
	assert_true(cJSON_IsFalse(cJSON_GetObjectItem(need, "met")));
	cJSON_Delete(json);
}

/* All of it is described. */
static void test_members_described(void **state)
{
	static const char *const targets[] = {GET("/v1/services/web/detail"), GET("/v1/services/job/detail")};
	size_t size;
	char *text = children_slurp("launcher/supervisor", "openapi.yaml", &size);

	(void)state;
	tell_a_story();
	for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
		cJSON *json = ask_json(targets[i], 200);

		assert_described(strstr(text, "\ncomponents:"), json);
		cJSON_Delete(json);
	}
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCENE_TEST(test_how_a_start_went),      SCENE_TEST(test_how_the_last_starts_went),
		SCENE_TEST(test_a_definition_is_told),  SCENE_TEST(test_a_shell_line_is_told),
		SCENE_TEST(test_what_happened_is_told), SCENE_TEST(test_well_from_the_beginning),
		SCENE_TEST(test_who_needs_whom),        SCENE_TEST(test_members_described),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
