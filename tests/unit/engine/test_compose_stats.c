/* SPDX-License-Identifier: MIT */
/* What containers use: those whose processes are here by /proc, others as a played engine answers; nobody asks, nothing is asked. */
#include "tests/unit/engine/parts_scene.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#define STATS "/containers/*/stats*"
#define MEGABYTES(n) ((n)*INT64_C(1048576))

static void test_what_an_engine_says(void **state)
{
	static const struct {
		const char *body;
		int64_t rss_bytes, user_us, system_us;
		int threads;
	} cases[] = {
		/* Version 1 of control groups, and version 2. */
		{"{\"memory_stats\":{\"usage\":3000,\"stats\":{\"total_inactive_file\":1000,\"inactive_file\":5}},"
		 "\"cpu_stats\":{\"cpu_usage\":{\"total_usage\":7000000,\"usage_in_usermode\":4000000}},"
		 "\"pids_stats\":{\"current\":5}}",
		 2000, 4000, 3000, 5},
		{"{\"memory_stats\":{\"usage\":3000,\"stats\":{\"inactive_file\":500}},"
		 "\"cpu_stats\":{\"cpu_usage\":{\"total_usage\":7000000,\"usage_in_usermode\":9000000}}}",
		 2500, 7000, 0, 1},
		{"{\"memory_stats\":{\"usage\":3000,\"stats\":{\"inactive_file\":4000}}}", 3000, 0, 0, 1},
		{"{\"memory_stats\":{\"usage\":-1},\"cpu_stats\":{\"cpu_usage\":{\"total_usage\":1e300}}}", 0, 0, 0, 1},
		{"{\"memory_stats\":\"x\",\"cpu_stats\":[],\"pids_stats\":{\"current\":1e12}}", 0, 0, 0, INT32_MAX},
		{"null", 0, 0, 0, 1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		cJSON *body = cJSON_Parse(cases[i].body);
		struct engine_stats stats;

		compose_stats_read(body, &stats);
		assert_int_equal(stats.rss_bytes, cases[i].rss_bytes);
		assert_int_equal(stats.cpu_user_us, cases[i].user_us);
		assert_int_equal(stats.cpu_system_us, cases[i].system_us);
		assert_int_equal(stats.threads, cases[i].threads);
		assert_int_equal(stats.processes, 1);
		assert_int_equal(stats.fds, -1);
		cJSON_Delete(body);
	}
}

static bool is_known(void *context)
{
	struct scene *scene = context;
	const unsigned units[] = {0};
	struct engine_stats stats;

	assert_int_equal(compose_stats(&scene->engine, units, 1, &stats), 0);
	return stats.rss_bytes == MEGABYTES(9);
}

static void test_elsewhere(void **state)
{
	const unsigned units[] = {0, 1, 7};
	struct engine_sample samples[3];
	struct engine_stats stats[3];
	struct scene scene;

	(void)state;
	scene_open(&scene, 2);
	docker_play_route(
		scene.play, "GET", STATS, 200,
		"{\"memory_stats\":{\"usage\":9437184},\"cpu_stats\":{\"cpu_usage\":{\"total_usage\":5000000}}}");
	scene_run(&scene, 0, ID_A);
	/* At once, what is known: nothing yet. In the background it is asked, of what runs, once. */
	assert_int_equal(compose_sample(&scene.engine, units, 3, samples), 0);
	assert_int_equal(compose_sample(&scene.engine, units, 3, samples), 0);
	assert_int_equal(samples[0].processes, 0);
	docker_play_until_so(scene.play, is_known, &scene);
	assert_int_equal(compose_sample(&scene.engine, units, 3, samples), 0);
	assert_int_equal(samples[0].rss_bytes, MEGABYTES(9));
	assert_int_equal(samples[0].cpu_us, 5000);
	assert_int_equal(samples[0].processes, 1);
	assert_int_equal(samples[1].processes + samples[2].processes, 0);
	assert_int_equal(compose_stats(&scene.engine, units, 3, stats), 0);
	assert_int_equal(stats[0].cpu_system_us, 5000);
	assert_int_equal(stats[0].fds, -1);
	assert_int_equal(stats[1].rss_bytes, 0);
	assert_int_equal(docker_play_count(scene.play, "GET", STATS), 1);
	assert_int_equal(docker_play_count(scene.play, "GET", "/containers/" ID_A "/stats?stream=false&one-shot=true"),
			 1);
	/* Nobody asks any more. */
	assert_int_equal(compose_sample(&scene.engine, NULL, 0, NULL), 0);
	assert_null(scene.engine.stats);
	scene_close(&scene);
}

/* Another container has used nothing yet of what the one before it had. */
static void test_another_container(void **state)
{
	const unsigned units[] = {0};
	struct engine_sample sample;
	struct scene scene;

	(void)state;
	scene_open(&scene, 1);
	docker_play_route(scene.play, "GET", "/containers/" ID_A "/stats*", 200,
			  "{\"memory_stats\":{\"usage\":9437184}}");
	scene_run(&scene, 0, ID_A);
	docker_play_until_so(scene.play, is_known, &scene);
	scene_run(&scene, 0, ID_B);
	assert_int_equal(compose_sample(&scene.engine, units, 1, &sample), 0);
	assert_int_equal(sample.rss_bytes, 0);
	docker_play_await(scene.play, "GET", "/containers/" ID_B "/stats*", 1);
	scene_close(&scene);
}

/* A child with a child of its own, which says so. */
static pid_t make_family(int *fd)
{
	int ends[2];
	pid_t pid;

	assert_int_equal(pipe(ends), 0);
	pid = fork();
	if (pid == 0) {
		setsid();
		if (fork() == 0)
			(void)!write(ends[1], "x", 1);
		close(ends[1]);
		for (;;)
			pause();
	}
	assert_true(pid > 0);
	close(ends[1]);
	*fd = ends[0];
	return pid;
}

static void test_here(void **state)
{
	const unsigned units[] = {0, 1};
	struct engine_sample samples[2];
	struct engine_stats stats[2];
	struct scene scene;
	char byte;
	int fd;
	pid_t pid = make_family(&fd);

	(void)state;
	assert_int_equal(read(fd, &byte, 1), 1);
	close(fd);
	scene_open(&scene, 2);
	scene_run(&scene, 0, ID_A)->pid = pid;
	assert_int_equal(compose_stats(&scene.engine, units, 2, stats), 0);
	assert_int_equal(stats[0].processes, 2);
	assert_int_equal(stats[0].threads, 2);
	assert_true(stats[0].rss_bytes > 0 && stats[0].fds > 0);
	assert_int_equal(stats[1].processes, 0);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(compose_sample(&scene.engine, units, 2, samples), 0);
		assert_int_equal(samples[0].processes, 2);
		assert_true(samples[0].rss_bytes > 0);
		assert_int_equal(samples[1].processes, 0);
	}
	/* The engine is not asked what can be seen. */
	assert_int_equal(docker_play_connected(scene.play), 0);
	scene_close(&scene);
	kill(-pid, SIGKILL);
	while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)
		;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_an_engine_says),
		cmocka_unit_test(test_elsewhere),
		cmocka_unit_test(test_another_container),
		cmocka_unit_test(test_here),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
