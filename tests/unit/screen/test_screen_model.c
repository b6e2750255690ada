/* SPDX-License-Identifier: MIT */
/* What has happened, as the dashboard lists it, by what the event stream tells. */
#include "launcher/client/view.h"
#include "launcher/screen/screen_model.h"
#include "ui/model.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define TEXT(literal) ((char *)(uintptr_t)(literal))

static struct screen_model *model;

static int begin(void **state)
{
	const struct screen_model_options options = {.app = "shop", .project = "shop", .file = "compose.yaml"};

	(void)state;
	model = screen_model_create(&options);
	return model != NULL ? 0 : -1;
}

static int end(void **state)
{
	(void)state;
	screen_model_destroy(model);
	return 0;
}

static const struct stack_model *tell(const struct view *view)
{
	for (size_t i = 0; i < view->count; i++)
		screen_model_note(model, view, &view->units[i]);
	screen_model_note(model, view, NULL);
	return screen_model_fill(model, view, 1000);
}

static void who_comes_late_is_told_when_it_was(void **state)
{
	struct view_unit units[] = {
		{.name = TEXT("api"), .service = TEXT("api"), .state = "running", .changed_ms = 1700000009000},
		{.name = TEXT("db"), .service = TEXT("db"), .state = "ready", .changed_ms = 1700000002000},
	};
	const struct view view = {
		.units = units, .count = 2, .phase = "up", .begin_ms = 1700000000000, .up_after_ms = 9500};
	const struct stack_model *made = tell(&view);

	(void)state;
	assert_int_equal(made->begin_wall_ms, 1700000000000);
	assert_int_equal(made->event_count, 3);
	assert_string_equal(made->events[0].unit, "db");
	assert_int_equal(made->events[0].time_wall_ms, 1700000002000);
	assert_string_equal(made->events[1].unit, "api");
	assert_null(made->events[2].unit);
	assert_string_equal(made->events[2].text, "up");
	assert_int_equal(made->events[2].time_wall_ms, 1700000009500);
}

static void only_what_has_changed_is_an_event(void **state)
{
	struct view_unit unit = {.name = TEXT("api"), .service = TEXT("api"), .state = "running", .changed_ms = 5};
	struct view view = {.units = &unit, .count = 1, .phase = "starting"};

	(void)state;
	assert_int_equal(tell(&view)->event_count, 2);
	memcpy(unit.before, unit.state, sizeof(unit.before));
	assert_int_equal(tell(&view)->event_count, 2);
	strcpy(view.phase, "up");
	assert_int_equal(tell(&view)->event_count, 3);
}

static void of_many_the_newest_are_kept(void **state)
{
	struct view_unit unit = {.name = TEXT("api"), .service = TEXT("api"), .state = "running"};
	const struct view view = {.units = &unit, .count = 1};
	const struct stack_model *made;

	(void)state;
	for (int64_t i = 1; i <= (int64_t)SCREEN_EVENTS_MAX + 7; i++) {
		unit.changed_ms = i;
		screen_model_note(model, &view, &unit);
	}
	made = screen_model_fill(model, &view, 1000);
	assert_int_equal(made->event_count, SCREEN_EVENTS_MAX);
	assert_int_equal(made->events[0].time_wall_ms, 8);
	assert_int_equal(made->events[SCREEN_EVENTS_MAX - 1].time_wall_ms, SCREEN_EVENTS_MAX + 7);
}

static void containers_and_their_engine_are_shown(void **state)
{
	struct view_unit units[] = {
		{.id = 0,
		 .name = TEXT("api"),
		 .service = TEXT("api"),
		 .state = "starting",
		 .is_container = true,
		 .image = TEXT("api:2"),
		 .progress = {.work = "pulling", .done = 12300000, .total = 27100000, .text = TEXT("api:2")}},
		{.id = 1,
		 .name = TEXT("db"),
		 .service = TEXT("db"),
		 .state = "ready",
		 .is_container = true,
		 .image = TEXT("db:1"),
		 .container = TEXT("4f2a9c81d0be"),
		 .progress = {.work = "dancing"}},
		{.id = 2, .name = TEXT("web"), .service = TEXT("web"), .state = "ready", .pid = 4711},
	};
	struct view view = {.units = units, .count = 3, .phase = "starting", .up_after_ms = -1};
	const struct stack_model *made = tell(&view);

	(void)state;
	assert_null(made->engine.name);
	assert_true(made->units[0].container && made->units[1].container && !made->units[2].container);
	assert_string_equal(made->units[0].why, "pulling 45% 12.3/27.1 MB");
	assert_int_equal(made->units[0].progress.work, WORK_PULLING);
	assert_string_equal(made->units[0].image, "api:2");
	/* What this one does not know is nothing to be told of. */
	assert_int_equal(made->units[1].progress.work, WORK_NONE);
	assert_string_equal(made->units[1].container_id, "4f2a9c81d0be");
	assert_null(made->units[2].image);
	view.engine = (struct view_engine){.name = TEXT("docker"),
					   .version = TEXT("20.10.24"),
					   .away = true,
					   .away_ms = 400,
					   .why = TEXT("refused")};
	made = tell(&view);
	assert_string_equal(made->engine.name, "Docker");
	assert_true(made->engine.away);
	assert_int_equal(made->engine.away_ms, 400);
	assert_string_equal(made->engine.why, "refused");
	screen_model_set_lost(model, true);
	assert_int_equal(tell(&view)->state, STACK_LOST);
	screen_model_set_lost(model, false);
	assert_int_equal(tell(&view)->state, STACK_STARTING);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(who_comes_late_is_told_when_it_was, begin, end),
		cmocka_unit_test_setup_teardown(containers_and_their_engine_are_shown, begin, end),
		cmocka_unit_test_setup_teardown(only_what_has_changed_is_an_event, begin, end),
		cmocka_unit_test_setup_teardown(of_many_the_newest_are_kept, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
