/* SPDX-License-Identifier: MIT */
/* A unit's story is shown of that unit only: an answer may come when another is looked at. */
#include "config/err.h"
#include "launcher/client/view.h"
#include "launcher/screen/screen_detail.h"
#include "ui/model.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define TEXT(literal) ((char *)(uintptr_t)(literal))

static const char about_db[] = "{\"name\":\"db\",\"service\":\"db\",\"command\":\"./db\",\"stop\":{\"grace_ms\":1500},"
			       "\"needed_by\":[\"api\"]}";

static void an_answer_about_another_is_passed_over(void **state)
{
	const struct view_unit db = {.id = 4, .name = TEXT("db"), .state = "running"};
	const struct view_unit api = {.id = 7, .name = TEXT("api"), .state = "running"};
	struct screen_detail *detail = screen_detail_create();
	const struct detail_model *model;
	struct err err = ERR_INIT;

	(void)state;
	assert_non_null(detail);
	model = screen_detail_take(detail, &db, "/nowhere", about_db, strlen(about_db), &err);
	assert_non_null(model);
	assert_int_equal(model->unit, 5);
	assert_string_equal(model->command, "./db");
	assert_string_equal(model->stop, "SIGTERM, SIGKILL after 1.5s");
	assert_string_equal(model->needed_by[0], "api");
	assert_null(model->needed_by[1]);
	assert_null(model->last_words[0]);
	assert_null(screen_detail_take(detail, &api, "/nowhere", about_db, strlen(about_db), &err));
	assert_string_equal(err.items[0].message, "the answer is about db, not about api");
	/* What was there is still good. */
	assert_int_equal(model->unit, 5);
	assert_string_equal(model->command, "./db");
	screen_detail_destroy(detail);
	err_finish(&err);
}

/* A container's engine asks when it likes, and does not say. */
static void a_probe_of_the_engine_has_no_interval_of_ours(void **state)
{
	static const char about[] =
		"{\"id\":4,\"name\":\"db\",\"service\":\"db\",\"probe\":{\"kind\":\"engine\",\"target\":null,"
		"\"interval_ms\":0}}";
	const struct view_unit db = {.id = 4, .name = TEXT("db"), .state = "ready"};
	struct screen_detail *detail = screen_detail_create();
	const struct detail_model *model;
	struct err err = ERR_INIT;

	(void)state;
	assert_non_null(detail);
	model = screen_detail_take(detail, &db, "/nowhere", about, strlen(about), &err);
	assert_non_null(model);
	assert_string_equal(model->probe, "the container's health check, asked by its engine");
	screen_detail_destroy(detail);
	err_finish(&err);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_answer_about_another_is_passed_over),
		cmocka_unit_test(a_probe_of_the_engine_has_no_interval_of_ours),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
