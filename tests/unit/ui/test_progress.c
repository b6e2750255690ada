/* SPDX-License-Identifier: MIT */
/* Live progress: what the block says, how it fits, and what is written to make one of another. */
#include "tests/lib/dash_sample.h"
#include "ui/model.h"
#include "ui/progress.h"
#include "ui/text.h"
#include "ui/theme.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MANY 40u

static struct theme plain, colored; /* plain: without a sequence */
static struct progress_unit units[MANY];

static int set_up(void **state)
{
	char problem[80];

	(void)state;
	plain = theme_make(false, false);
	memset(plain.styles, 0, sizeof(plain.styles));
	colored = theme_make(true, true);
	theme_dress(&colored, 8, NULL, problem, sizeof(problem));
	return setlocale(LC_CTYPE, "C.UTF-8") != NULL ? 0 : -1;
}

/* All that is settled is done, after as many tenths as its place; the rest began two seconds ago. */
static struct progress_look look_at(const struct stack_model *model, unsigned rows, unsigned columns)
{
	for (size_t i = 0; i < model->unit_count; i++) {
		const enum unit_state state = model->units[i].state;
		const bool done = state > UNIT_WAITING || state == UNIT_FAILED;

		units[i] = (struct progress_unit){.unit = i,
						  .done = done,
						  .since_ms = state == UNIT_WAITING ? -1 : model->now_ms - 2000,
						  .took_ms = done ? 100 * (int64_t)(i + 1) : -1};
	}
	return (struct progress_look){.theme = &plain,
				      .rows = rows,
				      .columns = columns,
				      .title = "WrenAI",
				      .reached = "ready",
				      .since_ms = model->now_ms - 5200,
				      .took_ms = -1,
				      .units = units,
				      .unit_count = model->unit_count};
}

static void expect(const struct stack_model *model, const struct progress_look *look, const char *wanted)
{
	char *text = progress_text(model, look);

	assert_string_equal(text, wanted);
	free(text);
}

static void says_how_far_each_unit_is(void **state)
{
	struct stack_model *model = dash_sample();
	const struct progress_look look = look_at(model, 24, 80);

	(void)state;
	expect(model, &look,
	       "WrenAI  1 FAILED  3 of 6 ready  5s\n"
	       "! failed      api        0.1s  exit 3, try 3 in 8s\n"
	       "+ ready       db         0.2s\n"
	       "+ ready       engine     0.3s\n"
	       "~ starting    ui           1s  probe 4 of 10: refused\n"
	       ". waiting     worker           for api to be ready\n"
	       "= done        migrate    0.6s  exit 0 after 3.1s\n");
}

static void says_how_long_it_took(void **state)
{
	struct stack_model *model = dash_sample_calm();
	struct progress_look look = look_at(model, 24, 80);
	char *text;

	(void)state;
	look.took_ms = 9400;
	text = progress_text(model, &look);
	assert_int_equal(strncmp(text, "WrenAI  6 of 6 ready  9.4s\n", strlen("WrenAI  6 of 6 ready  9.4s\n")), 0);
	free(text);
}

static void counts_down_to_the_kill(void **state)
{
	struct stack_model *model = dash_sample_stopping();
	struct unit_model *unit = dash_sample_units();
	struct progress_look look;

	(void)state;
	model->unit_count = 2;
	unit[0].state = UNIT_STOPPED;
	unit[1].state = UNIT_STOPPING;
	unit[1].kill_ms = model->now_ms + 7100;
	look = look_at(model, 24, 80);
	look.title = "Stopping WrenAI";
	look.reached = "stopped";
	look.since_ms = model->now_ms - 3000;
	expect(model, &look,
	       "Stopping WrenAI  1 of 2 stopped  3s\n"
	       "x stopped     api    0.1s\n"
	       "~ stopping    db       2s  is killed in 8s\n");
}

/* Seconds of all change in the same moment: with those of the head. */
static void one_beat_moves_all_seconds(void **state)
{
	struct stack_model *model = dash_sample();
	const struct progress_look look = look_at(model, 24, 80);
	unsigned changes = 0;
	char *before = NULL;

	(void)state;
	for (unsigned i = 0; i < 100; i++) {
		char *text = progress_text(model, &look);

		changes += before != NULL && strcmp(before, text) != 0 ? 1 : 0;
		free(before);
		before = text;
		model->now_ms += 20;
	}
	free(before);
	assert_int_equal(changes, 2);
}

static void what_is_pulled_has_a_bar(void **state)
{
	struct stack_model *model = dash_sample_containers();
	struct progress_look look = look_at(model, 24, 80);

	(void)state;
	expect(model, &look,
	       "WrenAI  1 of 6 ready  5s\n"
	       "~ starting    api          1s  pulling 45% 12.3/27.1 MB #######.........\n"
	       "+ ready       db         0.2s\n"
	       "~ starting    engine       1s  building step 3 of 7 ######..........\n"
	       "~ starting    ui           1s  pulling 4.2 MB\n"
	       ". waiting     worker           for api to be ready\n"
	       "~ starting    migrate      1s  creating its container\n");
	look = look_at(model, 3, 60);
	expect(model, &look,
	       "WrenAI  1 of 6 ready  5s\n"
	       "... and 6 more, 1 of them ready\n");
}

static void long_names_are_cut(void **state)
{
	struct stack_model *model = dash_sample();
	struct unit_model *unit = dash_sample_units();
	struct progress_look look;

	(void)state;
	model->unit_count = 2;
	unit[0].name = "a-service-whose-name-goes-on-and-on";
	unit[0].why = "a \033[31mreason\n that is \u4e00\u4e8c longer than the terminal is wide";
	look = look_at(model, 24, 40);
	expect(model, &look,
	       "WrenAI  1 FAILED  1 of 2 ready  5s\n"
	       "! failed      a-service-wh>    0.1s  a>\n"
	       "+ ready       db               0.2s\n");
}

/* None is as wide as the terminal, nor are there as many as it has rows, whatever it has. */
static void fits_any_terminal(void **state)
{
	struct stack_model *model = dash_sample();

	(void)state;
	dash_sample_units()[0].name = "\u4e00\u4e8c\u4e09\u56db\u4e94\u516d\u4e03\u516b\u4e5d";
	for (unsigned columns = 1; columns < 90; columns++) {
		for (unsigned rows = 1; rows < 12; rows++) {
			struct progress_look look = look_at(model, rows, columns);
			size_t lines = 0;
			char *text;

			look.theme = &colored;
			text = progress_text(model, &look);
			for (const char *at = text; (at = strchr(at, '\n')) != NULL; at++)
				lines++;
			assert_true(lines < rows || lines == 1);
			assert_true(progress_columns(text, true) < columns || columns == 1);
			free(text);
		}
	}
}

static void where_rows_are_few_the_busy_come_first(void **state)
{
	struct stack_model *model = dash_sample_many(20);
	struct progress_look look = look_at(model, 7, 60);

	(void)state;
	expect(model, &look,
	       "WrenAI  1 FAILED  17 of 20 ready  5s\n"
	       "! failed      api        0.1s  exit 3, try 3 in 8s\n"
	       "+ ready       db         0.2s\n"
	       "~ starting    ui           1s  probe 4 of 10: refused\n"
	       ". waiting     worker           for api to be ready\n"
	       "... and 16 more ready\n");
	look = look_at(model, 4, 60);
	expect(model, &look,
	       "WrenAI  1 FAILED  17 of 20 ready  5s\n"
	       "~ starting    ui           1s  probe 4 of 10: refused\n"
	       "... and 19 more, 18 of them ready\n");
}

static void colours_are_beside_signs_and_words(void **state)
{
	struct stack_model *model = dash_sample();
	struct progress_look look;

	(void)state;
	model->unit_count = 2;
	look = look_at(model, 24, 80);
	look.theme = &colored;
	expect(model, &look,
	       "\033[0;1mWrenAI\033[m  \033[0;1;31m1 FAILED\033[m  1 of 2 ready  5s\n"
	       "\033[0;1;31m\u2717 failed\033[m      api    0.1s  exit 3, try 3 in 8s\n"
	       "\033[0;32m\u2713 ready\033[m       db     0.2s\n");
}

/* ---- What is written ---- */

static void expect_put(const char *before, const char *now, const char *above, const char *wanted)
{
	char *written = NULL;
	size_t size;
	FILE *out = open_memstream(&written, &size);

	progress_put(before, now, above, strlen(above), out);
	fclose(out);
	assert_string_equal(written, wanted);
	free(written);
}

static void only_the_difference_is_written(void **state)
{
	(void)state;
	expect_put("", "a\nb\n", "", "a\nb\n");
	expect_put("a\nb\n", "a\nb\n", "", "");
	expect_put("a\nb\nc\n", "a\nB\nc\n", "", "\033[3A\r\033[1B\033[KB\n\033[1B\033[J");
	expect_put("a\nb\n", "a\n", "", "\033[2A\r\033[1B\033[J");
	expect_put("a\n", "a\nb\n", "", "\033[1A\r\033[1B\033[Kb\n\033[J");
	expect_put("a\n", "", "", "\033[1A\r\033[J");
}

static void lines_scroll_by_above(void **state)
{
	(void)state;
	expect_put("a\nb\n", "a\nB\n", "log\n", "\033[2A\r\033[Jlog\na\nB\n");
	expect_put("a\nb\n", "a\nb\n", "log\n", "\033[2A\r\033[Jlog\na\nb\n");
	expect_put("", "", "log\n", "log\n");
	expect_put("", "a\n", "log\n", "log\na\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(says_how_far_each_unit_is),
		cmocka_unit_test(says_how_long_it_took),
		cmocka_unit_test(counts_down_to_the_kill),
		cmocka_unit_test(one_beat_moves_all_seconds),
		cmocka_unit_test(what_is_pulled_has_a_bar),
		cmocka_unit_test(long_names_are_cut),
		cmocka_unit_test(fits_any_terminal),
		cmocka_unit_test(where_rows_are_few_the_busy_come_first),
		cmocka_unit_test(colours_are_beside_signs_and_words),
		cmocka_unit_test(only_the_difference_is_written),
		cmocka_unit_test(lines_scroll_by_above),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
