/* SPDX-License-Identifier: MIT */
/* Line mode: what is said by itself, what the words answer, what they ask for, and what is asked before. */
#include "tests/lib/dash_sample.h"
#include "tests/lib/log_sample.h"
#include "ui/actions.h"
#include "ui/line_dash.h"

#include <locale.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct scene {
	struct line_dash *lines;
	struct stack_model *model;
	struct actions actions;
	struct log_sample *log;
	char asked[512]; /* what was asked for last */
};

static void note(struct scene *self, const char *what, const char *detail)
{
	snprintf(self->asked, sizeof(self->asked), "%s%s%s", what, detail[0] != '\0' ? " " : "", detail);
}

static void note_request(struct scene *self, const char *prefix, const struct act_request *request)
{
	size_t used = (size_t)snprintf(self->asked, sizeof(self->asked), "%s%d %d", prefix, (int)request->act,
				       request->number);

	for (const char *const *name = request->names; *name != NULL; name++)
		used += (size_t)snprintf(self->asked + used, sizeof(self->asked) - used, " %s", *name);
}

static void act(void *context, const struct act_request *request)
{
	note_request(context, "act ", request);
}

static void ask_along(void *context, const struct act_request *request)
{
	note_request(context, "along ", request);
}

static void leave(void *context, enum leave_how how)
{
	static const char *const names[] = {"stop", "kill", "detach", "attached"};

	note(context, "leave", names[how]);
}

static struct log_text *open_log(void *context, const char *const *names, const char **why)
{
	struct scene *self = context;

	note(self, "log", names != NULL ? names[0] : "all");
	*why = "nothing is kept";
	return self->log != NULL ? log_sample_text(self->log) : NULL;
}

static void close_log(void *context, struct log_text *text)
{
	(void)context;
	(void)text;
}

static void open_url(void *context, const char *url)
{
	note(context, "url", url);
}

static void look_at_unit(void *context, const char *name)
{
	if (name[0] != '\0')
		note(context, "detail", name);
}

static void look_at_telemetry(void *context, bool on)
{
	note(context, "telemetry", on ? "on" : "off");
}

static void withdraw(void *context)
{
	note(context, "withdraw", "");
}

static void reload(void *context, bool dry_run)
{
	note(context, "reload", dry_run ? "dry" : "");
}

static struct scene scene;

static void begin(struct stack_model *model)
{
	const struct line_dash_options options = {
		.actions = &scene.actions, .project_option = " -p wren", .reads = true, .utf8 = true};

	scene = (struct scene){.model = model,
			       .actions = {.context = &scene,
					   .act = act,
					   .ask_along = ask_along,
					   .leave = leave,
					   .open_log = open_log,
					   .close_log = close_log,
					   .open_url = open_url,
					   .look_at_unit = look_at_unit,
					   .look_at_telemetry = look_at_telemetry,
					   .withdraw = withdraw,
					   .reload = reload}};
	scene.lines = line_dash_create(&options);
	assert_non_null(scene.lines);
}

static int set_up(void **state)
{
	(void)state;
	setenv("TZ", "UTC", 1);
	return setlocale(LC_CTYPE, "C.UTF-8") != NULL ? 0 : -1;
}

static int end_scene(void **state)
{
	(void)state;
	line_dash_destroy(scene.lines);
	log_sample_destroy(scene.log);
	scene = (struct scene){.lines = NULL};
	return 0;
}

static const char *taken(void)
{
	static char text[65536];
	size_t size;
	const char *bytes = line_dash_take_text(scene.lines, false, &size);

	assert_true(size < sizeof(text));
	memcpy(text, bytes, size);
	text[size] = '\0';
	return text;
}

static void expect(const char *wanted)
{
	assert_string_equal(taken(), wanted);
}

static void show(void)
{
	line_dash_take_model(scene.lines, scene.model);
}

static void type(const char *line)
{
	line_dash_take_line(scene.lines, line, strlen(line));
}

/* What a typed line answers, with the prompt behind it. */
static void says(const char *line, const char *wanted)
{
	char text[4096];

	type(line);
	snprintf(text, sizeof(text), "%s\n" LINE_PROMPT, wanted);
	assert_string_equal(taken(), text);
}

static void begin_quietly(struct stack_model *model)
{
	begin(model);
	show();
	taken();
}

/* ---- What is said ---- */

static void it_begins_with_how_all_is(void **state)
{
	(void)state;
	begin(dash_sample());
	expect("");
	show();
	assert_non_null(strstr(taken(), "Type help for what can be done here.\n" LINE_PROMPT));
	expect("");
	type("status");
	expect("WrenAI 0.29.2: 1 FAILED, 1 starting, 1 waiting, 2 ready, 1 done, starting for 12m00s.\n"
	       "api: failed, exit 3, try 3 in 8s, restarted 2 times, port :8080, http://localhost:8080\n"
	       "ui: starting, probe 4 of 10: refused, runs for 11m, cpu 31 %, memory 88M, port :3000, "
	       "http://localhost:3000\n"
	       "worker: waiting, for api to be ready\n"
	       "db: ready, runs for 12m, cpu 1.4 %, memory 212M, port :5432\n"
	       "engine: ready, runs for 11m, cpu 8.9 %, memory 1.1G, port :7000\n"
	       "migrate: done, exit 0 after 3.1s\n"
	       "usage statistics: off, you said no\n" LINE_PROMPT);
}

static void one_line_answers_whether_all_is_well(void **state)
{
	(void)state;
	begin_quietly(dash_sample_calm());
	type("");
	assert_int_equal(strncmp(taken(), "WrenAI 0.29.2: all is well, ", 28), 0);
}

static void news_comes_once_and_the_prompt_behind_it(void **state)
{
	struct unit_model *units;

	(void)state;
	begin_quietly(dash_sample());
	units = dash_sample_units();
	units[SAMPLE_UI].state = UNIT_READY;
	units[SAMPLE_UI].start.ready_ms = 9400;
	show();
	expect("\nui is ready after 9.4s.\n" LINE_PROMPT);
	show();
	expect("");
	units[SAMPLE_DB].state = UNIT_UNHEALTHY;
	units[SAMPLE_DB].outlook = "db runs, but does not answer well: refused.";
	show();
	expect("\ndb runs, but does not answer well: refused.\n" LINE_PROMPT);
	scene.model->state = STACK_STOPPING;
	show();
	expect("\nWrenAI stops.\n" LINE_PROMPT);
}

/* Its process comes and goes; that it goes for another reason is news, and that it stays. */
static void a_crash_loop_is_told_of_once(void **state)
{
	struct unit_model *unit;

	(void)state;
	begin_quietly(dash_sample_calm());
	unit = &dash_sample_units()[SAMPLE_WORKER];
	unit->last_exit = "exit 3";
	for (unsigned i = 0; i < 10; i++) {
		unit->state = UNIT_FAILED;
		unit->outlook = "worker ended 3 times in 14s (exit 3). It is started again after 8s.";
		show();
		expect(i == 0 ? "\nworker ended 3 times in 14s (exit 3). It is started again after 8s.\n" LINE_PROMPT
			      : "");
		unit->state = UNIT_STARTING;
		show();
		unit->state = UNIT_RUNNING;
		unit->started_ms = scene.model->now_ms;
		show();
		expect("");
		scene.model->now_ms += 1000;
	}
	unit->state = UNIT_FAILED;
	unit->last_exit = "exit 4";
	unit->outlook = "worker ended 4 times in 15s (exit 4). It is started again after 8s.";
	show();
	expect("\nworker ended 4 times in 15s (exit 4). It is started again after 8s.\n" LINE_PROMPT);
	unit->state = UNIT_RUNNING;
	unit->started_ms = scene.model->now_ms;
	show();
	expect("");
	assert_true(line_dash_due_ms(scene.lines) > scene.model->now_ms);
	scene.model->now_ms = line_dash_due_ms(scene.lines);
	show();
	expect("\nworker runs.\n" LINE_PROMPT);
	assert_int_equal(line_dash_due_ms(scene.lines), -1);
}

static void without_anybody_to_type_there_is_no_prompt(void **state)
{
	const struct line_dash_options options = {.actions = &scene.actions, .project_option = ""};

	(void)state;
	begin(dash_sample());
	line_dash_destroy(scene.lines);
	scene.lines = line_dash_create(&options);
	show();
	assert_null(strstr(taken(), LINE_PROMPT));
}

static void the_container_engine_is_told_of_once(void **state)
{
	struct stack_model *model = dash_sample_away();

	(void)state;
	model->engine.away = false;
	begin_quietly(model);
	model->engine.away = true;
	show();
	expect("\nDocker does not answer: connection refused; containers are told of as they were.\n" LINE_PROMPT);
	show();
	expect("");
	type("status");
	assert_int_equal(
		strncmp(taken(),
			"WrenAI 0.29.2: 4 ready, 1 running, 1 done, up for 12m.\nDocker does not answer: ", 79),
		0);
	model->engine.away = false;
	show();
	expect("\nDocker answers again.\n" LINE_PROMPT);
}

static void what_is_pulled_is_told_when_it_begins(void **state)
{
	struct stack_model *model = dash_sample_containers();
	struct unit_progress progress = dash_sample_units()[SAMPLE_API].progress;

	(void)state;
	dash_sample_units()[SAMPLE_API].progress.work = WORK_NONE;
	begin_quietly(model);
	dash_sample_units()[SAMPLE_API].progress = progress;
	show();
	expect("\napi: pulling wren/api:0.29.2.\n" LINE_PROMPT);
	dash_sample_units()[SAMPLE_API].progress.done += 1000000;
	show();
	expect("");
}

static void a_changed_file_is_told_of_once(void **state)
{
	(void)state;
	begin_quietly(dash_sample_calm());
	scene.model->changed_file = "api changed";
	show();
	expect("\nThe stack file differs from what runs: api changed; reload applies it.\n" LINE_PROMPT);
	show();
	expect("");
}

static void whatever_a_service_says_is_harmless(void **state)
{
	(void)state;
	begin_quietly(dash_sample());
	dash_sample_units()[SAMPLE_API].why = "\033[2J\033[31mred\033[m \007";
	type("status");
	assert_null(strchr(taken(), '\033'));
	scene.log = log_sample_create("api", false);
	log_sample_add(scene.log, "api", "\033[31mred\033[m \033]52;c;aGk=\007");
	log_sample_text(scene.log)->ops->refresh(log_sample_text(scene.log));
	type("log api");
	expect("red ^[]52;c;aGk=^G\n" LINE_PROMPT);
}

/* ---- Words and names ---- */

static void words_may_be_shortened_and_misspelt(void **state)
{
	(void)state;
	begin_quietly(dash_sample());
	says("st", "st can be: status, startup, start, stop.");
	says("lgo api", "There is no word lgo. Did you mean log? help tells them all.");
	says("xyzzy", "There is no word xyzzy; help tells them all.");
	says("why", "It is: why NAME [all] (the whole story of a service; all: with nothing left out).");
	says("scale api", "It is: scale NAME COUNT (so many replicas of a service).");
	says("restart wrker", "There is no service wrker. Did you mean worker?");
	says("help qui", "quiet: ends that\nquit: leaves; asks whether the stack is to stop");
	type("signal SIGHUP db");
	assert_string_equal(scene.asked, "act 4 1 db");
	type("RESTA en");
	assert_string_equal(scene.asked, "along 2 0 engine");
}

/* Who knows the dashboard's names knows these. */
static void words_are_those_of_the_keys(void **state)
{
	static const enum line_word same[] = {LINE_WORD_START,  LINE_WORD_STOP,   LINE_WORD_RESTART,   LINE_WORD_SCALE,
					      LINE_WORD_RELOAD, LINE_WORD_FOLLOW, LINE_WORD_TELEMETRY, LINE_WORD_EVENTS,
					      LINE_WORD_GRAPH,  LINE_WORD_HELP,   LINE_WORD_WITHDRAW};

	(void)state;
	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++)
		assert_string_equal(line_words[same[i]].word, key_action_name(line_words[same[i]].action));
}

static void help_tells_every_word(void **state)
{
	const char *text;

	(void)state;
	begin_quietly(dash_sample());
	type("help");
	text = taken();
	for (size_t i = 0; i < LINE_WORD_COUNT; i++)
		assert_non_null(strstr(text, line_words[i].help));
}

static void the_manual_has_every_word(void **state)
{
	static char manual[1 << 20];
	FILE *file = fopen("launcher/upfront.1.scd", "r");

	(void)state;
	assert_non_null(file);
	manual[fread(manual, 1, sizeof(manual) - 1, file)] = '\0';
	fclose(file);
	for (size_t i = 0; i < LINE_WORD_COUNT; i++) {
		char wanted[64];

		snprintf(wanted, sizeof(wanted), "\n*%s*", line_words[i].word);
		if (strstr(strstr(manual, "# LINE MODE"), wanted) == NULL)
			fail_msg("the manual does not tell of %s", line_words[i].word);
	}
}

static void lines_of_any_size_do_no_harm(void **state)
{
	char long_line[3 * LINE_BYTES_MAX];

	(void)state;
	begin_quietly(dash_sample());
	for (size_t i = 0; i < sizeof(long_line); i++)
		long_line[i] = "why \033\xff \t-"[i % 9];
	for (size_t size = 0; size < sizeof(long_line); size += 977) {
		line_dash_take_line(scene.lines, long_line, size);
		taken();
	}
	line_dash_take_line(scene.lines, "status\0stop", 11);
	assert_non_null(strstr(taken(), "1 FAILED"));
	assert_string_equal(scene.asked, "");
}

/* ---- Acting ---- */

static void what_goes_along_is_asked_about(void **state)
{
	(void)state;
	begin_quietly(dash_sample());
	type("stop db");
	assert_string_equal(scene.asked, "along 1 0 db");
	expect("");
	line_dash_take_along(scene.lines, (const char *const[]){"migrate", "ui", NULL});
	expect("To stop db takes along: migrate, ui. Type yes to do it.\n" LINE_PROMPT);
	says("no", "Nothing was done.");
	assert_string_equal(scene.asked, "along 1 0 db");
	type("stop db");
	line_dash_take_along(scene.lines, (const char *const[]){"migrate", "ui", NULL});
	taken();
	says("yes", "stop db: asked for.");
	assert_string_equal(scene.asked, "act 1 0 db");
	/* Nobody goes along: nothing is asked. */
	type("restart api engine");
	assert_string_equal(scene.asked, "along 2 0 api engine");
	line_dash_take_along(scene.lines, (const char *const[]){NULL});
	assert_string_equal(scene.asked, "act 2 0 api engine");
	/* An answer to something that is no longer asked changes nothing. */
	type("stop ui");
	type("status");
	note(&scene, "", "");
	line_dash_take_along(scene.lines, (const char *const[]){NULL});
	assert_string_equal(scene.asked, "");
}

static void each_act_asks_for_what_it_says(void **state)
{
	static const struct {
		const char *line, *asked;
	} table[] = {
		{"start worker", "act 0 0 worker"},
		{"start all", "act 0 0 api db engine ui worker migrate"},
		{"kill api", "along 4 9 api"},
		{"kill TERM api", "act 4 15 api"},
		{"scale worker 3", "act 5 3 worker"},
		{"open ui", "url http://localhost:3000"},
		{"open", "url http://localhost:8080"},
		{"reload", "reload dry"},
		{"why api", "detail api"},
		{"telemetry", "telemetry on"},
		{"detach", "leave detach"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		begin_quietly(dash_sample());
		type(table[i].line);
		assert_string_equal(scene.asked, table[i].asked);
		end_scene(state);
	}
}

static void leaving_asks_unless_one_only_looks(void **state)
{
	(void)state;
	begin_quietly(dash_sample());
	line_dash_take_end(scene.lines);
	expect("\nType stop to stop WrenAI, leave to leave it running (come back with: upfront -p wren attach), or "
	       "stay.\n" LINE_PROMPT);
	line_dash_take_end(scene.lines);
	expect("\nStaying.\n" LINE_PROMPT);
	type("quit");
	type("leave");
	assert_string_equal(scene.asked, "leave detach");
	type("quit");
	type("stop");
	assert_string_equal(scene.asked, "leave stop");
	note(&scene, "", "");
	type("stop all");
	assert_string_equal(scene.asked, "");
	type("yes");
	assert_string_equal(scene.asked, "leave stop");
	scene.model->attached = true;
	type("quit");
	assert_string_equal(scene.asked, "leave attached");
	taken();
	type("stop all");
	expect("This stops all 6 services of WrenAI; the stack itself stays. Type yes to do it.\n" LINE_PROMPT);
	type("yes");
	assert_string_equal(scene.asked, "act 1 0 api db engine ui worker migrate");
}

static void a_changed_file_is_applied_after_yes(void **state)
{
	(void)state;
	begin_quietly(dash_sample());
	type("reload");
	expect("");
	line_dash_ask_reload(scene.lines, "api is restarted: command\ncache is new and is started");
	expect("The stack file differs from what runs:\napi is restarted: command\ncache is new and is started\n"
	       "Type yes to apply it.\n" LINE_PROMPT);
	type("y");
	assert_string_equal(scene.asked, "reload");
	expect("");
	line_dash_say(scene.lines, "the stack file is applied");
	expect("the stack file is applied\n" LINE_PROMPT);
}

static void a_stack_that_is_over_is_left_alone(void **state)
{
	(void)state;
	begin(dash_sample());
	scene.model->state = STACK_OVER;
	show();
	taken();
	says("restart api", "Nothing can be done to WrenAI any more.");
	assert_string_equal(scene.asked, "");
}

/* ---- Answers that come later ---- */

static void the_story_comes_when_it_is_there(void **state)
{
	const char *text;

	(void)state;
	begin_quietly(dash_sample());
	type("why api");
	expect("");
	scene.model->detail = dash_sample_detail();
	show();
	text = taken();
	assert_int_equal(strncmp(text, "api: failed, exit 3, try 3 in 8s", 32), 0);
	assert_non_null(strstr(text, "\nLast words:"));
	assert_non_null(strstr(text, "cannot open the vault"));
	assert_non_null(strstr(text, " more; why NAME all tells them\n"));
	assert_non_null(strstr(text, "\nCommand: ./api --port 8080"));
	assert_string_equal(text + strlen(text) - strlen(LINE_PROMPT), LINE_PROMPT);
}

static void what_was_sent_is_shown_byte_for_byte(void **state)
{
	const struct telemetry_model *reported = dash_sample_telemetry(true);
	const char *text;

	(void)state;
	begin_quietly(dash_sample());
	scene.model->telemetry_on = true;
	type("sent 2");
	scene.model->reported = reported;
	show();
	text = taken();
	assert_non_null(strstr(text, reported->events[1].bytes));
	assert_null(strstr(text, reported->events[0].bytes));
	type("telemetry");
	show();
	assert_non_null(strstr(taken(), "Usage statistics are on"));
	type("sent");
	show();
	assert_non_null(strstr(taken(), "sent and a number shows one of them"));
	type("withdraw");
	assert_string_equal(scene.asked, "withdraw");
}

static void other_views_are_told_in_lines(void **state)
{
	(void)state;
	begin_quietly(dash_sample_calm());
	type("startup");
	assert_non_null(strstr(taken(), "WrenAI was ready in 9.4s.\nThe slowest chain: db, then migrate, then ui.\n"));
	type("graph");
	assert_non_null(strstr(taken(), "needs "));
	type("events");
	expect("Nothing has happened since you look.\n" LINE_PROMPT);
}

/* ---- Logs ---- */

static void logs_are_shown_found_and_followed(void **state)
{
	(void)state;
	begin_quietly(dash_sample());
	says("log api", "There is no log to show: nothing is kept.");
	scene.log = log_sample_create("api", false);
	says("log api", "api: nothing was written yet.");
	log_sample_add(scene.log, "api", "one");
	log_sample_add(scene.log, "api", "two");
	log_sample_add(scene.log, "api", "twenty two");
	log_sample_text(scene.log)->ops->refresh(log_sample_text(scene.log));
	says("log api", "one\ntwo\ntwenty two");
	says("log api 2", "two\ntwenty two");
	type("find api tw.*");
	expect("");
	assert_false(line_dash_work(scene.lines, 1000));
	expect("two\ntwenty two\napi: 2 lines match.\n" LINE_PROMPT);
	type("follow api");
	expect("Following; quiet ends it.\n" LINE_PROMPT);
	log_sample_add(scene.log, "api", "three");
	line_dash_take_logs(scene.lines);
	expect("\nthree\n" LINE_PROMPT);
	says("quiet", "Quiet.");
	log_sample_add(scene.log, "api", "four");
	line_dash_take_logs(scene.lines);
	expect("");
}

static void a_long_search_ends_with_the_next_line(void **state)
{
	(void)state;
	begin_quietly(dash_sample());
	scene.log = log_sample_create("api", false);
	log_sample_flood(scene.log, "api", 5000);
	log_sample_text(scene.log)->ops->refresh(log_sample_text(scene.log));
	log_sample_slices(scene.log, 100);
	type("find api status=5");
	assert_true(line_dash_work(scene.lines, 1000));
	expect("");
	type("quiet");
	assert_false(line_dash_work(scene.lines, 1000));
	expect("It is quiet already.\n" LINE_PROMPT);
	type("find api status=5");
	while (line_dash_work(scene.lines, 1000))
		;
	assert_non_null(strstr(taken(), "api: 100 lines match, the last 20 are shown.\n"));
}

#define CASE(name) cmocka_unit_test_teardown(name, end_scene)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(it_begins_with_how_all_is),
		CASE(one_line_answers_whether_all_is_well),
		CASE(news_comes_once_and_the_prompt_behind_it),
		CASE(a_crash_loop_is_told_of_once),
		CASE(without_anybody_to_type_there_is_no_prompt),
		CASE(the_container_engine_is_told_of_once),
		CASE(what_is_pulled_is_told_when_it_begins),
		CASE(a_changed_file_is_told_of_once),
		CASE(whatever_a_service_says_is_harmless),
		CASE(words_may_be_shortened_and_misspelt),
		CASE(words_are_those_of_the_keys),
		CASE(help_tells_every_word),
		CASE(the_manual_has_every_word),
		CASE(lines_of_any_size_do_no_harm),
		CASE(what_goes_along_is_asked_about),
		CASE(each_act_asks_for_what_it_says),
		CASE(leaving_asks_unless_one_only_looks),
		CASE(a_changed_file_is_applied_after_yes),
		CASE(a_stack_that_is_over_is_left_alone),
		CASE(the_story_comes_when_it_is_there),
		CASE(what_was_sent_is_shown_byte_for_byte),
		CASE(other_views_are_told_in_lines),
		CASE(logs_are_shown_found_and_followed),
		CASE(a_long_search_ends_with_the_next_line),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
