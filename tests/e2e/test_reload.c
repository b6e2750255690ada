/* SPDX-License-Identifier: MIT */
/*
 * Another stack file for a stack that runs, and another number of replicas: what did not change keeps its process, the rest becomes
 * what the file says. Asked for at the control socket, as a client does.
 */
#include "tests/lib/ctl_ask.h"
#include "tests/lib/run.h"
#include "tests/lib/world.h"

#include <arpa/inet.h>
#include <cjson/cJSON.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static char socket_path[WORLD_PATH_MAX];

static void begin(struct world *world, const char *text)
{
	struct run run;
	const char *found;

	world_write(world, "compose.yaml", text);
	run_upfront(&run, world, "up", "-d", "--wait", NULL);
	run_assert_code(&run, 0);
	run_finish(&run);
	found = world_search(world, "shop.sock");
	assert_non_null(found);
	snprintf(socket_path, sizeof(socket_path), "%s", found);
}

static void end(struct world *world)
{
	struct run run;

	run_upfront(&run, world, "down", NULL);
	run_assert_code(&run, 0);
	run_finish(&run);
	assert_int_equal(world_processes(world, "sleep", NULL, 0), 0);
}

static void reload(struct world *world, const char *text, const char *body, const char *wanted)
{
	world_write(world, "compose.yaml", text);
	ctl_ask_post(socket_path, "/v1/stack/reload", body, wanted);
}

/* Waits until the unit has a process that is not `old`. */
static int await_other_pid(const char *name, int old)
{
	int64_t since = world_now_ms();
	int pid;

	while ((pid = ctl_ask_pid(socket_path, name)) == 0 || pid == old)
		world_pause(since, RUN_DEADLINE_MS, name);
	return pid;
}

#define DB "  db: {command: sleep 1001}\n"
#define WEB "  web: {command: sleep 1002, depends_on: [db]}\n"
#define HEAD "name: shop\nservices:\n"

static void test_only_what_changed_is_touched(void **state)
{
	struct world *world = *state;
	int db, web;

	begin(world, HEAD DB WEB "  old: {command: sleep 1003}\n");
	db = ctl_ask_pid(socket_path, "db");
	web = ctl_ask_pid(socket_path, "web");
	reload(world, HEAD DB "  web: {command: sleep 1004, depends_on: [db]}\n  new: {command: sleep 1005}\n",
	       "{\"dry_run\":true}",
	       "\"added\":[\"new\"],\"removed\":[\"old\"],\"changed\":[{\"service\":\"web\",\"keys\":[\"command\"]}],"
	       "\"unchanged\":1}");
	assert_int_equal(ctl_ask_pid(socket_path, "web"), web); /* only told */
	ctl_ask_post(socket_path, "/v1/stack/reload", "", "\"added\":[\"new\"]");
	ctl_ask_services(socket_path, "\"name\":\"old\"", false);
	await_other_pid("web", web);
	await_other_pid("new", 0);
	assert_int_equal(ctl_ask_pid(socket_path, "db"), db);
	assert_int_equal(world_processes(world, "sleep 1002", NULL, 0), 0);
	assert_int_equal(world_processes(world, "sleep 1003", NULL, 0), 0);
	/* The same again: there is nothing to do, however it is written. */
	web = ctl_ask_pid(socket_path, "web");
	reload(world,
	       "# another order\n" HEAD "  new: {command: [sleep, '1005']}\n  web: {depends_on: {db: {condition: "
	       "service_started}}, command: sleep 1004}\n" DB,
	       "", "\"added\":[],\"removed\":[],\"changed\":[],\"unchanged\":3}");
	assert_int_equal(ctl_ask_pid(socket_path, "web"), web);
	assert_int_equal(ctl_ask_pid(socket_path, "db"), db);
	end(world);
}

static void test_a_file_with_an_error_changes_nothing(void **state)
{
	static const struct {
		const char *text, *wanted;
	} cases[] = {
		{HEAD "  db: {comand: sleep 1}\n", "\"line\":3,\"column\":8,"},
		{HEAD "  db: {command: sleep 1\n", "HTTP/1.1 400"},
		{HEAD "  db: {command: a, depends_on: [web]}\n  web: {command: b, depends_on: [db]}\n",
		 "dependency cycle: db -> web -> db"},
		{HEAD "  db: {command: a, user: nobody-of-this-name}\n", "nobody-of-this-name"},
		{HEAD "  db: {image: postgres}\n", "needs a container engine"},
		{HEAD "  db: {command: a, scale: 100000}\n", "wanted a number from 0 to 1000"},
		{"name: shop\n", "no services"},
	};
	struct world *world = *state;
	int db, web;

	begin(world, HEAD DB WEB);
	db = ctl_ask_pid(socket_path, "db");
	web = ctl_ask_pid(socket_path, "web");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		reload(world, cases[i].text, "", cases[i].wanted);
		assert_int_equal(ctl_ask_pid(socket_path, "db"), db);
		assert_int_equal(ctl_ask_pid(socket_path, "web"), web);
	}
	ctl_ask_post(socket_path, "/v1/stack/reload", "{\"files\":[\"/nowhere.yaml\"]}", "HTTP/1.1 400");
	reload(world, HEAD DB WEB, "", "\"unchanged\":2}");
	end(world);
}

/* What is new, or another than before, needs its ports as at a start; what passes from one service to the other does not count. */
static void test_a_port_that_is_taken_changes_nothing(void **state)
{
	struct world *world = *state;
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char added[256], changed[256], own[256], passed[256], wanted[128];
	int db, port;

	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
	port = ntohs(address.sin_port);
	snprintf(added, sizeof(added), HEAD DB "  web: {command: sleep 1002, ports: ['127.0.0.1:%d:80']}\n", port);
	snprintf(changed, sizeof(changed), HEAD "  db: {command: sleep 1001, ports: ['127.0.0.1:%d:80']}\n", port);
	snprintf(wanted, sizeof(wanted), "port %d of service", port);
	begin(world, HEAD DB);
	db = ctl_ask_pid(socket_path, "db");
	reload(world, added, "", wanted);
	ctl_ask_services(socket_path, "\"name\":\"web\"", false);
	reload(world, changed, "{\"dry_run\":true}", wanted);
	assert_int_equal(ctl_ask_pid(socket_path, "db"), db);
	close(fd);
	reload(world, added, "", "\"added\":[\"web\"]");
	/* From now on somebody holds it, as the service would. */
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(fd, 1), 0);
	snprintf(own, sizeof(own), HEAD DB "  web: {command: sleep 1003, ports: ['127.0.0.1:%d:80']}\n", port);
	reload(world, own, "", "\"changed\":[{\"service\":\"web\"");
	snprintf(passed, sizeof(passed), HEAD DB "  site: {command: sleep 1003, ports: ['127.0.0.1:%d:80']}\n", port);
	reload(world, passed, "", "\"added\":[\"site\"],\"removed\":[\"web\"]");
	close(fd);
	end(world);
}

static void test_what_fails_at_a_reload_does_not_end_the_stack(void **state)
{
	struct world *world = *state;

	begin(world, HEAD "  web: {command: sleep 1002}\n");
	reload(world, HEAD "  web: {command: 'false'}\n", "", "HTTP/1.1 200");
	ctl_ask_services(socket_path, "\"state\":\"failed\"", true);
	reload(world, HEAD "  web: {command: no-such-program}\n", "", "HTTP/1.1 200");
	ctl_ask_services(socket_path, "no-such-program", true);
	reload(world, HEAD "  web: {command: sleep 1003}\n", "", "HTTP/1.1 200");
	await_other_pid("web", 0);
	end(world);
}

static void test_who_declares_it_goes_along(void **state)
{
	static const char with[] = HEAD "  db: {command: sleep 1001}\n"
					"  api: {command: sleep 1002, depends_on: {db: {condition: service_started, "
					"restart: true}}}\n"
					"  web: {command: sleep 1003, depends_on: [db]}\n";
	static const char then[] = HEAD "  db: {command: sleep 1004}\n"
					"  api: {command: sleep 1002, depends_on: {db: {condition: service_started, "
					"restart: true}}}\n"
					"  web: {command: sleep 1003, depends_on: [db]}\n";
	struct world *world = *state;
	int api, web;

	begin(world, with);
	api = ctl_ask_pid(socket_path, "api");
	web = ctl_ask_pid(socket_path, "web");
	reload(world, then, "", "\"changed\":[{\"service\":\"db\",\"keys\":[\"command\"]}],\"unchanged\":2}");
	await_other_pid("api", api);
	assert_int_equal(ctl_ask_pid(socket_path, "web"), web);
	end(world);
}

static void test_replicas(void **state)
{
	struct world *world = *state;
	int first;

	begin(world, HEAD "  web: {command: sleep 1001}\n  job: {command: sleep 1002}\n");
	first = ctl_ask_pid(socket_path, "web");
	ctl_ask_post(socket_path, "/v1/services/web/scale", "{\"replicas\":3}", "HTTP/1.1 202");
	await_other_pid("web-3", 0);
	/* The file says what it said: the person's number holds. */
	reload(world, HEAD "  web: {command: sleep 1001}\n  job: {command: sleep 1003}\n", "", "\"unchanged\":1}");
	await_other_pid("web-2", 0);
	await_other_pid("web-3", 0);
	reload(world, HEAD "  web: {command: sleep 1001, scale: 2}\n  job: {command: sleep 1003}\n", "",
	       "\"keys\":[\"scale\"]");
	ctl_ask_services(socket_path, "\"name\":\"web-3\"", false);
	assert_int_equal(ctl_ask_pid(socket_path, "web"), first);
	assert_int_equal(world_processes(world, "sleep 1001", NULL, 0), 2);
	ctl_ask_post(socket_path, "/v1/services/web/scale", "{\"replicas\":0}", "HTTP/1.1 202");
	ctl_ask_services(socket_path, "\"service\":\"web\"", false);
	end(world);
}

static void test_values_that_come_from_other_files_and_the_environment(void **state)
{
	struct world *world = *state;
	int web;

	world_setenv(world, "NUMBER", "1001");
	world_write(world, "web.env", "A=1\n");
	begin(world, HEAD "  web: {command: 'sleep ${NUMBER}', env_file: web.env}\n  job: {command: 'sleep 1002'}\n");
	web = ctl_ask_pid(socket_path, "web");
	assert_int_equal(world_processes(world, "sleep 1001", NULL, 0), 1);
	ctl_ask_post(socket_path, "/v1/stack/reload", "", "\"unchanged\":2}");
	world_write(world, "web.env", "A=2\n");
	ctl_ask_post(socket_path, "/v1/stack/reload", "", "{\"service\":\"web\",\"keys\":[\"env_file\"]}");
	web = await_other_pid("web", web);
	/* Another file for the same stack. */
	world_write(world, "other.yaml", HEAD "  web: {command: sleep 1005}\n");
	char body[WORLD_PATH_MAX + 32];
	snprintf(body, sizeof(body), "{\"files\":[\"%s\"]}", world_path(world, "other.yaml"));
	ctl_ask_post(socket_path, "/v1/stack/reload", body, "\"removed\":[\"job\"]");
	await_other_pid("web", web);
	ctl_ask_services(socket_path, "\"name\":\"job\"", false);
	/* From now on it is the one that is read again. */
	ctl_ask_post(socket_path, "/v1/stack/reload", "", "\"unchanged\":1}");
	end(world);
}

static void test_many_reloads_in_a_row(void **state)
{
	struct world *world = *state;

	begin(world, HEAD DB WEB);
	for (int i = 0; i < 20; i++) {
		char text[256];

		snprintf(text, sizeof(text),
			 HEAD DB "  web: {command: sleep 200%d, depends_on: [db]}\n  extra%d: {command: sleep 300}\n",
			 i % 10, i);
		reload(world, text, "", "HTTP/1.1 200");
	}
	ctl_ask_services(socket_path, "\"name\":\"extra18\"", false);
	ctl_ask_services(socket_path, "\"name\":\"extra0\"", false);
	await_other_pid("extra19", 0);
	await_other_pid("web", 0);
	reload(world, HEAD DB WEB, "", "\"removed\":[\"extra19\"]");
	end(world);
}

int main(void)
{
#define WORLD_TEST(function) cmocka_unit_test_setup_teardown(function, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
		WORLD_TEST(test_only_what_changed_is_touched),
		WORLD_TEST(test_a_file_with_an_error_changes_nothing),
		WORLD_TEST(test_a_port_that_is_taken_changes_nothing),
		WORLD_TEST(test_what_fails_at_a_reload_does_not_end_the_stack),
		WORLD_TEST(test_who_declares_it_goes_along),
		WORLD_TEST(test_replicas),
		WORLD_TEST(test_values_that_come_from_other_files_and_the_environment),
		WORLD_TEST(test_many_reloads_in_a_row),
	};

	return cmocka_run_group_tests_name("reload", tests, NULL, NULL);
}
