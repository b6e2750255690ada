/* SPDX-License-Identifier: MIT */
/*
 * A supervisor whose stack is up has no memory left for a moment: whatever it was about to do - restart a service, ask a probe, answer
 * a client, tell of a change, keep a line - the services go on, and soon all is as it should be. One stack meets one fault after the
 * other: the nth allocation from a moment on, or so many in a row.
 */
#include "tests/lib/fault.h"
#include "tests/lib/run.h"

#include <cjson/cJSON.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* Nobody touches `keep`; `web` is killed, `api` goes along with it; `talk` writes until its log is rotated. */
static const char stack_text[] =
	"services:\n"
	"  keep: {command: sleep 1001, restart: 'no'}\n"
	"  web:\n"
	"    command: sh -c 'echo web is well; exec sleep 1002'\n"
	"    restart: always\n"
	"    x-upfront: {ready: {log: well, timeout: 300s}, backoff: {initial: 1ms, max: 1ms}}\n"
	"  api:\n"
	"    command: sh -c 'setsid -f sleep 1004; exec sleep 1003'\n"
	"    restart: always\n"
	"    depends_on: {web: {condition: service_healthy}}\n"
	"    x-upfront: {ready: {exec: [/bin/true], interval: 100ms, retries: 2}, backoff: {initial: 1ms, max: 1ms}}\n"
	"  talk:\n"
	"    command: sh -c 'while :; do echo 0123456789 0123456789 0123456789 0123456789; sleep 0.01; done'\n"
	"    x-upfront: {log: {max_size: 1k, max_files: 2}}\n";

#define FROM "../fault-from"

/* From here on the nth allocation fails; 0: none. */
static void fail_from_now_on(const struct fault_scene *scene, unsigned nth)
{
	char text[16], path[WORLD_PATH_MAX];

	snprintf(text, sizeof(text), "%u", nth);
	snprintf(path, sizeof(path), "%s", world_path(&scene->world, FROM ".new"));
	world_write(&scene->world, FROM ".new", text);
	assert_int_equal(rename(path, world_path(&scene->world, FROM)), 0);
}

/* The pid of a service that is in this state; 0 when it is not, or cannot be told right now. */
static pid_t pid_of(const struct fault_scene *scene, const char *name, const char *wanted)
{
	const cJSON *unit;
	pid_t found = 0;
	struct run run;
	cJSON *units;

	run_upfront(&run, &scene->world, "ps", "--json", NULL);
	units = cJSON_Parse(run.out.bytes);
	cJSON_ArrayForEach(unit, cJSON_GetObjectItem(units, "services"))
	{
		const char *own = cJSON_GetStringValue(cJSON_GetObjectItem(unit, "name"));
		const char *state = cJSON_GetStringValue(cJSON_GetObjectItem(unit, "state"));

		if (own != NULL && state != NULL && strcmp(own, name) == 0 && strcmp(state, wanted) == 0)
			found = (pid_t)cJSON_GetNumberValue(cJSON_GetObjectItem(unit, "pid"));
	}
	cJSON_Delete(units);
	run_finish(&run);
	return found;
}

/* In this state, and by another process than `old`. */
static pid_t await(const struct fault_scene *scene, const char *name, const char *state, pid_t old)
{
	int64_t since = world_now_ms();
	pid_t pid;

	while ((pid = pid_of(scene, name, state)) == 0 || pid == old)
		world_pause(since, RUN_DEADLINE_MS, name);
	return pid;
}

struct pids {
	pid_t keep, web, api, talk;
};

/* What happens while memory is short; what cannot be answered then is asked again later. */
static void disturb(const struct fault_scene *scene, const struct pids *pids)
{
	struct run run;

	kill(pids->web, SIGKILL);
	kill(pids->api, SIGKILL);
	run_upfront(&run, &scene->world, "ps", NULL);
	run_finish(&run);
	run_upfront(&run, &scene->world, "logs", "--tail", "5", "web", NULL);
	run_finish(&run);
}

/* True when the fault was met. */
static bool play_nth(struct fault_scene *scene, struct pids *pids, unsigned nth)
{
	size_t before = fault_hits(scene, 0);
	int64_t since;

	if (getenv("FAULT_SHOW") != NULL)
		print_message("allocation %u\n", nth);
	fail_from_now_on(scene, nth);
	disturb(scene, pids);
	pids->web = await(scene, "web", "ready", pids->web);
	pids->api = await(scene, "api", "ready", pids->api);
	fail_from_now_on(scene, 0);
	assert_int_equal(await(scene, "keep", "running", 0), pids->keep);
	assert_int_equal(await(scene, "talk", "running", 0), pids->talk);
	/* What the last run had left behind has gone before the next one began; its shell has that in its command line too. */
	since = world_now_ms();
	while (world_processes(&scene->world, "sleep 1004", NULL, 0) != 1)
		world_pause(since, RUN_DEADLINE_MS, "one 'sleep 1004'");
	return fault_hits(scene, 0) > before;
}

static void play(struct fault_scene *scene)
{
	const unsigned step = fault_full() ? 1 : 23;
	struct pids pids = {0};

	fault_write_stack(scene, stack_text);
	world_setenv(&scene->world, "FAULT_FROM", world_path(&scene->world, FROM));
	fault_set(scene, scene->fault->fault);
	fault_upfront(scene, 0, "up", "-d", "--wait", NULL);
	pids = (struct pids){await(scene, "keep", "running", 0), await(scene, "web", "ready", 0),
			     await(scene, "api", "ready", 0), await(scene, "talk", "running", 0)};
	assert_true(play_nth(scene, &pids, 1));
	for (unsigned nth = 1 + step; nth < 400 && play_nth(scene, &pids, nth); nth += step)
		;
	fault_upfront(scene, 0, "down", NULL);
	fault_assert_nothing_left(scene);
	fault_assert_recovered(scene);
}

static const struct fault_case table[] = {
	FAULT("memory-once", "one allocation fails while the stack is up", "services go on, all is well again", play,
	      .fault = "malloc:ENOMEM:1@supervisor"),
	FAULT("memory-some", "7 allocations fail while the stack is up", "services go on, all is well again", play,
	      .fault = "malloc:ENOMEM:1:7@supervisor"),
	FAULT("memory-long", "60 allocations fail while the stack is up", "services go on, all is well again", play,
	      .fault = "malloc:ENOMEM:1:60@supervisor"),
};

int main(int argc, char **argv)
{
	return fault_main(table, sizeof(table) / sizeof(*table), argc, argv);
}
