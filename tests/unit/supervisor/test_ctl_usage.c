/* SPDX-License-Identifier: MIT */
/* The event stream with figures: who asks for them gets them, when they read otherwise, and all share one sampler. */
#include "tests/unit/supervisor/ctl_scene.h"

#include "config/clock.h"
#include "launcher/supervisor/ctl_usage.h"

#define MB (INT64_C(1) << 20)

/* Until so many more measurings are done, and what came of the last one is written. */
static void measured(int times)
{
	const int until = scene->samples_taken + times;

	while (scene->samples_taken < until)
		turn();
	settle();
}

static struct peer *follow(const char *request)
{
	struct peer *peer = peer_open(request);

	peer_read(peer);
	peer_until(peer, "snapshot");
	return peer;
}

static int lines(const struct peer *peer)
{
	int count = 0;

	for (const char *at = peer->text; (at = strstr(at, "{\"event\":\"usage\"")) != NULL; at++)
		count++;
	return count;
}

/* The last line of figures; the caller deletes. */
static cJSON *last_line(const struct peer *peer)
{
	const char *last = NULL;
	cJSON *json;

	for (const char *at = peer->text; (at = strstr(at, "{\"event\":\"usage\"")) != NULL; at++)
		last = at;
	assert_non_null(last);
	json = cJSON_ParseWithOpts(last, NULL, false);
	assert_non_null(json);
	return json;
}

static void test_what_is_asked(void **state)
{
	static const char *const refused[] = {
		GET("/v1/events?usage=499"),   GET("/v1/events?usage=60001"),
		GET("/v1/events?usage="),      GET("/v1/events?usage=-1"),
		GET("/v1/events?usage=1e3"),   GET("/v1/events?usage=fast"),
		GET("/v1/events?usage=1000x"), GET("/v1/events?usage=99999999999999999999")};

	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		cJSON_Delete(ask_json(refused[i], 400));
	assert_int_equal(scene->samples_taken, 0);
	peer_close(follow(GET("/v1/events?usage=500")));
	peer_close(follow(GET("/v1/events?usage=60000")));
	/* Nobody asks: nothing is measured. */
	peer_close(follow(GET("/v1/events")));
	settle();
	assert_true(scene->samples_taken <= 2);
	assert_true(scene->samples_ended >= 1);
}

/* The first line has all that runs; then only what reads otherwise, and silence when nothing does. */
static void test_only_what_reads_otherwise(void **state)
{
	struct peer *peer, *states = follow(GET("/v1/events"));
	const cJSON *units, *web;
	char *text;
	cJSON *json;

	(void)state;
	scene->samples[0] = (struct engine_sample){.rss_bytes = 212 * MB, .cpu_us = 1000000, .processes = 3};
	scene->samples[1] = (struct engine_sample){.rss_bytes = 5 * MB, .cpu_us = 5, .processes = 1};
	peer = follow(GET("/v1/events?usage=500"));
	/* Nobody waits for the snapshot until all has been measured. */
	assert_int_equal(scene->samples_taken, 0);
	measured(1);
	assert_int_equal(lines(peer), 0);
	measured(1);
	assert_int_equal(lines(peer), 1);
	json = last_line(peer);
	units = cJSON_GetObjectItem(json, "units");
	web = cJSON_GetArrayItem(units, 0);
	/* The other one has no process. */
	assert_int_equal(cJSON_GetArraySize(units), 1);
	assert_true(number_at(web, "id") == 0 && number_at(web, "cpu_percent") == 0);
	assert_true(number_at(web, "rss_bytes") == (double)(212 * MB) && number_at(web, "processes") == 3);
	assert_true(number_at(json, "time_ms") > 1e12);
	assert_true(number_at(cJSON_GetObjectItem(json, "supervisor"), "rss_bytes") == (double)(3 * MB));
	text = children_slurp("launcher/supervisor", "openapi.yaml", NULL);
	assert_described(strstr(text, "\ncomponents:"), json);
	free(text);
	cJSON_Delete(json);
	/* A little more memory, and a process that came: it reads the same. */
	scene->samples[0].rss_bytes += 2 * MB;
	scene->samples[0].processes = 4;
	measured(1);
	assert_int_equal(lines(peer), 1);
	scene->samples[0].rss_bytes += 20 * MB;
	scene->samples[0].cpu_us += 10;
	measured(1);
	assert_int_equal(lines(peer), 2);
	json = last_line(peer);
	web = cJSON_GetArrayItem(cJSON_GetObjectItem(json, "units"), 0);
	assert_true(number_at(web, "rss_bytes") == (double)(234 * MB) && number_at(web, "cpu_percent") == 0);
	cJSON_Delete(json);
	/* Who did not ask was not told. */
	assert_int_equal(lines(states), 0);
	peer_close(peer);
	peer_close(states);
	settle();
	assert_int_equal(scene->samples_ended, 1);
}

/* Somebody else measures already: all is told at once. With the first gone the other goes on, at its own pace. */
static void test_one_sampler_for_all(void **state)
{
	struct peer *often = follow(GET("/v1/events?usage=500")), *seldom;

	(void)state;
	scene->samples[0].rss_bytes = MB;
	measured(1);
	seldom = follow(GET("/v1/events?usage=60000"));
	peer_until(seldom, "\"usage\"");
	assert_int_equal(scene->samples_taken, 2);
	scene->samples[0].rss_bytes = 2 * MB;
	measured(1);
	assert_int_equal(lines(often), 2);
	assert_int_equal(lines(seldom), 2);
	peer_close(often);
	settle();
	assert_int_equal(scene->samples_ended, 0);
	peer_close(seldom);
	settle();
	assert_int_equal(scene->samples_ended, 1);
}

/* Another process in its place is known by what it has used since it began, and is told although it reads the same. */
static void test_a_unit_that_starts_again(void **state)
{
	struct peer *peer = follow(GET("/v1/events?usage=500"));
	cJSON *json;

	(void)state;
	measured(1);
	scene->samples[0] = (struct engine_sample){.rss_bytes = MB, .cpu_us = 100, .processes = 1};
	measured(1);
	assert_int_equal(lines(peer), 1);
	scene->pid = 4712;
	scene->svcs[0].started_ms = clock_monotonic_ms() + 1;
	scene->samples[0].cpu_us = 250000;
	measured(1);
	assert_int_equal(lines(peer), 2);
	json = last_line(peer);
	/* A quarter of a second within half a one, on a machine that may have been slower than that. */
	assert_true(number_at(cJSON_GetArrayItem(cJSON_GetObjectItem(json, "units"), 0), "cpu_percent") > 1);
	cJSON_Delete(json);
	peer_close(peer);
}

/* A tick more or less of a service that hardly does anything: it goes on reading 0. */
static void test_what_trembles_is_at_rest(void **state)
{
	struct peer *peer = follow(GET("/v1/events?usage=500"));

	(void)state;
	measured(1);
	scene->samples[0] = (struct engine_sample){.rss_bytes = MB, .cpu_us = 100, .processes = 1};
	measured(1);
	assert_int_equal(lines(peer), 1);
	/* At most 0.7 % of half a second: more than what reads 0, for once. */
	scene->samples[0].cpu_us += 3500;
	measured(1);
	measured(1);
	assert_int_equal(lines(peer), 1);
	peer_close(peer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCENE_TEST(test_what_is_asked),
		SCENE_TEST(test_only_what_reads_otherwise),
		SCENE_TEST(test_one_sampler_for_all),
		SCENE_TEST(test_a_unit_that_starts_again),
		SCENE_TEST(test_what_trembles_is_at_rest),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
