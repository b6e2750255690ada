/* SPDX-License-Identifier: MIT */
/* A start as it can be looked at afterwards: who waited for whom, what was asked and answered, what ended, what is used. */
#include "config/err.h"
#include "tests/lib/children.h"
#include "tests/lib/ctl_ask.h"
#include "tests/lib/play.h"

#include <cjson/cJSON.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#define STREAM_BYTES 1048576

static char heard[STREAM_BYTES];

/* The event stream, from its beginning. */
static int follow(const struct play *play, const char *target)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof address.sun_path, "%s", play->socket_path);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
	assert_true(dprintf(fd, "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", target) > 0);
	return fd;
}

static cJSON *get(const struct play *play, const char *target)
{
	char *answer = ctl_ask(play->socket_path, "GET", target, "");
	const char *body = answer != NULL ? strstr(answer, "\r\n\r\n") : NULL;
	cJSON *json = body != NULL ? cJSON_Parse(body + 4) : NULL;

	if (json == NULL)
		fail_msg("%s is answered with %s", target, answer != NULL ? answer : "nothing");
	free(answer);
	return json;
}

static const char *text_at(const cJSON *json, const char *name)
{
	return cJSON_GetStringValue(cJSON_GetObjectItem(json, name));
}

/* -1: null */
static double number_at(const cJSON *json, const char *name)
{
	const cJSON *item = cJSON_GetObjectItem(json, name);

	assert_true(cJSON_IsNumber(item) || cJSON_IsNull(item));
	return cJSON_IsNumber(item) ? item->valuedouble : -1;
}

static void make_file(const struct play *play, const char *name)
{
	char path[256];
	int fd;

	snprintf(path, sizeof path, "%s/%s", play->folder, name);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	close(fd);
}

/* db gets healthy when it is told to, then mig runs and ends when it is told to, and web needs both. */
static int begin_a_chain(struct play *play)
{
	static const char *const check[] = {"test", "-e", "healthy", NULL};
	int fd;

	play_listen(play);
	play_add(play, "db", "exec sleep 1000");
	play_add(play, "mig", "while ! test -e done; do sleep 0.02; done");
	play_add(play, "web", "exec sleep 1000");
	play->services[0].healthcheck = (struct probe_spec){.kind = PROBE_EXEC,
							    .argv = check,
							    .interval_ms = 50,
							    .start_period_ms = 60000,
							    .timeout_ms = 5000,
							    .retries = 3};
	play_depends(play, 1, 0, DEPEND_HEALTHY);
	play_depends(play, 2, 0, DEPEND_HEALTHY);
	play_depends(play, 2, 1, DEPEND_COMPLETED);
	play_begin(play);
	fd = follow(play, "/v1/events");
	children_read(fd, "\"waits_for\":{\"service\":\"db\",\"condition\":\"service_healthy\"}", heard, sizeof heard);
	return fd;
}

static void the_first_start_is_told(void **state)
{
	struct play *play = *state;
	int fd = begin_a_chain(play);
	double ended_ms, ready_ms;
	const cJSON *start;
	cJSON *json;

	make_file(play, "healthy");
	/* It waits as before, but for another: told without a change of state. */
	children_read(fd, "\"waits_for\":{\"service\":\"mig\",\"condition\":\"service_completed_successfully\"}", heard,
		      sizeof heard);
	assert_non_null(strstr(heard, "\"name\":\"web\""));
	json = get(play, "/v1/stack");
	assert_true(number_at(json, "up_after_ms") < 0);
	assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(json, "starts")), 0);
	cJSON_Delete(json);
	make_file(play, "done");
	children_read(fd, "\"phase\":\"up\"", heard, sizeof heard);
	close(fd);

	json = get(play, "/v1/services/db");
	start = cJSON_GetObjectItem(json, "start");
	ready_ms = number_at(start, "ready_ms");
	assert_true(number_at(start, "launched_ms") >= 0);
	assert_true(number_at(start, "probed_ms") >= number_at(start, "launched_ms"));
	assert_true(ready_ms >= number_at(start, "probed_ms"));
	assert_null(text_at(start, "waited_for"));
	cJSON_Delete(json);
	json = get(play, "/v1/services/mig");
	start = cJSON_GetObjectItem(json, "start");
	ended_ms = number_at(start, "ended_ms");
	assert_true(number_at(start, "launched_ms") >= ready_ms);
	assert_true(number_at(start, "ready_ms") < 0 && ended_ms >= number_at(start, "launched_ms"));
	assert_string_equal(text_at(start, "waited_for"), "db");
	cJSON_Delete(json);
	json = get(play, "/v1/services/web");
	start = cJSON_GetObjectItem(json, "start");
	assert_true(cJSON_IsNull(cJSON_GetObjectItem(json, "waits_for")));
	assert_true(number_at(start, "launched_ms") >= ended_ms);
	assert_true(number_at(start, "probed_ms") < 0);
	assert_true(number_at(start, "ready_ms") >= number_at(start, "launched_ms"));
	assert_string_equal(text_at(start, "waited_for"), "mig");
	cJSON_Delete(json);
	play_down(play);
}

static void how_long_it_took_is_kept(void **state)
{
	struct play *play = *state;
	double took_ms;
	char line[32];
	cJSON *json;
	int fd;

	/* One that says nothing does no harm. */
	make_file(play, "starts");
	fd = begin_a_chain(play);
	make_file(play, "healthy");
	make_file(play, "done");
	children_read(fd, "\"phase\":\"up\"", heard, sizeof heard);
	close(fd);
	json = get(play, "/v1/stack");
	took_ms = number_at(json, "up_after_ms");
	assert_true(took_ms >= 0 && number_at(json, "begin_ms") > 1e12);
	assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(json, "starts")), 1);
	assert_true(cJSON_GetArrayItem(cJSON_GetObjectItem(json, "starts"), 0)->valuedouble == took_ms);
	cJSON_Delete(json);
	play_down(play);
	snprintf(line, sizeof line, "%.0f\n", took_ms);
	assert_int_equal(play_count(play, "starts", line), 1);
}

/* db's probe has been asked and has said no: on a busy machine that may take a while. */
static void await_a_no(const struct play *play)
{
	int answers = 0;

	for (int i = 0; i < 1000 && answers == 0; i++) {
		cJSON *json = get(play, "/v1/services/db/detail");

		answers = cJSON_GetArraySize(cJSON_GetObjectItem(cJSON_GetObjectItem(json, "probe"), "history"));
		cJSON_Delete(json);
	}
	assert_true(answers > 0);
}

static void a_units_story_is_told(void **state)
{
	struct play *play = *state;
	int fd = begin_a_chain(play), pid;
	const cJSON *list, *item;
	cJSON *json;

	json = get(play, "/v1/services/web/detail");
	item = cJSON_GetArrayItem(cJSON_GetObjectItem(json, "needs"), 0);
	assert_string_equal(text_at(item, "service"), "db");
	assert_true(cJSON_IsFalse(cJSON_GetObjectItem(item, "met")));
	assert_string_equal(text_at(item, "state"), "starting");
	assert_string_equal(text_at(cJSON_GetArrayItem(cJSON_GetObjectItem(json, "needs"), 1), "state"), "waiting");
	cJSON_Delete(json);
	await_a_no(play);
	make_file(play, "healthy");
	make_file(play, "done");
	children_read(fd, "\"phase\":\"up\"", heard, sizeof heard);

	json = get(play, "/v1/services/db/detail");
	list = cJSON_GetObjectItem(cJSON_GetObjectItem(json, "probe"), "history");
	assert_true(cJSON_IsFalse(cJSON_GetObjectItem(cJSON_GetArrayItem(list, 0), "ok")));
	item = cJSON_GetArrayItem(list, cJSON_GetArraySize(list) - 1);
	assert_true(cJSON_IsTrue(cJSON_GetObjectItem(item, "ok")));
	assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(json, "needed_by")), 2);
	assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(json, "exits")), 0);
	pid = ctl_ask_pid(play->socket_path, "db");
	item = cJSON_GetArrayItem(cJSON_GetObjectItem(json, "processes"), 0);
	assert_int_equal((int)number_at(item, "pid"), pid);
	assert_string_equal(text_at(item, "name"), "sleep");
	cJSON_Delete(json);

	assert_int_equal(kill(pid, SIGKILL), 0);
	children_read(fd, "\"signal\":\"SIGKILL\"", heard, sizeof heard);
	close(fd);
	json = get(play, "/v1/services/db/detail");
	item = cJSON_GetArrayItem(cJSON_GetObjectItem(json, "exits"), 0);
	assert_string_equal(text_at(item, "signal"), "SIGKILL");
	assert_true(number_at(item, "ran_ms") >= 0 && number_at(item, "time_ms") > 1e12);
	assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(json, "processes")), 0);
	cJSON_Delete(json);
	/* A one-shot's end belongs to it as well. */
	json = get(play, "/v1/services/mig/detail");
	item = cJSON_GetArrayItem(cJSON_GetObjectItem(json, "exits"), 0);
	assert_int_equal((int)number_at(item, "code"), 0);
	cJSON_Delete(json);
	play_down(play);
	/* Whoever reads the logs later can tell it, too. */
	assert_int_equal(play_count(play, "logs/index", " signal:9\n"), 1);
	assert_int_not_equal(play_count(play, "logs/index", " code:0\n"), 0);
}

/* Its definition over the shell, and the answer over both. */
static void what_it_was_given_is_told(void **state)
{
	struct play *play = *state;
	const cJSON *item;
	cJSON *json;
	int told = 0, given = 0;

	play_listen(play);
	strmap_set(&play->environment, "GREETING", "of the shell");
	play_add(play, "web", PLAY_SERVER("web"));
	strmap_set(&play->services[0].environment, "GREETING", "of the file");
	play_begin(play);
	play_await(play, "web runs", 1);
	json = get(play, "/v1/services/web/detail");
	cJSON_ArrayForEach(item, cJSON_GetObjectItem(json, "environment"))
	{
		if (strcmp(text_at(item, "name"), "GREETING") == 0) {
			assert_string_equal(text_at(item, "value"), "of the file");
			assert_false(cJSON_HasObjectItem(item, "telemetry"));
			given++;
		} else if (strcmp(text_at(item, "name"), "UPFRONT_TELEMETRY") == 0) {
			assert_string_equal(text_at(item, "value"), "off");
			assert_true(cJSON_IsTrue(cJSON_GetObjectItem(item, "telemetry")));
			told++;
		}
	}
	assert_int_equal(given, 1);
	assert_int_equal(told, 1);
	cJSON_Delete(json);
	strmap_finish(&play->services[0].environment);
	play_down(play);
}

static void what_is_used_is_told(void **state)
{
	struct play *play = *state;
	const cJSON *units, *busy, *idle;
	cJSON *json;
	int fd;

	play_listen(play);
	play_add(play, "busy", "say busy; while :; do :; done");
	play_add(play, "idle", "sleep 1000 & say idle; exec sleep 1001");
	play_begin(play);
	play_await(play, "busy", 1);
	play_await(play, "idle", 1);
	fd = follow(play, "/v1/events?usage=500");
	children_read(fd, "\"phase\":\"up\"", heard, sizeof heard);
	/* The line's end; nothing else is to come. */
	while (strstr(heard, "\"usage\"") == NULL)
		children_read(fd, "}}\n", heard, sizeof heard);
	close(fd);
	json = cJSON_ParseWithOpts(strstr(heard, "{\"event\":\"usage\""), NULL, false);
	units = cJSON_GetObjectItem(json, "units");
	assert_int_equal(cJSON_GetArraySize(units), 2);
	busy = cJSON_GetArrayItem(units, 0);
	idle = cJSON_GetArrayItem(units, 1);
	assert_true(number_at(busy, "cpu_percent") > number_at(idle, "cpu_percent"));
	assert_true(number_at(busy, "cpu_percent") > 2);
	assert_true(number_at(busy, "rss_bytes") > 0 && number_at(idle, "rss_bytes") > 0);
	assert_int_equal((int)number_at(busy, "processes"), 1);
	assert_int_equal((int)number_at(idle, "processes"), 2);
	assert_true(number_at(cJSON_GetObjectItem(json, "supervisor"), "rss_bytes") > 0);
	cJSON_Delete(json);
	play_down(play);
}

#define PLAY(function) cmocka_unit_test_setup_teardown(function, play_setup, play_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		PLAY(the_first_start_is_told),   PLAY(how_long_it_took_is_kept), PLAY(a_units_story_is_told),
		PLAY(what_it_was_given_is_told), PLAY(what_is_used_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
