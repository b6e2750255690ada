/* SPDX-License-Identifier: MIT */
/* Lines of a Compose program that builds: which of them speak of steps, of which service, and how far that is. */
#include "tests/unit/engine/parts_scene.h"

#include "launcher/engine/build_line.h"

static void test_lines(void **state)
{
	static const struct {
		const char *line, *read; /* "kind word word 3/7 text" */
	} cases[] = {
		{"Building api", "begins api"},
		{"Building an image from a Dockerfile", "nothing"},
		{"Building ", "nothing"},
		{"Step 3/7 : RUN make -j2", "step 3/7 RUN make -j2"},
		{"Step 3/7", "nothing"},
		{"Step 8/7 : RUN x", "nothing"},
		{"Step 0/7 : RUN x", "nothing"},
		{"Step 99999999999/99999999999 : RUN x", "nothing"},
		{"Step by step : x", "nothing"},
		{"#5 [2/4] RUN npm ci", "step 2/4 RUN npm ci"},
		{"#12 [api 2/4] COPY . /app", "step api 2/4 COPY . /app"},
		{"#12 [api stage-1 2/4] COPY . /app", "step api stage-1 2/4 COPY . /app"},
		{"#12 [api linux/amd64 build 4/4] RUN x", "step api linux/amd64 build 4/4 RUN x"},
		{"#12 [a b c d 4/4] RUN x", "nothing"},
		{"#1 [api internal] load build definition from Dockerfile", "nothing"},
		{"#5 0.123 [2/4] RUN something printed this", "nothing"},
		{"#5 DONE 0.3s", "nothing"},
		{"#5 [2/4", "nothing"},
		{"#5 [2/4]", "nothing"},
		{"#5 [] x", "nothing"},
		{"#x [2/4] RUN", "nothing"},
		{"#", "nothing"},
		{"", "nothing"},
	};
	static const char *const kinds[] = {"nothing", "begins", "step"};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct build_line line;
		char read[300];
		int used;

		build_line_read(&line, cases[i].line);
		used = snprintf(read, sizeof(read), "%s", kinds[line.kind]);
		for (size_t k = 0; line.kind != BUILD_NOTHING && k < line.word_count; k++)
			used += snprintf(read + used, sizeof(read) - (size_t)used, " %s", line.words[k]);
		if (line.kind == BUILD_STEP)
			snprintf(read + used, sizeof(read) - (size_t)used, " %u/%u %s", line.step, line.steps,
				 line.text);
		assert_string_equal(read, cases[i].read);
	}
}

/* a and b are built, c is not. */
static void build_open(struct scene *scene)
{
	scene_open(scene, 3);
	for (size_t i = 0; i < 3; i++) {
		scene->part[i].state = PART_CALLED;
		scene->service[i].has_build = i < 2;
	}
	compose_build_begin(&scene->engine, scene->engine.parts, 3);
}

static void say(struct scene *scene, const char *const *lines)
{
	for (; *lines != NULL; lines++)
		compose_pull_line(&scene->engine, *lines);
}

static void test_version_1(void **state)
{
	static const char *const lines[] = {"c uses an image, skipping",
					    "Building a",
					    "Step 1/2 : FROM scratch",
					    " ---> 123",
					    "Step 2/2 : COPY x /x",
					    "Successfully built 1234",
					    "Building b",
					    "#5 [1/3] FROM scratch",
					    "Building nobody",
					    "Building b",
					    "Step 1/9 : FROM scratch",
					    NULL};
	struct scene scene;

	(void)state;
	build_open(&scene);
	say(&scene, lines);
	assert_string_equal(scene.told[0].progress, "building 0/2 FROM scratch;building 1/2 COPY x /x;-;");
	assert_string_equal(scene.told[1].progress, "building 0/3 FROM scratch;-;building 0/9 FROM scratch;");
	assert_string_equal(scene.told[2].progress, "");
	scene_close(&scene);
}

/* Stages are added up; lines that come again, or late, do not take it back. */
static void test_version_2(void **state)
{
	static const char *const lines[] = {"#1 [a internal] load build definition from Dockerfile",
					    "#5 [a build 1/3] FROM scratch",
					    "#6 [a stage-1 1/2] FROM scratch",
					    "#7 [a build 3/3] RUN x",
					    "#5 [a build 1/3] FROM scratch",
					    "#8 [b 2/2] COPY y /y",
					    NULL};
	struct scene scene;

	(void)state;
	build_open(&scene);
	say(&scene, lines);
	assert_string_equal(scene.told[0].progress, "building 0/3 FROM scratch;building 0/5 FROM scratch;"
						    "building 2/5 RUN x;building 2/5 FROM scratch;");
	assert_string_equal(scene.told[1].progress, "building 1/2 COPY y /y;");
	/* The next call begins anew. */
	compose_build_begin(&scene.engine, scene.engine.parts, 3);
	compose_pull_line(&scene.engine, "#5 [a build 1/3] FROM scratch");
	assert_non_null(strstr(scene.told[0].progress, "building 2/5 FROM scratch;building 0/3 FROM scratch;"));
	scene_close(&scene);
}

/* A stage may be called as it likes, and only one service is built: the first word is no service then. */
static void test_only_one_is_built(void **state)
{
	struct scene scene;

	(void)state;
	build_open(&scene);
	scene.part[1].state = PART_RUNS; /* was started before */
	compose_pull_line(&scene.engine, "#5 [b 2/3] RUN x");
	compose_pull_line(&scene.engine, "#6 [2/2] RUN y");
	assert_string_equal(scene.told[0].progress, "building 1/3 RUN x;building 2/5 RUN y;");
	assert_string_equal(scene.told[1].progress, "");
	scene_close(&scene);
}

static void test_more_stages_than_are_kept(void **state)
{
	struct scene scene;

	(void)state;
	build_open(&scene);
	for (unsigned i = 0; i < 50; i++) {
		char line[64];

		snprintf(line, sizeof(line), "#%u [a stage-%u 2/2] RUN x", i, i);
		compose_pull_line(&scene.engine, line);
	}
	assert_int_equal(scene.part[0].stages.count, COMPOSE_STAGES_MAX);
	assert_non_null(strstr(scene.told[0].progress, "building 8/16 RUN x;"));
	scene_close(&scene);
}

static void test_whose_build_failed(void **state)
{
	struct scene scene;

	(void)state;
	build_open(&scene);
	assert_string_equal(compose_build_failed(&scene.engine, " > [a 2/4] RUN make:"), "a");
	assert_string_equal(compose_build_failed(&scene.engine, " > [b internal] load build definition:"), "b");
	/* Not built; the beginning of a name; said by a program within. */
	assert_null(compose_build_failed(&scene.engine, " > [c 2/4] RUN make:"));
	assert_null(compose_build_failed(&scene.engine, " > [ab 2/4] RUN make:"));
	assert_null(compose_build_failed(&scene.engine, " > ["));
	assert_null(compose_build_failed(&scene.engine, "0.265  > [a 2/4] RUN make:"));
	assert_null(compose_build_only(&scene.engine));
	scene.service[0].has_build = false;
	assert_string_equal(compose_build_only(&scene.engine), "b");
	scene.service[1].has_build = false;
	assert_null(compose_build_only(&scene.engine));
	scene_close(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_version_1),
		cmocka_unit_test(test_version_2),
		cmocka_unit_test(test_only_one_is_built),
		cmocka_unit_test(test_whose_build_failed),
		cmocka_unit_test(test_more_stages_than_are_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
