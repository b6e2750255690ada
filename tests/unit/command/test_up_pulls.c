/* SPDX-License-Identifier: MIT */
/* What is told of images in lines: the beginning, now and then how far, the end, and one image once. */
#include "launcher/client/view.h"
#include "launcher/command/up_pulls.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define TEXT(literal) ((char *)(uintptr_t)(literal))

static struct up_pulls pulls;

static struct view_unit unit_of(unsigned id, const char *name)
{
	return (struct view_unit){
		.id = id, .name = TEXT(name), .state = "starting", .is_container = true, .uptime_ms = -1};
}

static void work(struct view_unit *unit, const char *what, int64_t done, int64_t total, const char *text)
{
	memset(unit->progress.work, 0, sizeof(unit->progress.work));
	memcpy(unit->progress.work, what, strlen(what));
	unit->progress.done = done;
	unit->progress.total = total;
	unit->progress.text = TEXT(text);
}

static void expect(const struct view_unit *unit, int64_t now_ms, const char *wanted)
{
	char *line = up_pulls_take(&pulls, unit, now_ms);

	if (wanted == NULL)
		assert_null(line);
	else
		assert_string_equal(line, wanted);
	free(line);
}

static int end(void **state)
{
	(void)state;
	up_pulls_finish(&pulls);
	return 0;
}

static void a_pull_is_told_without_a_flood(void **state)
{
	struct view_unit api = unit_of(1, "api");

	(void)state;
	expect(&api, 1000, NULL);
	work(&api, "pulling", 0, 0, "api:2");
	expect(&api, 1000, "api: pulling api:2");
	for (int64_t now_ms = 1100; now_ms < 1000 + UP_PULLS_EVERY_MS; now_ms += 100) {
		api.progress.done += 100000;
		expect(&api, now_ms, NULL);
	}
	work(&api, "pulling", 12300000, 27100000, "api:2");
	expect(&api, 1000 + UP_PULLS_EVERY_MS, "api: pulling 45% 12.3/27.1 MB");
	expect(&api, 1001 + UP_PULLS_EVERY_MS, NULL);
	work(&api, "creating", 0, 0, NULL);
	expect(&api, 13400, NULL);
	work(&api, "", 0, 0, NULL);
	expect(&api, 13500, NULL);
	strcpy(api.state, "running");
	expect(&api, 13600, "api: its image is here (12 s)");
	expect(&api, 13700, NULL);
}

/* What follows a pull that came to nothing looks like what follows any other, at first. */
static void an_image_that_did_not_come_is_not_here(void **state)
{
	struct view_unit api = unit_of(1, "api");

	(void)state;
	work(&api, "pulling", 0, 0, "api:2");
	expect(&api, 1000, "api: pulling api:2");
	work(&api, "creating", 0, 0, NULL);
	expect(&api, 1500, NULL);
	work(&api, "", 0, 0, NULL);
	strcpy(api.state, "failed");
	expect(&api, 1600, NULL);
}

static void one_image_is_told_of_once(void **state)
{
	struct view_unit api = unit_of(1, "api"), worker = unit_of(2, "worker"), db = unit_of(3, "db");

	(void)state;
	work(&api, "pulling", 0, 0, "shop:1");
	work(&worker, "pulling", 0, 0, "shop:1");
	work(&db, "pulling", 0, 0, "db:1");
	expect(&api, 1000, "api: pulling shop:1");
	expect(&worker, 1000, NULL);
	expect(&db, 1000, "db: pulling db:1");
	work(&worker, "creating", 0, 0, NULL);
	expect(&worker, 2000, NULL);
}

static void what_failed_is_left_to_who_tells_why(void **state)
{
	struct view_unit api = unit_of(1, "api");

	(void)state;
	work(&api, "building", 1, 7, "FROM scratch");
	expect(&api, 1000, "api: building its image");
	/* That nobody works on it any more says nothing yet. */
	work(&api, "", 0, 0, NULL);
	expect(&api, 1900, NULL);
	strcpy(api.state, "failed");
	expect(&api, 2000, NULL);
	/* And begins anew. */
	strcpy(api.state, "starting");
	work(&api, "building", 2, 7, "RUN true");
	expect(&api, 3000, "api: building its image");
	work(&api, "building", 3, 7, "RUN true");
	expect(&api, 3000 + UP_PULLS_EVERY_MS, "api: building step 3 of 7");
	work(&api, "", 0, 0, NULL);
	expect(&api, 15000, NULL);
	strcpy(api.state, "running");
	expect(&api, 17000, "api: its image is built (12 s)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(a_pull_is_told_without_a_flood, end),
		cmocka_unit_test_teardown(an_image_that_did_not_come_is_not_here, end),
		cmocka_unit_test_teardown(one_image_is_told_of_once, end),
		cmocka_unit_test_teardown(what_failed_is_left_to_who_tells_why, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
