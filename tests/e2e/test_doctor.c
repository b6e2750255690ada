/* SPDX-License-Identifier: MIT */
/* `upfront doctor`: finds what a start would fail for, says what mends it, and leaves everything as it was: nothing runs, nothing is made. */
#include "tests/lib/run.h"
#include "tests/lib/world.h"

#include <arpa/inet.h>
#include <cjson/cJSON.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static void doctor(struct run *run, const struct world *world, const char *option)
{
	run_upfront(run, world, "doctor", option, NULL);
}

/* The rows of a check, which the caller deletes with the whole. */
static cJSON *examine(const struct world *world, int code)
{
	struct run run;
	cJSON *root;

	doctor(&run, world, "--json");
	run_assert_code(&run, code);
	root = cJSON_Parse(run.out.bytes);
	assert_non_null(root);
	run_finish(&run);
	return root;
}

static const cJSON *find(const cJSON *root, const char *check, const char *subject)
{
	const cJSON *row;

	cJSON_ArrayForEach(row, cJSON_GetObjectItemCaseSensitive(root, "checks"))
	{
		const char *of = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(row, "subject"));

		if (strcmp(cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(row, "check")), check) == 0 &&
		    (subject == NULL || (of != NULL && strcmp(of, subject) == 0)))
			return row;
	}
	fail_msg("no row '%s %s'", check, subject != NULL ? subject : "");
	return NULL;
}

static void expect(const cJSON *root, const char *check, const char *subject, const char *state, const char *found)
{
	const cJSON *row = find(root, check, subject);
	const char *is = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(row, "state"));
	const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(row, "found"));

	if (strcmp(is, state) != 0 || strstr(text, found) == NULL)
		fail_msg("%s %s: %s: %s", check, subject != NULL ? subject : "", is, text);
	/* Whatever is not as it should be has its mend. */
	if (strcmp(state, "missing") == 0)
		assert_true(cJSON_IsString(cJSON_GetObjectItemCaseSensitive(row, "hint")));
}

static void test_a_stack_that_can_start(void **state)
{
	struct world *world = *state;
	struct run run;
	cJSON *root;

	world_write(world, "compose.yaml",
		    "x-upfront: {setup: [{key: COLOUR, ask: Colour}], files: [{from: a.in, to: a.conf}]}\n"
		    "services:\n"
		    "  web:\n"
		    "    command: [sh, -c, ': >ran; exec sleep 1001']\n"
		    "    x-upfront: {version: {exec: [sh, -c, ': >ran'], pattern: x}, ready: {exec: [sh, -c, ': "
		    ">ran']}}\n");
	world_write(world, ".env", "COLOUR=green\n");
	world_write(world, "a.in", "text\n");
	root = examine(world, 0);
	assert_int_equal(cJSON_GetObjectItemCaseSensitive(root, "missing")->valueint, 0);
	expect(root, "kernel", NULL, "ok", "Linux");
	expect(root, "stack_file", NULL, "ok", "1 on this machine, 0 in containers");
	expect(root, "state_folder", NULL, "ok", "to be made");
	expect(root, "service", "web", "ok", "a line for sh");
	expect(root, "setup", NULL, "ok", "every question has an answer");
	expect(root, "file", "a.conf", "ok", "is made from a.in");
	expect(root, "telemetry", NULL, "ok", "the stack declares no telemetry");
	cJSON_Delete(root);
	assert_false(world_has(world, "ran") || world_has(world, "a.conf"));
	assert_int_equal(access(world->state, F_OK), -1);
	doctor(&run, world, "-q");
	run_assert_code(&run, 0);
	assert_string_equal(run.out.bytes, "");
	run_finish(&run);
}

static int listen_on(int *port)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
	*port = ntohs(address.sin_port);
	return fd;
}

static void test_everything_that_is_missing_is_told_with_its_mend(void **state)
{
	struct world *world = *state;
	char text[1536], holder[64];
	struct run run;
	cJSON *root;
	int port, fd = listen_on(&port);

	snprintf(text, sizeof(text),
		 "x-upfront: {setup: [{key: COLOUR, ask: Colour}], files: [{from: no.in, to: no.conf}]}\n"
		 "services:\n"
		 "  gone: {command: no-such-program}\n"
		 "  script: {command: ./script}\n"
		 "  place: {command: 'true', working_dir: /no/such/folder}\n"
		 "  who: {command: 'true', user: no-such-user}\n"
		 "  line: {command: [sh, -c, 'exec no-such-word --x']}\n"
		 "  taken: {command: 'true', ports: ['127.0.0.1:%d:%d']}\n"
		 "  well: {command: 'true'}\n",
		 port, port);
	world_write(world, "compose.yaml", text);
	world_write(world, "script", "#!/no/such/interpreter\n");
	root = examine(world, 4);
	expect(root, "setup", "COLOUR", "missing", "has no answer");
	expect(root, "service", "gone", "missing", "cannot start 'no-such-program': command not found");
	expect(root, "service", "script", "missing", "its interpreter '/no/such/interpreter' is not there");
	expect(root, "service", "place", "missing", "working directory '/no/such/folder' does not exist");
	expect(root, "service", "who", "missing", "there is no user 'no-such-user'");
	expect(root, "service", "line", "warn", "cannot start 'no-such-word': command not found");
	expect(root, "service", "well", "ok", "true");
	snprintf(holder, sizeof(holder), "is in use by test_doctor (pid %d)", (int)getpid());
	expect(root, "port", NULL, "missing", holder);
	expect(root, "file", "no.conf", "missing", "its template no.in cannot be read");
	assert_int_equal(cJSON_GetObjectItemCaseSensitive(root, "missing")->valueint, 7);
	cJSON_Delete(root);
	close(fd);
	/* For one service that lacks nothing nothing of the others counts; but what all of them need does. */
	world_write(world, ".env", "COLOUR=green\n");
	world_write(world, "no.in", "");
	doctor(&run, world, "well");
	run_assert_code(&run, 0);
	run_finish(&run);
	doctor(&run, world, "gone");
	run_assert_code(&run, 4);
	assert_non_null(
		strstr(run.out.bytes, "service gone    missing  cannot start 'no-such-program': command not found\n"));
	assert_non_null(strstr(run.out.bytes, "hint: install it, or write its whole path"));
	assert_string_equal(run.err.bytes, "");
	run_finish(&run);
	doctor(&run, world, "unheard");
	run_assert_code(&run, 2);
	assert_string_equal(run.out.bytes, "");
	run_finish(&run);
}

static void test_a_wrong_stack_file_is_told_as_by_config(void **state)
{
	struct world *world = *state;
	struct run config, run;
	cJSON *root;

	world_write(world, "compose.yaml", "services: {web: {comand: 'true'}}\n");
	run_upfront(&config, world, "config", NULL);
	doctor(&run, world, NULL);
	run_assert_code(&run, 3);
	assert_string_equal(run.err.bytes, config.err.bytes);
	assert_non_null(strstr(run.out.bytes, "kernel"));
	run_finish(&run);
	run_finish(&config);
	root = examine(world, 3);
	expect(root, "stack_file", NULL, "wrong", "comand");
	assert_true(cJSON_IsNull(cJSON_GetObjectItemCaseSensitive(root, "project")));
	cJSON_Delete(root);
	assert_int_equal(remove(world_path(world, "compose.yaml")), 0);
	doctor(&run, world, NULL);
	run_assert_code(&run, 3);
	run_assert_says(&run, "no stack file");
	run_finish(&run);
}

static void test_what_runs_already_holds_its_own_ports(void **state)
{
	struct world *world = *state;
	char text[256], variable[32];
	struct run run;
	cJSON *root;

	snprintf(variable, sizeof(variable), "%d", world_free_port());
	snprintf(text, sizeof(text), "name: one\nservices: {web: {command: %s, ports: ['127.0.0.1:%s:%s']}}\n",
		 "sleep 1001", variable, variable);
	world_write(world, "compose.yaml", text);
	world_write(world, "other/compose.yaml", text);
	run_upfront(&run, world, "up", "-d", NULL);
	run_assert_code(&run, 0);
	run_finish(&run);
	root = examine(world, 0);
	expect(root, "project", "one", "ok", "runs already, from this folder");
	expect(root, "port", NULL, "ok", "declared by this stack, which runs");
	cJSON_Delete(root);
	run_upfront(&run, world, "-C", "other", "doctor", NULL);
	run_assert_code(&run, 4);
	assert_non_null(strstr(run.out.bytes, "runs already, from another folder"));
	run_finish(&run);
	run_upfront(&run, world, "down", NULL);
	run_finish(&run);
}

static void test_folders_that_are_not_ours_alone(void **state)
{
	struct world *world = *state;
	cJSON *root;

	world_write(world, "compose.yaml", "name: one\nservices: {web: {command: sleep 1}}\n");
	world_write(world, "state/upfront/one/x", "");
	assert_int_equal(chmod(world_path(world, "state/upfront/one"), 0777), 0);
	world_setenv(world, "XDG_STATE_HOME", world_path(world, "state"));
	root = examine(world, 4);
	expect(root, "state_folder", NULL, "missing", "others may write to it");
	cJSON_Delete(root);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, world_setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_stack_that_can_start),
		TEST(test_everything_that_is_missing_is_told_with_its_mend),
		TEST(test_a_wrong_stack_file_is_told_as_by_config),
		TEST(test_what_runs_already_holds_its_own_ports),
		TEST(test_folders_that_are_not_ours_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
