/* SPDX-License-Identifier: MIT */
/* A unit's story as a client reads it: whole, with members missing, and from a supervisor that means no good. */
#include "config/err.h"
#include "launcher/client/detail.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define NAMED "{\"version\":1,\"id\":3,\"name\":\"web-2\",\"service\":\"web\""

static int read_text(struct detail *detail, const char *text)
{
	return detail_read(detail, text, strlen(text), NULL);
}

static void test_a_whole_story(void **state)
{
	static const char text[] = NAMED
		",\"service_version\":\"1.2\",\"command\":\"./api --port 80\",\"dir\":\"/srv\",\"user\":\"shop\","
		"\"place\":{\"file\":\"compose.yaml\",\"line\":41},\"restart\":{\"policy\":\"on-failure\",\"limit\":5},"
		"\"stop\":{\"signal\":\"SIGTERM\",\"grace_ms\":1500},\"needs\":[{\"service\":\"db\",\"condition\":"
		"\"service_healthy\",\"met\":true,\"state\":\"ready\"},{\"service\":\"x\",\"met\":false,\"state\":null}"
		"],"
		"\"needed_by\":[\"ui\",\"worker\"],\"probe\":{\"kind\":\"tcp\",\"target\":\"h\",\"port\":80,"
		"\"interval_ms\":500,\"history\":[{\"time_ms\":1700000000123,\"ok\":false,\"text\":\"refused\","
		"\"count\":8},{\"time_ms\":1700000000999,\"ok\":true,\"text\":null,\"count\":1}]},\"exits\":[{\"time_"
		"ms\":"
		"1,\"code\":3,\"signal\":null,\"ran_ms\":200},{\"time_ms\":2,\"code\":null,\"signal\":\"SIGKILL\","
		"\"ran_ms\":7}],\"processes\":[{\"pid\":4711,\"name\":\"api\",\"rss_bytes\":32505856}],\"more\":2,"
		"\"environment\":[{\"name\":\"API_KEY\",\"value\":\"********\",\"secret\":true,\"declared\":true},{"
		"\"name\":"
		"\"DO_NOT_TRACK\",\"value\":\"1\",\"secret\":false,\"telemetry\":true}],\"log\":{\"path\":"
		"\"/s/logs/web.log\",\"size_bytes\":98304}}";
	struct detail detail;

	(void)state;
	assert_int_equal(read_text(&detail, text), 0);
	assert_int_equal(detail.id, 3);
	assert_string_equal(detail.name, "web-2");
	assert_string_equal(detail.service, "web");
	assert_string_equal(detail.service_version, "1.2");
	assert_string_equal(detail.command, "./api --port 80");
	assert_string_equal(detail.dir, "/srv");
	assert_string_equal(detail.user, "shop");
	assert_string_equal(detail.file, "compose.yaml");
	assert_int_equal(detail.line, 41);
	assert_string_equal(detail.restart, "on-failure");
	assert_int_equal(detail.restart_limit, 5);
	assert_string_equal(detail.stop_signal, "SIGTERM");
	assert_int_equal(detail.stop_grace_ms, 1500);
	assert_int_equal(detail.need_count, 2);
	assert_string_equal(detail.needs[0].condition, "service_healthy");
	assert_string_equal(detail.needs[0].state, "ready");
	assert_true(detail.needs[0].met);
	assert_null(detail.needs[1].state);
	assert_false(detail.needs[1].met);
	assert_int_equal(detail.needed_by_count, 2);
	assert_string_equal(detail.needed_by[1], "worker");
	assert_string_equal(detail.probe_kind, "tcp");
	assert_string_equal(detail.probe_target, "h:80");
	assert_int_equal(detail.probe_interval_ms, 500);
	assert_int_equal(detail.answer_count, 2);
	assert_true(detail.answers[0].time_ms == 1700000000123);
	assert_int_equal(detail.answers[0].count, 8);
	assert_string_equal(detail.answers[0].text, "refused");
	assert_true(detail.answers[1].ok);
	assert_null(detail.answers[1].text);
	assert_int_equal(detail.exit_count, 2);
	assert_int_equal(detail.exits[0].code, 3);
	assert_null(detail.exits[0].signal);
	assert_int_equal(detail.exits[0].ran_ms, 200);
	assert_int_equal(detail.exits[1].code, -1);
	assert_string_equal(detail.exits[1].signal, "SIGKILL");
	assert_int_equal(detail.process_count, 1);
	assert_int_equal(detail.processes[0].pid, 4711);
	assert_int_equal(detail.processes[0].rss_bytes, 32505856);
	assert_int_equal(detail.more_processes, 2);
	assert_int_equal(detail.variable_count, 2);
	assert_true(detail.variables[0].secret && !detail.variables[0].telemetry && detail.variables[0].declared);
	assert_true(!detail.variables[1].secret && detail.variables[1].telemetry && !detail.variables[1].declared);
	assert_string_equal(detail.log_path, "/s/logs/web.log");
	assert_int_equal(detail.log_bytes, 98304);
	detail_finish(&detail);
	assert_null(detail.name);
	assert_int_equal(detail.need_count, 0);
}

/* Nothing but a name: nothing else is known. */
static void test_hardly_a_story(void **state)
{
	struct detail detail;

	(void)state;
	assert_int_equal(read_text(&detail, NAMED "}"), 0);
	assert_null(detail.command);
	assert_null(detail.probe_kind);
	assert_null(detail.log_path);
	assert_int_equal(detail.need_count + detail.answer_count + detail.exit_count + detail.process_count, 0);
	detail_finish(&detail);
}

static void test_no_story(void **state)
{
	static const char *const texts[] = {
		"",
		"nonsense",
		"[]",
		"7",
		"null",
		"{}",
		"{\"name\":7,\"service\":\"web\"}",
		"{\"name\":\"web\"}",
		"{\"error\":{\"messages\":[{\"message\":\"no such service\"}]}}",
		NAMED,
		NAMED ",\"needs\":[",
	};

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		struct err err = ERR_INIT;
		struct detail detail;

		assert_int_equal(detail_read(&detail, texts[i], strlen(texts[i]), &err), -EPROTO);
		assert_true(err_is_set(&err));
		assert_null(detail.name);
		err_finish(&err);
	}
}

static void test_members_of_the_wrong_kind(void **state)
{
	static const char *const members[] = {
		",\"place\":7,\"restart\":[],\"stop\":\"x\",\"needs\":{},\"probe\":[],\"exits\":7}",
		",\"needed_by\":\"ui\",\"processes\":\"x\"}",
		",\"command\":[\"a\"],\"dir\":{},\"user\":7,\"more\":-3,\"log\":[],\"environment\":{\"A\":\"1\"}}",
		",\"needs\":[7,{},null,{\"service\":1}],\"needed_by\":[1,null,{}],\"processes\":[{},{\"pid\":-1},7]}",
		",\"environment\":[{},{\"name\":7},\"A=1\"],\"log\":{\"path\":7,\"size_bytes\":-1}}",
		",\"stop\":{\"grace_ms\":1e300},\"place\":{\"line\":1e300},\"restart\":{\"limit\":-1}}",
		",\"probe\":{\"kind\":7,\"target\":7,\"port\":\"x\",\"interval_ms\":-1,\"history\":{\"a\":1}}}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
		struct detail detail;
		char text[512];

		snprintf(text, sizeof text, "%s%s", NAMED, members[i]);
		assert_int_equal(read_text(&detail, text), 0);
		assert_int_equal(detail.need_count + detail.needed_by_count + detail.process_count, 0);
		assert_int_equal(detail.variable_count + detail.answer_count, 0);
		assert_int_equal(detail.stop_grace_ms + detail.line + detail.restart_limit + detail.more_processes, 0);
		assert_int_equal(detail.log_bytes, 0);
		assert_null(detail.probe_target);
		detail_finish(&detail);
	}
}

/* Counts and times that cannot be are put right. */
static void test_odd_entries(void **state)
{
	struct detail detail;

	(void)state;
	assert_int_equal(
		read_text(&detail, NAMED
			  ",\"probe\":{\"kind\":\"http\",\"history\":[{\"count\":0},{\"count\":-4,\"time_ms\":-1},"
			  "7]},\"exits\":[{},{\"code\":1e9,\"ran_ms\":\"x\"}],\"processes\":[{\"pid\":1,\"rss_bytes\":-"
			  "7}]}"),
		0);
	assert_int_equal(detail.answer_count, 2);
	assert_int_equal(detail.answers[0].count, 1);
	assert_int_equal(detail.answers[1].count, 1);
	assert_int_equal(detail.answers[1].time_ms, 0);
	assert_int_equal(detail.exit_count, 2);
	assert_int_equal(detail.exits[0].code, 0);
	assert_int_equal(detail.processes[0].rss_bytes, -1);
	detail_finish(&detail);
}

/* More than anybody is to be told: what is beyond is left out. */
static void test_lists_without_end(void **state)
{
	struct detail detail;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	fputs(NAMED ",\"needs\":[", out);
	for (int i = 0; i < 5000; i++)
		fputs(i > 0 ? ",{\"service\":\"x\"}" : "{\"service\":\"x\"}", out);
	fputs("],\"processes\":[", out);
	for (int i = 0; i < 5000; i++)
		fputs(i > 0 ? ",{\"pid\":1}" : "{\"pid\":1}", out);
	fputs("],\"exits\":[", out);
	for (int i = 0; i < 5000; i++)
		fputs(i > 0 ? ",{}" : "{}", out);
	fputs("],\"probe\":{\"history\":[", out);
	for (int i = 0; i < 5000; i++)
		fputs(i > 0 ? ",{}" : "{}", out);
	fputs("]},\"needed_by\":[", out);
	for (int i = 0; i < 5000; i++)
		fputs(i > 0 ? ",\"x\"" : "\"x\"", out);
	fputs("],\"environment\":[", out);
	for (int i = 0; i < 20000; i++)
		fputs(i > 0 ? ",{\"name\":\"x\"}" : "{\"name\":\"x\"}", out);
	fputs("]}", out);
	fclose(out);
	assert_int_equal(detail_read(&detail, text, size, NULL), 0);
	assert_int_equal(detail.need_count, DETAIL_NEEDS_MAX);
	assert_int_equal(detail.process_count, DETAIL_PROCESSES_MAX);
	assert_int_equal(detail.exit_count, DETAIL_EXITS_MAX);
	assert_int_equal(detail.answer_count, DETAIL_ANSWERS_MAX);
	assert_int_equal(detail.needed_by_count, DETAIL_NEEDED_BY_MAX);
	assert_int_equal(detail.variable_count, DETAIL_VARIABLES_MAX);
	detail_finish(&detail);
	free(text);
	/* Larger than any answer: not even looked at. */
	text = malloc(DETAIL_ANSWER_MAX + 1);
	assert_non_null(text);
	memset(text, ' ', DETAIL_ANSWER_MAX + 1);
	memcpy(text, NAMED "}", strlen(NAMED "}"));
	assert_int_equal(detail_read(&detail, text, DETAIL_ANSWER_MAX + 1, NULL), -EPROTO);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_whole_story), cmocka_unit_test(test_hardly_a_story),
		cmocka_unit_test(test_no_story),      cmocka_unit_test(test_members_of_the_wrong_kind),
		cmocka_unit_test(test_odd_entries),   cmocka_unit_test(test_lists_without_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
