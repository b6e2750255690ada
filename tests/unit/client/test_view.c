/* SPDX-License-Identifier: MIT */
/* The event stream taken in, in any pieces; and what a person is told of it. */
#include "launcher/client/news.h"
#include "launcher/client/view.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define SNAPSHOT                                                                                          \
	"{\"event\":\"snapshot\",\"version\":1,\"stack\":{\"phase\":\"starting\",\"open\":\"http://h\"}," \
	"\"services\":[{\"id\":0,\"name\":\"web\",\"service\":\"web\",\"state\":\"waiting\",\"wanted\":true}]}\n"
#define UNIT(members) \
	"{\"event\":\"service\",\"service\":{\"id\":0,\"name\":\"web\",\"service\":\"web\"," members "}}\n"

struct heard {
	char news[1024];
	int stack_changes, unit_changes;
};

static void take(void *context, const struct view *view, const struct view_unit *unit)
{
	struct heard *heard = context;
	char *line = unit != NULL ? news_of_unit(unit) : NULL;

	(void)view;
	if (unit == NULL)
		heard->stack_changes++;
	else
		heard->unit_changes++;
	if (line != NULL) {
		strcat(heard->news, line);
		strcat(heard->news, "\n");
	}
	free(line);
}

static int feed(struct view *view, const char *text, size_t step, struct heard *heard)
{
	int result = 0;

	for (size_t at = 0; result == 0 && at < strlen(text); at += step) {
		size_t left = strlen(text) - at;

		result = view_feed(view, text + at, left < step ? left : step, take, heard);
	}
	return result;
}

static void test_story(void **state)
{
	static const char story[] = SNAPSHOT UNIT("\"state\":\"starting\",\"pid\":12,\"probe\":{\"kind\":\"http\"}")
		UNIT("\"state\":\"ready\",\"pid\":12,\"ready_after_ms\":240,\"probe\":{\"kind\":\"http\"}")
			UNIT("\"state\":\"unhealthy\",\"pid\":12,\"why\":\"HTTP 503\",\"probe\":{\"kind\":\"http\"}")
				UNIT("\"state\":\"back-off\",\"why\":\"exited with code 3\",\"backoff_ms\":100") UNIT(
					"\"state\":\"failed\",\"why\":\"exited with code "
					"3\",\"restarts\":4,\"exit\":{\"code\":3}") "{\"event\":\"stack\",\"stack\":{"
										    "\"phase\":\"over\",\"failed_"
										    "unit\":\"web\",\"failure\":"
										    "{\"code\":1,\"messages\":[{"
										    "\"message\":\"service 'web' "
										    "failed\",\"hint\":\"look\"}]}}}\n";
	const size_t steps[] = {1, 7, 100000};

	(void)state;
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		struct heard heard = {0};
		struct view view;

		view_init(&view);
		assert_int_equal(feed(&view, story, steps[i], &heard), 0);
		assert_string_equal(heard.news, "web is ready (0.2 s)\n"
						"web is unhealthy: HTTP 503\n"
						"web ended (exited with code 3), starts again in 0.1 s\n"
						"web has failed\n");
		assert_int_equal(heard.stack_changes, 2);
		assert_true(view_is(&view, "over"));
		assert_string_equal(view.open == NULL ? "" : view.open, "");
		assert_string_equal(view_find_name(&view, view.failed_unit)->name, "web");
		assert_int_equal(view.units[0].exit_value, 3);
		assert_int_equal(view.units[0].restarts, 4);
		assert_int_equal(view.failure.code, ERR_FAILED);
		assert_string_equal(view.failure.items[0].hint, "look");
		view_finish(&view);
	}
}

/* The first end of a service is not passed over because its next start comes at once; being stopped is no such end. */
static void test_a_start_again_is_news(void **state)
{
	static const char story[] = SNAPSHOT UNIT("\"state\":\"running\"")
		UNIT("\"state\":\"waiting\",\"why\":\"exited with code 3\",\"exit\":{\"code\":3}") UNIT(
			"\"state\":\"starting\"") UNIT("\"state\":\"running\"") UNIT("\"state\":\"stopping\"")
			UNIT("\"state\":\"waiting\",\"why\":\"killed by SIGTERM\",\"exit\":{\"signal\":\"SIGTERM\"}");
	struct heard heard = {0};
	struct view view;

	(void)state;
	view_init(&view);
	assert_int_equal(feed(&view, story, 1000, &heard), 0);
	assert_string_equal(heard.news, "web is running\n"
					"web ended (exited with code 3), starts again\n"
					"web is running\n");
	view_finish(&view);
}

static void test_a_crash_loop_is_news(void **state)
{
	static const char story[] = SNAPSHOT UNIT(
		"\"state\":\"back-off\",\"why\":\"killed by SIGSEGV\",\"exit\":{\"signal\":\"SIGSEGV\",\"core\":false},"
		"\"crash_loop\":{\"exits\":5,\"within_ms\":12000,\"next_try_in_ms\":3200}")
		/* The next try is heard of by its end. */
		UNIT("\"state\":\"running\",\"exit\":{\"signal\":\"SIGSEGV\",\"core\":false},"
		     "\"crash_loop\":{\"exits\":5,\"within_ms\":12000,\"next_try_in_ms\":0}");
	struct heard heard = {0};
	struct view view;

	(void)state;
	view_init(&view);
	assert_int_equal(feed(&view, story, 1000, &heard), 0);
	assert_string_equal(heard.news, "web: crash loop: 5 exits in 12 s, next try in 3.2 s (killed by SIGSEGV)\n");
	assert_true(view.units[0].exit_signaled);
	assert_int_equal(view.units[0].exit_value, 11);
	view_finish(&view);
}

static void test_containers_and_their_engine_are_news(void **state)
{
#define CONTAINER(members) UNIT("\"kind\":\"container\",\"image\":\"shop/web:1.2\",\"container\":\"c0ffee\"," members)
#define ENGINE(reachable, why)                                                                                       \
	"{\"event\":\"stack\",\"stack\":{\"phase\":\"up\",\"engine\":{\"name\":\"docker\",\"version\":\"20.10.24\"," \
	"\"compose\":\"docker compose 2.29.7\",\"reachable\":" reachable ",\"why\":" why                             \
	",\"untold_why\":\"no way\"}}}\n"
	static const char begin[] = SNAPSHOT CONTAINER(
		"\"state\":\"starting\",\"progress\":{\"work\":\"pulling\",\"done\":34,\"total\":100,"
		"\"text\":\"shop/web:1.2\"}");
	static const char middle[] = CONTAINER("\"state\":\"running\",\"pid\":null,\"uptime_ms\":100,\"progress\":null")
		ENGINE("true", "null") ENGINE("false", "\"it is not running\"");
	static const char end[] = CONTAINER("\"state\":\"back-off\",\"uptime_ms\":null,\"why\":\"exited with code 3\"")
		CONTAINER("\"state\":\"back-off\",\"why\":\"exited with code 3\",\"crash_loop\":{\"exits\":5,"
			  "\"within_ms\":12000,\"next_try_in_ms\":null}") ENGINE("true", "null");
	struct heard heard = {0};
	char loop[NEWS_CRASH_LOOP_MAX], *text;
	struct view view;

	(void)state;
	view_init(&view);
	assert_int_equal(feed(&view, begin, 1000, &heard), 0);
	assert_true(view.units[0].is_container);
	assert_string_equal(view.units[0].image, "shop/web:1.2");
	assert_string_equal(view.units[0].container, "c0ffee");
	assert_string_equal(view.units[0].progress.work, "pulling");
	assert_string_equal(view.units[0].progress.text, "shop/web:1.2");
	assert_int_equal(view.units[0].progress.done, 34);
	assert_false(view_unit_runs(&view.units[0]));
	assert_int_equal(feed(&view, middle, 1000, &heard), 0);
	assert_string_equal(view.units[0].progress.work, "");
	assert_true(view_unit_runs(&view.units[0])); /* without a process of this machine */
	assert_string_equal(view.engine.name, "docker");
	assert_string_equal(view.engine.compose, "docker compose 2.29.7");
	assert_true(view.engine.away && view.engine.away_ms > 0);
	text = news_of_engine(&view.engine);
	assert_string_equal(text, "it is not running; containers are shown as they were last heard of");
	free(text);
	text = news_untold(&view.engine);
	assert_string_equal(text, "containers are told that usage statistics are off, as they cannot reach the relay: "
				  "no way");
	free(text);
	assert_int_equal(feed(&view, end, 1000, &heard), 0);
	assert_false(view_unit_runs(&view.units[0]));
	text = news_of_engine(&view.engine);
	assert_string_equal(text, "the container engine can be reached again");
	free(text);
	assert_null(news_engine_away(&view.engine));
	assert_string_equal(heard.news, "web is running\n"
					"web ended (exited with code 3), its engine starts it again\n");
	news_crash_loop(&view.units[0], loop, sizeof(loop));
	assert_string_equal(loop, "crash loop: 5 exits in 12 s, its engine tries again");
	view_finish(&view);
}

static void test_units_go(void **state)
{
	static const char both[] = "{\"event\":\"snapshot\",\"version\":1,\"stack\":{\"phase\":\"up\"},\"services\":["
				   "{\"id\":0,\"name\":\"web\",\"service\":\"web\",\"state\":\"running\"},"
				   "{\"id\":1,\"name\":\"web-2\",\"service\":\"web\",\"state\":\"running\"}]}\n";
	static const char gone[] = "{\"event\":\"removed\",\"unit\":{\"id\":0,\"name\":\"web\"}}\n";
	struct heard heard = {0};
	struct view view;

	(void)state;
	view_init(&view);
	assert_int_equal(feed(&view, both, 1000, &heard), 0);
	assert_int_equal(feed(&view, gone, 1000, &heard), 0);
	assert_null(view_find(&view, 0));
	assert_string_equal(view_find(&view, 1)->name, "web-2");
	/* A snapshot makes up for what was missed. */
	assert_int_equal(feed(&view, SNAPSHOT, 1000, &heard), 0);
	assert_int_equal(view.count, 1);
	assert_non_null(view_find(&view, 0));
	view_finish(&view);
}

static void test_nonsense(void **state)
{
	static const char *const lines[] = {
		"nonsense\n",
		"[]\n",
		"{}\n",
		"{\"event\":\"service\"}\n",
		"{\"event\":\"service\",\"service\":{\"id\":0}}\n",
		"{\"event\":\"snapshot\",\"services\":{}}\n",
		"{\"event\":\"snapshot\",\"services\":[7],\"stack\":{\"phase\":\"up\"}}\n",
		"{\"event\":\"stack\",\"stack\":{\"phase\":7}}\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct heard heard = {0};
		struct view view;

		view_init(&view);
		assert_int_equal(feed(&view, lines[i], 1000, &heard), -EPROTO);
		view_finish(&view);
	}
}

/* Members of the wrong kind or size become harmless values; a newer supervisor's events are passed over. */
static void test_odd_members(void **state)
{
	struct heard heard = {0};
	struct view view;

	(void)state;
	view_init(&view);
	assert_int_equal(feed(&view, SNAPSHOT "{\"event\":\"weather\"}\n", 1000, &heard), 0);
	assert_int_equal(feed(&view,
			      UNIT("\"state\":\"a state with a name much longer than any\",\"pid\":-5,"
				   "\"restarts\":1e300,\"ports\":[1,{\"published\":\"x\"}],\"exit\":[],\"probe\":7"),
			      1000, &heard),
			 0);
	assert_int_equal(view.units[0].pid, 0);
	assert_int_equal(view.units[0].restarts, 0);
	assert_string_equal(view.units[0].ports, "");
	assert_false(view.units[0].has_exited);
	assert_int_equal(strlen(view.units[0].state), sizeof(view.units[0].state) - 1);
	view_finish(&view);
}

static void test_ports(void **state)
{
	struct heard heard = {0};
	struct view view;

	(void)state;
	view_init(&view);
	assert_int_equal(
		feed(&view,
		     SNAPSHOT UNIT(
			     "\"state\":\"ready\",\"ports\":["
			     "{\"published\":8080,\"published_end\":8080,\"protocol\":\"tcp\"},"
			     "{\"published\":0,\"target\":9},"
			     "{\"host\":\"127.0.0.1\",\"published\":53,\"published_end\":55,\"protocol\":\"udp\"}]"),
		     1000, &heard),
		0);
	assert_string_equal(view.units[0].ports, "8080, 127.0.0.1:53-55/udp");
	view_finish(&view);
}

static void test_why_not_ready(void **state)
{
	static const struct {
		const char *members, *text;
	} cases[] = {
		{"\"state\":\"starting\",\"why\":\"connection refused\",\"probe\":"
		 "{\"kind\":\"tcp\",\"target\":\"127.0.0.1\",\"port\":1,\"attempts\":12}",
		 "web is starting: probe tcp 127.0.0.1:1 was asked 12 times, last answer: connection refused"},
		{"\"state\":\"starting\",\"probe\":{\"kind\":\"log\",\"target\":\"ready\",\"attempts\":0}",
		 "web is starting: probe log ready has given no answer yet"},
		{"\"state\":\"waiting\"", "web is waiting"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct heard heard = {0};
		struct view view;
		char line[512], *text;

		view_init(&view);
		snprintf(line, sizeof(line), UNIT("%s"), cases[i].members);
		assert_int_equal(feed(&view, SNAPSHOT, 1000, &heard), 0);
		assert_int_equal(feed(&view, line, 1000, &heard), 0);
		text = news_why_not_ready(&view.units[0]);
		assert_string_equal(text, cases[i].text);
		free(text);
		view_finish(&view);
	}
}

static void test_durations(void **state)
{
	static const struct {
		int64_t duration_ms;
		const char *text;
	} cases[] = {{-1, "-"},       {0, "0.0 s"},         {240, "0.2 s"},         {9999, "9.9 s"},
		     {10000, "10 s"}, {65000, "1 min 5 s"}, {3720000, "1 h 2 min"}, {90000000, "1 d 1 h"}};
	char text[32];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		news_duration(cases[i].duration_ms, text, sizeof(text));
		assert_string_equal(text, cases[i].text);
	}
}

static void test_errors(void **state)
{
	struct err err = ERR_INIT;

	(void)state;
	view_take_error("{\"version\":1,\"error\":{\"code\":2,\"messages\":[{\"message\":\"no such service: 'x'\"}]}}",
			404, &err);
	assert_int_equal(err.code, ERR_USAGE);
	assert_string_equal(err.items[0].message, "no such service: 'x'");
	err_finish(&err);
	err_init(&err);
	view_take_error("<html>", 500, &err);
	assert_string_equal(err.items[0].message, "the supervisor answered with status 500");
	err_finish(&err);
}

/* Nobody is asked: what is told is what was waited for, and what the service says meanwhile. */
static void test_a_service_that_speaks_for_itself(void **state)
{
	static const struct {
		const char *members, *why_not_ready, *news;
	} cases[] = {
		{"\"state\":\"starting\"", "web is starting: it has not said READY=1 (sd_notify) yet", NULL},
		{"\"state\":\"starting\",\"status\":\"loading\"",
		 "web is starting: it has not said READY=1 (sd_notify) yet; it says: loading", NULL},
		{"\"state\":\"unhealthy\",\"why\":\"no WATCHDOG=1 came within 3 s\",\"status\":\"busy\"",
		 "web is unhealthy: no WATCHDOG=1 came within 3 s; it says: busy",
		 "web is unhealthy: no WATCHDOG=1 came within 3 s; it says: busy\n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct heard heard = {0};
		struct view view;
		char line[1024], *text;

		view_init(&view);
		snprintf(line, sizeof line, UNIT("\"probe\":{\"kind\":\"notify\",\"target\":null,\"attempts\":0},%s"),
			 cases[i].members);
		assert_int_equal(feed(&view, line, 7, &heard), 0);
		text = news_why_not_ready(view_find(&view, 0));
		assert_string_equal(text, cases[i].why_not_ready);
		assert_string_equal(heard.news, cases[i].news != NULL ? cases[i].news : "");
		free(text);
		view_finish(&view);
	}
}

/* ---- What a dashboard shows beside states ---- */

#define USAGE(units)                                           \
	"{\"event\":\"usage\",\"time_ms\":1,\"units\":[" units \
	"],\"supervisor\":{\"cpu_percent\":0.1,\"rss_bytes\":3000}}\n"

static void test_what_the_stack_is(void **state)
{
	static const char story[] =
		"{\"event\":\"snapshot\",\"version\":1,\"stack\":{\"phase\":\"up\",\"project\":\"shop\",\"app\":"
		"\"Shop\","
		"\"app_version\":\"1.2\",\"dir\":\"/srv/shop\",\"begin_ms\":1700000000123,\"up_after_ms\":9400,"
		"\"starts\":[9100,-3,\"x\",14200,9400,1,2,3],\"consent\":{\"state\":\"off\",\"reason\":\"user\","
		"\"text\":\"you said no\"}},\"services\":["
		"{\"id\":0,\"name\":\"web\",\"service\":\"web\",\"state\":\"waiting\","
		"\"waits_for\":{\"service\":\"db\",\"condition\":\"service_healthy\"},"
		"\"start\":{\"launched_ms\":null,\"probed_ms\":null,\"ready_ms\":null,\"ended_ms\":null,\"waited_for\":"
		"null}},"
		"{\"id\":1,\"name\":\"db\",\"service\":\"db\",\"state\":\"ready\",\"waits_for\":null,"
		"\"start\":{\"launched_ms\":0,\"probed_ms\":30,\"ready_ms\":2000,\"ended_ms\":null,\"waited_for\":"
		"\"net\"}}]}\n";
	struct heard heard = {0};
	struct view view;

	(void)state;
	view_init(&view);
	assert_int_equal(view.up_after_ms, -1);
	assert_int_equal(feed(&view, story, 1000, &heard), 0);
	assert_string_equal(view.project, "shop");
	assert_string_equal(view.app, "Shop");
	assert_string_equal(view.app_version, "1.2");
	assert_string_equal(view.dir, "/srv/shop");
	assert_string_equal(view.consent_state, "off");
	assert_string_equal(view.consent_reason, "user");
	assert_string_equal(view.consent_text, "you said no");
	assert_true(view.begin_ms == 1700000000123);
	assert_int_equal(view.up_after_ms, 9400);
	assert_int_equal(view.start_count, VIEW_STARTS_MAX);
	assert_int_equal(view.starts_ms[0], 9100);
	assert_int_equal(view.starts_ms[1], 14200);
	assert_string_equal(view.units[0].waits_for, "db");
	assert_string_equal(view.units[0].waits_condition, "service_healthy");
	assert_int_equal(view.units[0].start.launched_ms, -1);
	assert_null(view.units[0].start.waited_for);
	assert_null(view.units[1].waits_for);
	assert_int_equal(view.units[1].start.launched_ms, 0);
	assert_int_equal(view.units[1].start.probed_ms, 30);
	assert_int_equal(view.units[1].start.ready_ms, 2000);
	assert_int_equal(view.units[1].start.ended_ms, -1);
	assert_string_equal(view.units[1].start.waited_for, "net");
	/* What is no longer said is no longer known. */
	assert_int_equal(feed(&view,
			      "{\"event\":\"stack\",\"stack\":{\"phase\":\"over\",\"consent\":7,\"starts\":{}}}\n",
			      1000, &heard),
			 0);
	assert_null(view.project);
	assert_string_equal(view.consent_state, "");
	assert_null(view.consent_text);
	assert_int_equal(view.start_count, 0);
	assert_int_equal(view.up_after_ms, -1);
	view_finish(&view);
}

struct figures {
	struct heard heard; /* first: what view_feed is given */
	char told[256];
};

static void take_figures(void *context, const struct view *view, const struct view_unit *unit)
{
	struct figures *figures = context;
	size_t length = strlen(figures->told);

	if (unit != NULL)
		snprintf(figures->told + length, sizeof(figures->told) - length, "%s %.1f %lld %d\n", unit->name,
			 unit->usage.cpu_percent, (long long)unit->usage.rss_bytes, unit->usage.processes);
	else
		snprintf(figures->told + length, sizeof(figures->told) - length, "all %.1f %lld\n",
			 view->usage.cpu_percent, (long long)view->usage.rss_bytes);
}

/* Figures are told by themselves: who follows states does not hear of them. */
static void test_figures(void **state)
{
	static const char two[] = "{\"event\":\"snapshot\",\"version\":1,\"stack\":{\"phase\":\"up\"},\"services\":["
				  "{\"id\":0,\"name\":\"web\",\"service\":\"web\",\"state\":\"running\",\"pid\":7},"
				  "{\"id\":1,\"name\":\"job\",\"service\":\"job\",\"state\":\"completed\"}]}\n";
	struct figures figures = {0};
	struct view view;
	int changes;

	(void)state;
	view_init(&view);
	view.usage_changed = take_figures;
	assert_int_equal(feed(&view, two, 1000, &figures.heard), 0);
	assert_true(view.units[0].usage.cpu_percent < 0);
	assert_int_equal(view.units[0].usage.rss_bytes, -1);
	assert_int_equal(view.units[0].usage.processes, -1);
	changes = figures.heard.stack_changes + figures.heard.unit_changes;
	/* One that does not run, and one that nobody knows, are passed over. */
	assert_int_equal(feed(&view,
			      USAGE("{\"id\":0,\"cpu_percent\":1.4,\"rss_bytes\":2000,\"processes\":3},"
				    "{\"id\":1,\"cpu_percent\":1,\"rss_bytes\":1},{\"id\":9,\"cpu_percent\":1}"),
			      3, &figures.heard),
			 0);
	assert_string_equal(figures.told, "web 1.4 2000 3\nall 0.1 3000\n");
	assert_int_equal(figures.heard.stack_changes + figures.heard.unit_changes, changes);
	/* They stay through changes of state, and go with the process. */
	assert_int_equal(feed(&view, UNIT("\"state\":\"unhealthy\",\"pid\":7"), 1000, &figures.heard), 0);
	assert_int_equal(view.units[0].usage.rss_bytes, 2000);
	assert_int_equal(feed(&view, UNIT("\"state\":\"back-off\",\"pid\":null"), 1000, &figures.heard), 0);
	assert_int_equal(view.units[0].usage.rss_bytes, -1);
	assert_true(view.units[0].usage.cpu_percent < 0);
	view_finish(&view);
}

/* Who is not ready yet is seen to be asked, without a figure and without a change of state. */
static void test_a_probe_that_says_no_again(void **state)
{
	struct heard heard = {0};
	struct view view;

	(void)state;
	view_init(&view);
	assert_int_equal(feed(&view, SNAPSHOT UNIT("\"state\":\"running\",\"pid\":7"), 1000, &heard), 0);
	assert_int_equal(feed(&view, USAGE("{\"id\":0,\"probe\":{\"attempts\":4,\"why\":\"refused\"}}"), 1000, &heard),
			 0);
	assert_int_equal(view.units[0].probe_attempts, 4);
	assert_string_equal(view.units[0].why, "refused");
	assert_true(view.units[0].usage.cpu_percent == -1);
	assert_int_equal(
		feed(&view, USAGE("{\"id\":0,\"cpu_percent\":2,\"rss_bytes\":9,\"processes\":1}"), 1000, &heard), 0);
	assert_int_equal(view.units[0].probe_attempts, 4);
	view_finish(&view);
}

static void test_odd_figures(void **state)
{
	static const char *const lines[] = {
		"{\"event\":\"usage\"}\n",
		"{\"event\":\"usage\",\"units\":7,\"supervisor\":[]}\n",
		"{\"event\":\"usage\",\"units\":[7,null,[],{},{\"id\":\"0\"},{\"id\":-1},{\"id\":1e300}]}\n",
		USAGE("{\"id\":0,\"cpu_percent\":-5,\"rss_bytes\":-7,\"processes\":-1}"),
		USAGE("{\"id\":0,\"cpu_percent\":1e300,\"rss_bytes\":1e300,\"processes\":1e300}"),
		USAGE("{\"id\":0,\"cpu_percent\":null,\"rss_bytes\":\"x\"}"),
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct heard heard = {0};
		struct view view;

		view_init(&view);
		/* Nobody asks for them. */
		assert_int_equal(feed(&view, SNAPSHOT UNIT("\"state\":\"running\",\"pid\":7"), 1000, &heard), 0);
		assert_int_equal(feed(&view, lines[i], 1000, &heard), 0);
		assert_true(view.units[0].usage.cpu_percent == -1);
		assert_int_equal(view.units[0].usage.rss_bytes, -1);
		assert_true(view.units[0].usage.processes <= 0);
		view_finish(&view);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_service_that_speaks_for_itself),
		cmocka_unit_test(test_story),
		cmocka_unit_test(test_nonsense),
		cmocka_unit_test(test_odd_members),
		cmocka_unit_test(test_ports),
		cmocka_unit_test(test_why_not_ready),
		cmocka_unit_test(test_durations),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_a_start_again_is_news),
		cmocka_unit_test(test_a_crash_loop_is_news),
		cmocka_unit_test(test_containers_and_their_engine_are_news),
		cmocka_unit_test(test_units_go),
		cmocka_unit_test(test_what_the_stack_is),
		cmocka_unit_test(test_figures),
		cmocka_unit_test(test_a_probe_that_says_no_again),
		cmocka_unit_test(test_odd_figures),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
