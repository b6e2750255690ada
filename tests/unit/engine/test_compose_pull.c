/* SPDX-License-Identifier: MIT */
/* Images fetched before the call, against a played engine: which ones, how far they are, who is told, and what cannot be had. */
#include "tests/unit/engine/parts_scene.h"

#include "launcher/engine/base64.h"

#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define ASKED "/images/*/json"
#define PULLED "/images/create*"

static void leave_open(void *context, struct docker_play_call *call)
{
	(void)context;
	(void)call;
}

/* No image is there, and pulls go on until the test ends them. */
static void pull_open(struct scene *scene, size_t count)
{
	scene_open(scene, count);
	docker_play_route(scene->play, "GET", ASKED, 404, "{\"message\":\"No such image\"}");
	docker_play_handler(scene->play, "POST", PULLED, leave_open, NULL);
	for (size_t i = 0; i < count; i++)
		scene->part[i].state = PART_CALLED;
}

static void begin(struct scene *scene)
{
	scene->engine.pull =
		compose_pull_begin(&scene->engine, scene->engine.parts, scene->engine.part_count, scene_pulled);
}

static struct docker_play_call *await_pull(struct scene *scene, size_t count)
{
	struct docker_play_call *call = docker_play_await(scene->play, "POST", PULLED, count);

	docker_play_stream(call);
	return call;
}

static void test_what_is_there_is_not_pulled(void **state)
{
	struct scene scene;

	(void)state;
	pull_open(&scene, 2);
	scene.service[0].image = "redis:7";
	scene.service[1].image = "localhost:5000/shop/api@sha256:12";
	docker_play_route(scene.play, "GET", ASKED, 200, "{}");
	begin(&scene);
	assert_non_null(scene.engine.pull);
	assert_int_equal(scene.pulled, 0); /* from the loop only */
	scene_await_pulled(&scene);
	assert_int_equal(docker_play_count(scene.play, "GET", "/images/redis%3A7/json"), 1);
	assert_int_equal(docker_play_count(scene.play, "GET", ASKED), 2);
	assert_int_equal(docker_play_count(scene.play, "POST", PULLED), 0);
	assert_string_equal(scene.told[0].progress, "");
	scene_close(&scene);
}

static void test_policies(void **state)
{
	static const struct {
		const char *policy, *image;
		bool has_build, there;
		bool asked, pulled;
	} cases[] = {
		{NULL, "a", false, false, true, true},
		{"missing", "a", false, false, true, true},
		{"if_not_present", "a", false, false, true, true},
		{"missing", "a", false, true, true, false},
		{"always", "a", false, true, false, true},
		{"never", "a", false, false, false, false},
		{"build", "a", false, false, false, false},
		{NULL, "a", true, false, false, false},
		{"always", "a", true, false, false, false},
		{NULL, NULL, true, false, false, false},
		{"daily", "a", false, false, true, true},
		{NULL, "@", false, false, false, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct scene scene;

		pull_open(&scene, 1);
		scene.service[0].image = cases[i].image;
		scene.service[0].pull_policy = cases[i].policy;
		scene.service[0].has_build = cases[i].has_build;
		if (cases[i].there)
			docker_play_route(scene.play, "GET", ASKED, 200, "{}");
		docker_play_route(scene.play, "POST", PULLED, 200, "{}");
		begin(&scene);
		assert_int_equal(scene.engine.pull != NULL, cases[i].asked || cases[i].pulled);
		if (scene.engine.pull != NULL)
			scene_await_pulled(&scene);
		assert_int_equal(docker_play_count(scene.play, "GET", ASKED), cases[i].asked);
		assert_int_equal(docker_play_count(scene.play, "POST", PULLED), cases[i].pulled);
		scene_close(&scene);
	}
}

static void test_one_image_of_two_services(void **state)
{
	struct scene scene;
	struct docker_play_call *call;

	(void)state;
	pull_open(&scene, 3);
	scene.service[0].image = scene.service[2].image = "shop/api:1.2";
	scene.service[0].platform = scene.service[2].platform = "linux/arm64";
	scene.service[1].image = "redis";
	docker_play_route(scene.play, "GET", "/images/redis/json", 200, "{}");
	begin(&scene);
	call = await_pull(&scene, 1);
	assert_string_equal(docker_play_path(call),
			    "/images/create?fromImage=shop%2Fapi&tag=1.2&platform=linux%2Farm64");
	docker_play_end(call);
	scene_await_pulled(&scene);
	assert_string_equal(scene.told[0].progress, "pulling 0/0 shop/api:1.2;-;");
	assert_string_equal(scene.told[2].progress, scene.told[0].progress);
	assert_string_equal(scene.told[1].progress, "");
	assert_int_equal(docker_play_count(scene.play, "POST", PULLED), 1);
	scene_close(&scene);
}

/* Told of bytes over all layers, and again only after a while: of what comes at once only the first. */
static void test_progress(void **state)
{
	const int64_t limit_ms = children_now_ms() + CHILDREN_DEADLINE_MS;
	struct scene scene;
	struct docker_play_call *call;

	(void)state;
	pull_open(&scene, 1);
	scene.service[0].image = "redis";
	begin(&scene);
	call = await_pull(&scene, 1);
	assert_string_equal(docker_play_path(call), "/images/create?fromImage=redis&tag=latest");
	docker_play_send_text(call, "{\"status\":\"Pulling from library/redis\",\"id\":\"latest\"}\r\n"
				    "{\"status\":\"Pulling fs layer\",\"progressDetail\":{},\"id\":\"aa\"}\r\n");
	for (int i = 1; strstr(scene.told[0].progress, "/3000") == NULL; i++) {
		char line[120];

		snprintf(line, sizeof(line),
			 "{\"status\":\"Downloading\",\"progressDetail\":{\"current\":%d,\"total\":3000},\"id\":\"aa\"}"
			 "\n",
			 i % 3000);
		docker_play_send_text(call, line);
		event_base_loop(scene.base, EVLOOP_ONCE);
		assert_true(children_now_ms() < limit_ms);
	}
	scene_await_progress(&scene, 0, "/3000 redis;");
	/* 100 ms in between: of the many before, none. */
	assert_memory_equal(scene.told[0].progress, "pulling 0/0 redis;pulling ", 26);
	docker_play_end(call);
	scene_await_pulled(&scene);
	assert_non_null(strstr(scene.told[0].progress, "redis;-;"));
	scene_close(&scene);
}

/* The Compose program says in its own words what is wrong; the others are not kept from going on. */
/* It is no end: the Compose program tries once more, and says what is to be said. */
static void test_one_that_cannot_be_had(void **state)
{
	static const char *const ends[] = {"{\"errorDetail\":{\"message\":\"no\"},\"error\":\"no\"}\n", "nonsense", ""};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct scene scene;
		struct docker_play_call *call;

		pull_open(&scene, 2);
		scene.service[0].image = "a";
		scene.service[1].image = "b";
		docker_play_route(scene.play, "POST", "/images/create?fromImage=b*", 500, "{\"message\":\"no\"}");
		begin(&scene);
		docker_play_await(scene.play, "POST", "/images/create?fromImage=a*", 1);
		call = docker_play_last(scene.play, "POST", "/images/create?fromImage=a*");
		docker_play_stream(call);
		docker_play_send_text(call, ends[i]);
		if (*ends[i] != '\0')
			docker_play_end(call);
		else
			docker_play_hang_up(call);
		scene_await_pulled(&scene);
		assert_string_equal(scene.told[0].progress, "pulling 0/0 a;");
		assert_string_equal(scene.told[1].progress, "pulling 0/0 b;");
		scene_close(&scene);
	}
}

static void test_three_at_once(void **state)
{
	static const char *const images[] = {"a", "b", "c", "d", "e"};
	struct scene scene;

	(void)state;
	pull_open(&scene, 5);
	for (size_t i = 0; i < 5; i++)
		scene.service[i].image = images[i];
	begin(&scene);
	docker_play_await(scene.play, "POST", PULLED, 3);
	for (int i = 0; i < 20; i++)
		event_base_loop(scene.base, EVLOOP_NONBLOCK);
	assert_int_equal(docker_play_count(scene.play, "POST", PULLED), 3);
	/* Those that wait are told as well. */
	assert_string_equal(scene.told[4].progress, "pulling 0/0 e;");
	docker_play_answer(docker_play_last(scene.play, "POST", PULLED), 200, NULL);
	docker_play_await(scene.play, "POST", PULLED, 4);
	/* Nobody wants them any more: the connections are closed, which ends the work. */
	compose_pull_cancel(scene.engine.pull);
	scene.engine.pull = NULL;
	assert_int_equal(scene.pulled, 0);
	scene_close(&scene);
}

static void test_engine_goes_away(void **state)
{
	struct scene scene;

	(void)state;
	pull_open(&scene, 2);
	scene.service[0].image = "a";
	scene.service[1].image = "b";
	begin(&scene);
	docker_play_await(scene.play, "POST", PULLED, 2);
	docker_play_away(scene.play, false);
	scene_await_pulled(&scene);
	scene_close(&scene);
}

/* ---- Who asks ---- */

/* What the header says, unpacked; the caller frees. */
static char *header_of(const struct docker_play_call *call)
{
	const char *at = strcasestr(docker_play_head(call), "\r\nX-Registry-Auth: ");
	char *code, *text;
	size_t size_bytes;

	if (at == NULL)
		return strdup("");
	code = strndup(at + 19, strcspn(at + 19, "\r"));
	text = base64_decode(code, &size_bytes);
	free(code);
	return text;
}

static void write_text(const char *folder, const char *name, const char *text, mode_t mode)
{
	char path[200];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
	assert_int_equal(chmod(path, mode), 0);
}

/* The one child that this process has; 0: none. */
static pid_t only_child(void)
{
	char path[64], text[64] = "";
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/task/%d/children", (int)getpid());
	file = fopen(path, "r");
	assert_non_null(file);
	(void)!fgets(text, sizeof(text), file);
	fclose(file);
	return (pid_t)atoi(text);
}

static void test_who_asks(void **state)
{
	static const struct {
		const char *config, *helper, *wanted;
	} cases[] = {
		{"{\"auths\":{\"127.0.0.1:5000\":{\"auth\":\"YW5uZTpzZWNyZXQ=\"}}}", "exit 1",
		 "{\"username\":\"anne\",\"password\":\"secret\",\"serveraddress\":\"127.0.0.1:5000\"}"},
		{"{\"credHelpers\":{\"127.0.0.1:5000\":\"test\"}}",
		 "read server; [ \"$1\" = get ] && echo "
		 "\"{\\\"ServerURL\\\":\\\"$server\\\",\\\"Username\\\":\\\"bob\\\","
		 "\\\"Secret\\\":\\\"$server?\\\"}\"",
		 "{\"username\":\"bob\",\"password\":\"127.0.0.1:5000?\",\"serveraddress\":\"127.0.0.1:5000\"}"},
		{"{\"credsStore\":\"test\"}", "echo credentials not found in native keychain; exit 1", ""},
		{"{\"credsStore\":\"not-there\"}", "exit 1", ""},
		{"{}", "exit 1", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char *folder = children_make_folder(), helper[300], path[200];
		struct docker_play_call *call;
		struct scene scene;
		char *header;

		snprintf(helper, sizeof(helper), "#!/bin/sh\n%s\n", cases[i].helper);
		write_text(folder, "config.json", cases[i].config, 0600);
		write_text(folder, "docker-credential-test", helper, 0700);
		pull_open(&scene, 1);
		snprintf(path, sizeof(path), "%s:/bin:/usr/bin", folder);
		strmap_set(&scene.environment, "PATH", path);
		strmap_set(&scene.environment, "DOCKER_CONFIG", folder);
		scene.service[0].image = "127.0.0.1:5000/a";
		begin(&scene);
		call = docker_play_await(scene.play, "POST", PULLED, 1);
		header = header_of(call);
		assert_string_equal(header, cases[i].wanted);
		free(header);
		docker_play_answer(call, 200, NULL);
		scene_await_pulled(&scene);
		scene_close(&scene);
		while (waitpid(-1, NULL, 0) > 0)
			;
		children_remove_folder(folder);
	}
}

/* A program that knows passwords is a child of ours, known as such until it was reaped; it ends with the pull. */
static void test_helper_is_known(void **state)
{
	char *folder = children_make_folder(), path[200];
	struct scene scene;
	siginfo_t info;
	pid_t pid;

	(void)state;
	write_text(folder, "config.json", "{\"credsStore\":\"test\"}", 0600);
	write_text(folder, "docker-credential-test", "#!/bin/sh\nexec sleep 1000\n", 0700);
	pull_open(&scene, 1);
	snprintf(path, sizeof(path), "%s:/bin:/usr/bin", folder);
	strmap_set(&scene.environment, "PATH", path);
	strmap_set(&scene.environment, "DOCKER_CONFIG", folder);
	scene.service[0].image = "a";
	docker_play_route(scene.play, "GET", ASKED, 404, NULL);
	begin(&scene);
	scene_await_progress(&scene, 0, "pulling");
	pid = only_child();
	assert_true(pid > 0);
	assert_true(compose_pull_owns(scene.engine.pull, pid));
	assert_false(compose_pull_owns(scene.engine.pull, getpid()));
	assert_false(compose_pull_owns(NULL, pid));
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED), 0);
	assert_true(compose_pull_reaped(scene.engine.pull, pid));
	assert_false(compose_pull_reaped(scene.engine.pull, pid));
	assert_false(compose_pull_owns(scene.engine.pull, pid));
	/* It has said nothing: asked without. */
	docker_play_await(scene.play, "POST", PULLED, 1);
	scene_close(&scene);
	children_remove_folder(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_there_is_not_pulled),
		cmocka_unit_test(test_policies),
		cmocka_unit_test(test_one_image_of_two_services),
		cmocka_unit_test(test_progress),
		cmocka_unit_test(test_one_that_cannot_be_had),
		cmocka_unit_test(test_three_at_once),
		cmocka_unit_test(test_engine_goes_away),
		cmocka_unit_test(test_who_asks),
		cmocka_unit_test(test_helper_is_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
