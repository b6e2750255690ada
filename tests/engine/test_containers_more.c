/* SPDX-License-Identifier: MIT */
/*
 * What containers bring with them: images that are pulled or built before they run, output that their engine keeps and tells the time of, what
 * they use, and terminals.
 */
#include "tests/lib/container_scene.h"
#include "tests/lib/registry_play.h"
#include "tests/lib/run.h"
#include "tests/lib/stack_run.h"

#include <cjson/cJSON.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define FLOOD_LINES 50000

static struct container_scene scene;
static struct registry_play *registry;

static int end_group(void **state)
{
	(void)state;
	engine_run_end(&scene.engine);
	return 0;
}

static int stop_registry(void **state)
{
	(void)state;
	registry_play_stop(registry);
	registry = NULL;
	return 0;
}

/* ---- Images that are pulled ---- */

/* After the engine: the port is one of its network namespace. `config` of Docker's own with these credentials (NULL: none). */
static void begin_pull(const struct registry_options *options, const char *credentials)
{
	char *text = NULL;

	container_scene_begin(&scene, "services: {}\n");
	registry = registry_play_start(options);
	assert_true(asprintf(&text,
			     "name: pulled\n"
			     "services:\n"
			     "  far: {image: '%s', init: true, stop_grace_period: 1s}\n",
			     registry_play_image(registry)) > 0);
	world_write(&scene.world, "compose.yaml", text);
	free(text);
	if (credentials == NULL)
		return;
	assert_true(asprintf(&text, "{\"auths\": {\"%s\": {\"auth\": \"%s\"}}}", registry_play_address(registry),
			     credentials) > 0);
	world_write(&scene.world, "docker/config.json", text);
	free(text);
	world_setenv(&scene.world, "DOCKER_CONFIG", world_path(&scene.world, "docker"));
}

static struct registry_file busybox(void)
{
	static char bytes[4u << 20];
	static size_t size_bytes;
	FILE *file = size_bytes == 0 ? fopen("/bin/busybox", "re") : NULL;

	if (file != NULL) {
		size_bytes = fread(bytes, 1, sizeof bytes, file);
		fclose(file);
	}
	assert_in_range(size_bytes, 1, sizeof bytes - 1);
	return (struct registry_file){.name = "bin/busybox", .bytes = bytes, .size_bytes = size_bytes, .mode = 0755};
}

/* How far it is comes by the event stream while it is on its way, and then it runs. */
static void test_pulled(void **state)
{
	static const char *const up[] = {"upfront", "--plain", "up", "-d", "--wait", NULL};
	const struct run_options options = {.argv = up};
	const struct registry_file file = busybox();
	const struct registry_options played = {.repository = "far/away",
						.tag = "7",
						.files = &file,
						.file_count = 1,
						.padding_bytes = 2u << 20,
						.command = "[\"/bin/busybox\",\"sleep\",\"1000\"]",
						.piece_bytes = 64u << 10,
						.pause_ms = 100};
	struct run run;

	(void)state;
	begin_pull(&played, NULL);
	run_begin(&run, &scene.world, &options);
	run_expect(&run, "pull");
	container_scene_wait_for(&scene, "ps --json", "\"work\":\"pulling\"");
	container_scene_says(&scene, 0, "ps", "pulling");
	registry_play_hurry(registry);
	run_wait(&run);
	run_assert_code(&run, 0);
	run_finish(&run);
	container_scene_wait(&scene, "far", "state", "running");
	stack_end(&scene.world, 1);
	container_scene_end(&scene, "pulled");
}

static void test_pulled_with_credentials(void **state)
{
	const struct registry_file file = busybox();
	const struct registry_options played = {.repository = "far/shop",
						.tag = "1",
						.files = &file,
						.file_count = 1,
						.command = "[\"/bin/busybox\",\"sleep\",\"1000\"]",
						.user = "shop",
						.password = "secret"};

	(void)state;
	begin_pull(&played, "c2hvcDpzZWNyZXQ=");
	stack_begin_ready(&scene.world, NULL);
	assert_true(registry_play_blobs(registry) > 0);
	stack_end(&scene.world, 1);
	container_scene_end(&scene, "pulled");
}

static void test_pulled_with_wrong_credentials(void **state)
{
	const struct registry_file file = busybox();
	const struct registry_options played = {.repository = "far/shut",
						.tag = "1",
						.files = &file,
						.file_count = 1,
						.user = "shop",
						.password = "secret"};
	struct run run;

	(void)state;
	begin_pull(&played, "c2hvcDp3cm9uZy1vbmU=");
	run_upfront(&run, &scene.world, "up", "-d", "--wait", NULL);
	run_assert_code(&run, 4);
	run_assert_says(&run, registry_play_image(registry));
	run_assert_says(&run, "hint: ");
	run_assert_says(&run, "login");
	run_assert_silent(&run, "wrong-one");
	run_assert_silent(&run, "c2hvcDp3cm9uZy1vbmU=");
	run_finish(&run);
	assert_true(registry_play_refused(registry) > 0);
	assert_int_equal(registry_play_blobs(registry), 0);
	world_wait_gone(&scene.world, "", 3000);
	container_scene_end(&scene, "pulled");
}

/* ---- Images that are built ---- */

static const char built_text[] = "name: built\n"
				 "services:\n"
				 "  made:\n"
				 "    build: {context: ./made}\n"
				 "    init: true\n"
				 "    stop_grace_period: 1s\n";

/* Who connects is kept waiting until this is closed. */
static int open_gate(int *port)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_ANY)};
	socklen_t size = sizeof at;
	const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
	assert_int_equal(listen(fd, 4), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &size), 0);
	*port = ntohs(at.sin_port);
	return fd;
}

static void test_built(void **state)
{
	static const char *const up[] = {"upfront", "--plain", "up", "-d", "--wait", NULL};
	const struct run_options options = {.argv = up};
	struct run run;
	int port, gate;
	char *text;

	(void)state;
	container_scene_begin(&scene, built_text);
	gate = open_gate(&port);
	assert_true(asprintf(&text,
			     "FROM parcel/box:1.4\n"
			     "RUN nc %s %d </dev/null; echo at work >/work\n"
			     "CMD [\"sh\", \"-c\", \"cat /work; exec sleep 1000\"]\n",
			     ENGINE_BRIDGE, port) > 0);
	world_write(&scene.world, "made/Dockerfile", text);
	free(text);
	run_begin(&run, &scene.world, &options);
	run_expect(&run, "build");
	/* Of three, or of two where the builder does not count CMD. */
	container_scene_wait_for(&scene, "ps --json", "\"work\":\"building\",\"done\":1,\"total\":");
	container_scene_says(&scene, 0, "ps", "building");
	close(gate);
	run_wait(&run);
	run_assert_code(&run, 0);
	run_finish(&run);
	container_scene_wait_for(&scene, "logs --no-log-prefix made", "at work\n");
	stack_end(&scene.world, 1);
	container_scene_end(&scene, "built");
}

static const char vain_text[] = "name: vain\n"
				"services:\n"
				"  torn: {build: ./torn}\n";

/* What the failing step wrote is what helps. */
static void test_built_in_vain(void **state)
{
	struct run run;

	(void)state;
	container_scene_begin(&scene, vain_text);
	world_write(&scene.world, "torn/Dockerfile",
		    "FROM parcel/box:1.4\n"
		    "RUN echo the oven is cold >&2; exit 3\n");
	run_upfront(&run, &scene.world, "up", "-d", "--wait", NULL);
	run_assert_code(&run, 1);
	run_assert_says(&run, "torn");
	run_assert_says(&run, "its image cannot be built: in 'RUN echo the oven");
	run_assert_says(&run, "the oven is cold");
	run_finish(&run);
	world_wait_gone(&scene.world, "", 3000);
	container_scene_end(&scene, "vain");
}

/* ---- What they write ---- */

static const char counts_text[] =
	"name: counts\n"
	"services:\n"
	"  count:\n"
	"    image: parcel/box:1.4\n"
	"    init: true\n"
	"    restart: always\n"
	"    stop_grace_period: 1s\n"
	"    command:\n"
	"    - sh\n"
	"    - -c\n"
	"    - 'i=0; while :; do echo line $$i; echo bad $$i >&2; i=$$((i+1)); sleep 0.02; done'\n"
	"  stays: {image: 'parcel/box:1.4', init: true, restart: always, command: sleep 1000}\n";

/* How often a line stands in what was written. */
static size_t count_lines(const char *text, const char *line)
{
	const size_t size = strlen(line);
	size_t count = 0;

	for (const char *at = text; *at != '\0'; at += strcspn(at, "\n") + 1) {
		count += strncmp(at, line, size) == 0 && at[size] == '\n';
		if (strchr(at, '\n') == NULL)
			break;
	}
	return count;
}

static void wait_for_run(size_t run)
{
	const int64_t since_ms = world_now_ms();

	for (;;) {
		char *text = container_scene_upfront(&scene, 0, "logs --no-log-prefix count");
		const size_t count = count_lines(text, "line 5");

		free(text);
		if (count == run)
			return;
		assert_true(count < run);
		world_pause(since_ms, CONTAINER_LIMIT_MS, "the next run to have written");
	}
}

/* The lines of one stream as `logs --json` tells them, and the time of the first; the caller frees. */
static char *lines_of(const char *all, const char *stream, int64_t *first_ms)
{
	char *text = calloc(1, strlen(all) + 1), *copy = strdup(all), *rest = copy;
	size_t used = 0;

	assert_true(text != NULL && copy != NULL);
	for (char *line; (line = strsep(&rest, "\n")) != NULL && *line != '\0';) {
		cJSON *object = cJSON_Parse(line);

		if (strcmp(cJSON_GetStringValue(cJSON_GetObjectItem(object, "stream")), stream) == 0) {
			const char *said = cJSON_GetStringValue(cJSON_GetObjectItem(object, "text"));

			if (used == 0)
				*first_ms = (int64_t)cJSON_GetObjectItem(object, "time_ms")->valuedouble;
			used += (size_t)sprintf(text + used, "%s\n", said);
		}
		cJSON_Delete(object);
	}
	free(copy);
	return text;
}

static int64_t time_of(const char *text)
{
	struct tm at = {.tm_year = 0};
	const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &at);

	assert_non_null(rest);
	assert_int_equal(*rest, '.');
	return (int64_t)timegm(&at) * 1000 + strtol((char[]){rest[1], rest[2], rest[3], '\0'}, NULL, 10);
}

static void assert_same_as_engine(const char *all, const char *stream, const char *take)
{
	char *engine, *text;
	int64_t first_ms = 0;

	text = lines_of(all, stream, &first_ms);
	engine = engine_run_docker(
		&scene.engine, "logs $(docker ps -aq --filter label=com.docker.compose.service=count) %s | cat", take);
	if (strcmp(text, engine) != 0)
		fail_msg("%s: the engine kept:\n%s\nand upfront shows:\n%s", stream, engine, text);
	free(engine);
	engine = engine_run_docker(
		&scene.engine,
		"logs -t $(docker ps -aq --filter label=com.docker.compose.service=count) %s | head -n 1", take);
	assert_int_equal(time_of(engine), first_ms);
	free(engine);
	free(text);
}

/*
 * Word for word what the engine kept, of each stream and with the engine's times, from the start, through a restart of the container and one
 * of the engine: nothing lost, nothing twice.
 */
static void test_logs(void **state)
{
	char *pid, *all;

	(void)state;
	container_scene_begin(&scene, counts_text);
	stack_begin_ready(&scene.world, NULL);
	wait_for_run(1);
	pid = container_scene_inspect(&scene, "count", "{{.State.Pid}}");
	assert_int_equal(kill((pid_t)strtol(pid, NULL, 10), SIGKILL), 0);
	free(pid);
	wait_for_run(2);
	engine_run_kill(&scene.engine);
	engine_run_start(&scene.engine);
	wait_for_run(3);
	free(engine_run_docker(&scene.engine,
			       "stop -t 1 $(docker ps -q --filter label=com.docker.compose.service=count)"));
	container_scene_wait(&scene, "count", "state", "failed");
	all = container_scene_upfront(&scene, 0, "logs --json count");
	assert_same_as_engine(all, "stdout", "2>/dev/null");
	assert_same_as_engine(all, "stderr", "2>&1 >/dev/null");
	free(all);
	stack_end(&scene.world, 1);
	container_scene_end(&scene, "counts");
}

static void test_flood(void **state)
{
	char *text, *at;

	(void)state;
	container_scene_begin(&scene, "name: flood\n"
				      "services:\n"
				      "  flood:\n"
				      "    image: parcel/box:1.4\n"
				      "    command: [sh, -c, 'seq 50000']\n"
				      "  stays: {image: 'parcel/box:1.4', init: true, command: sleep 1000}\n");
	stack_begin_ready(&scene.world, NULL);
	container_scene_wait(&scene, "flood", "state", "completed");
	container_scene_wait_for(&scene, "logs --tail 1 flood", "50000\n");
	text = at = container_scene_upfront(&scene, 0, "logs --no-log-prefix flood");
	for (int i = 1; i <= FLOOD_LINES; i++) {
		char wanted[64];
		const int size = snprintf(wanted, sizeof wanted, "%d\n", i);

		if (strncmp(at, wanted, (size_t)size) != 0)
			fail_msg("in place of line %d: %.60s", i, at);
		at += size;
	}
	assert_string_equal(at, "");
	free(text);
	stack_end(&scene.world, 1);
	container_scene_end(&scene, "flood");
}

/* ---- What they use ---- */

static double used(const cJSON *answer, const char *unit, const char *what)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, cJSON_GetObjectItem(answer, "units"))
	{
		if (strcmp(cJSON_GetStringValue(cJSON_GetObjectItem(item, "name")), unit) == 0)
			return cJSON_GetNumberValue(cJSON_GetObjectItem(item, what));
	}
	fail_msg("top knows no '%s'", unit);
	return -1;
}

static void test_used(void **state)
{
	const int64_t since_ms = world_now_ms();
	bool well = false;

	(void)state;
	container_scene_begin(&scene, "name: used\n"
				      "services:\n"
				      "  busy:\n"
				      "    image: parcel/box:1.4\n"
				      "    init: true\n"
				      "    stop_grace_period: 1s\n"
				      "    command: [sh, -c, 'while :; do :; done']\n"
				      "  idle: {image: 'parcel/box:1.4', init: true, command: sleep 1000}\n");
	stack_begin_ready(&scene.world, NULL);
	while (!well) {
		char *text = container_scene_upfront(&scene, 0, "top --json");
		cJSON *answer = cJSON_Parse(text);

		well = used(answer, "busy", "rss_bytes") > 0 && used(answer, "idle", "rss_bytes") > 0 &&
		       used(answer, "busy", "cpu_percent") > 1 &&
		       used(answer, "busy", "cpu_percent") > used(answer, "idle", "cpu_percent");
		cJSON_Delete(answer);
		free(text);
		world_pause(since_ms, CONTAINER_LIMIT_MS, "top to tell what containers use");
	}
	container_scene_says(&scene, 0, "ps", "busy");
	container_scene_says(&scene, 0, "ps", "parcel/box:1.4");
	stack_end(&scene.world, 1);
	container_scene_end(&scene, "used");
}

/* ---- Terminals ---- */

static void test_terminal(void **state)
{
	const struct run_options options = {.argv = (const char *const[]){"upfront", "attach", "shell", NULL},
					    .terminal = true,
					    .columns = 90,
					    .rows = 20};
	struct winsize size = {.ws_row = 33, .ws_col = 77};
	struct run run;

	(void)state;
	container_scene_begin(&scene, "name: typed\n"
				      "services:\n"
				      "  shell:\n"
				      "    image: parcel/box:1.4\n"
				      "    init: true\n"
				      "    tty: true\n"
				      "    stdin_open: true\n"
				      "    stop_grace_period: 1s\n"
				      "    command: [sh]\n");
	stack_begin_ready(&scene.world, NULL);
	run_begin(&run, &scene.world, &options);
	run_expect(&run, "attached to shell");
	run_forget(&run);
	run_type(&run, "echo a$((40+2))b\r");
	run_expect(&run, "echo a$((40+2))b");
	run_expect(&run, "a42b");
	run_type(&run, "stty size\r");
	run_expect(&run, "20 90");
	assert_int_equal(ioctl(run.out_fd, TIOCSWINSZ, &size), 0);
	run_press(&run, "stty size\r", "33 77");
	run_type(&run, "\035");
	run_wait(&run);
	run_assert_code(&run, 0);
	run_finish(&run);
	container_scene_wait(&scene, "shell", "state", "running");
	stack_end(&scene.world, 1);
	container_scene_end(&scene, "typed");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_pulled, stop_registry),
		cmocka_unit_test_teardown(test_pulled_with_credentials, stop_registry),
		cmocka_unit_test_teardown(test_pulled_with_wrong_credentials, stop_registry),
		cmocka_unit_test(test_built),
		cmocka_unit_test(test_built_in_vain),
		cmocka_unit_test(test_logs),
		cmocka_unit_test(test_flood),
		cmocka_unit_test(test_used),
		cmocka_unit_test(test_terminal),
	};

	return cmocka_run_group_tests_name("more of containers", tests, NULL, end_group);
}
