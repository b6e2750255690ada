/* SPDX-License-Identifier: MIT */
/* Which Compose program is taken, with programs of our own on PATH. */
#include "launcher/engine/compose_cli.h"

#include "config/err.h"
#include "launcher/engine/compose_version.h"
#include "launcher/engine/docker_endpoint.h"
#include "tests/lib/children.h"
#include "tests/lib/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

/* Says so, and leaves a mark that it was asked. */
#define SAYS(version) "#!/bin/sh\n[ \"$*\" = 'version --short' ] && echo " version " && echo x >>\"$HOME/asked\"\n"
#define DOCKER "#!/bin/sh\n[ \"$1\" = compose ] && shift && exec \"$DOCKER_CONFIG/cli-plugins/docker-compose\" \"$@\"\n"
#define PODMAN(version) "#!/bin/sh\necho '>>>> Executing external compose provider' >&2\necho " version "\n"

/* Only what a test has put there is installed. */
static void begin(const struct world *self)
{
	world_setenv((struct world *)self, "PATH", world_path(self, "bin"));
	world_setenv((struct world *)self, "HOME", self->stack);
	world_setenv((struct world *)self, "DOCKER_CONFIG", world_path(self, "config"));
}

static int find(const struct world *world, bool podman, const char *cache, struct compose_cli *cli, struct err *err)
{
	struct docker_endpoint endpoint = {.podman = podman};

	return compose_cli_find(&endpoint, &world->environment, cache, cli, err);
}

static void test_choice(void **state)
{
	static const struct {
		const char *plugin, *classic, *podman; /* NULL: not installed */
		bool for_podman;
		const char *shown; /* NULL: none */
		const char *why; /* or what is said of none */
	} cases[] = {
		{SAYS("v2.29.7"), SAYS("1.29.2"), NULL, false, "docker compose 2.29.7", "it is the first choice"},
		{SAYS("2.29.7"), SAYS("1.29.2"), NULL, true, "docker-compose 1.29.2",
		 "because 'podman compose' is not installed"},
		{NULL, SAYS("1.29.2"), NULL, false, "docker-compose 1.29.2",
		 "because 'docker compose' is not installed"},
		{NULL, NULL, PODMAN("v2.24.0"), false, "podman compose 2.24.0",
		 "because 'docker compose' is not installed, 'docker-compose' is not installed"},
		{NULL, SAYS("1.29.2"), PODMAN("v2.24.0"), true, "podman compose 2.24.0", "it is the first choice"},
		/* Those that do not work are passed over. */
		{"#!/bin/sh\nexit 3\n", SAYS("1.29.2"), NULL, false, "docker-compose 1.29.2",
		 "because 'docker compose' fails when it is asked for its version"},
		{"#!/bin/sh\necho hello\n", SAYS("1.29.2"), NULL, false, "docker-compose 1.29.2",
		 "because 'docker compose' does not say which version it is"},
		{"no script", SAYS("1.29.2"), NULL, false, "docker-compose 1.29.2",
		 "because 'docker compose' cannot be executed"},
		{"#!/no/such\n", SAYS("1.29.2"), NULL, false, "docker-compose 1.29.2",
		 "because 'docker compose' fails when it is asked for its version"},
		{NULL, SAYS("1.25.0"), PODMAN("2.24.0"), false, "podman compose 2.24.0",
		 "because 'docker compose' is not installed, 'docker-compose' is version 1.25.0"},
		{NULL, "#!/no/such\n", PODMAN("2.24.0"), false, "podman compose 2.24.0",
		 "because 'docker compose' is not installed, 'docker-compose' cannot be started"},
		/* Nothing there is of use. */
		{NULL, NULL, NULL, false, NULL, "containers need a Compose program, and none is installed"},
		{NULL, SAYS("1.25.0"), NULL, false, NULL,
		 "the Compose program that is installed is too old: 'docker-compose' is version 1.25.0; 1.27.0 or "
		 "newer "
		 "is needed"},
		{NULL, "no script", PODMAN("dev"), false, NULL,
		 "no Compose program that is installed works: 'docker-compose' cannot be executed, 'podman compose' "
		 "does "
		 "not say which version it is"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct world world;
		struct compose_cli cli;
		struct err err = ERR_INIT;
		char shown[128];

		world_begin(&world);
		begin(&world);
		if (cases[i].plugin) {
			world_write(&world, "bin/docker", DOCKER);
			world_write(&world, "config/cli-plugins/docker-compose", cases[i].plugin);
		}
		if (cases[i].classic)
			world_write(&world, "bin/docker-compose", cases[i].classic);
		if (cases[i].podman)
			world_write(&world, "bin/podman", cases[i].podman);
		if (find(&world, cases[i].for_podman, NULL, &cli, &err) == 0) {
			snprintf(shown, sizeof(shown), "%s %s", cli.shown, cli.version);
			assert_string_equal(shown, cases[i].shown);
			assert_string_equal(cli.why, cases[i].why);
			assert_int_equal(cli.major, atoi(cli.version));
			assert_int_equal(*cli.argv[0], '/');
			assert_true((cli.argv[1] != NULL) == (strcmp(cli.shown, "docker-compose") != 0));
		} else {
			assert_null(cases[i].shown);
			assert_int_equal(err.code, ERR_MISSING);
			assert_string_equal(err.items[0].message, cases[i].why);
			assert_non_null(err.items[0].hint);
		}
		compose_cli_finish(&cli);
		err_finish(&err);
		assert_true(children_none_left());
		world_end(&world);
	}
}

static size_t times_asked(const struct world *world)
{
	char *marks = world_read(world, "asked");
	size_t count = marks ? strlen(marks) / 2 : 0;

	free(marks);
	return count;
}

static void find_version(const struct world *world, const char *cache, const char *version)
{
	struct compose_cli cli;
	struct err err = ERR_INIT;

	assert_int_equal(find(world, false, cache, &cli, &err), 0);
	assert_string_equal(cli.version, version);
	compose_cli_finish(&cli);
}

/* Asked once a file, and again when what was kept is of no use. */
static void test_cache(void **state)
{
	struct world *world = *state;
	char cache[WORLD_PATH_MAX];
	struct stat status;

	begin(world);
	snprintf(cache, sizeof(cache), "%s", world_path(world, "kept.json"));
	world_write(world, "bin/docker-compose", SAYS("1.29.2"));
	find_version(world, cache, "1.29.2");
	find_version(world, cache, "1.29.2");
	assert_int_equal(times_asked(world), 1);
	assert_int_equal(stat(cache, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
	/* Another program, if only by its size. */
	world_write(world, "bin/docker-compose", SAYS("1.29.20"));
	find_version(world, cache, "1.29.20");
	assert_int_equal(times_asked(world), 2);
	/* What was written there cannot be read, or says what no program would. */
	world_write(world, "kept.json", "{\"path\": ");
	find_version(world, cache, "1.29.20");
	assert_int_equal(times_asked(world), 3);
	world_write(world, "kept.json", "[]");
	find_version(world, cache, "1.29.20");
	assert_int_equal(times_asked(world), 4);
	find_version(world, cache, "1.29.20");
	assert_int_equal(times_asked(world), 4);
	/* A place that cannot be written to costs a question, and nothing else. */
	find_version(world, world_path(world, "no/such/folder"), "1.29.20");
	assert_int_equal(times_asked(world), 5);
}

static char *ask(const struct world *world, const char *script, int limit_ms, const char **flaw)
{
	const char *argv[] = {NULL, NULL};

	world_write(world, "bin/program", script);
	argv[0] = world_path(world, "bin/program");
	return compose_version_ask(argv, &world->environment, limit_ms, flaw);
}

static void test_slow(void **state)
{
	struct world *world = *state;
	const char *flaw = NULL;
	char *version;

	/* One that does not answer goes, with what it has started. */
	assert_null(ask(world, "#!/bin/sh\nsleep 1000 &\nexec sleep 1000\n", 50, &flaw));
	assert_string_equal(flaw, "does not answer when it is asked for its version");
	world_wait_gone(world, "sleep", 2000);
	/* One that leaves somebody behind who holds its output has answered. */
	version = ask(world, "#!/bin/sh\nsleep 1000 &\necho 2.1.0\n", CHILDREN_DEADLINE_MS, &flaw);
	assert_string_equal(version, "2.1.0");
	free(version);
	world_wait_gone(world, "sleep", 2000);
	/* One that never ends to speak is not listened to for ever. */
	assert_null(ask(world, "#!/bin/sh\nwhile :; do echo no version at all; done\n", 100, &flaw));
	assert_string_equal(flaw, "does not answer when it is asked for its version");
	assert_true(children_none_left());
}

static void test_older(void **state)
{
	static const struct {
		const char *version, *other;
		bool before;
	} cases[] = {
		{"1.27.0", "1.27.0", false},      {"1.26.2", "1.27.0", true},  {"1.27", "1.27.0", false},
		{"v2.0.0-rc.1", "1.27.0", false}, {"2", "1.27.0", false},      {"1.9.0", "1.27.0", true},
		{"1.27.0+deb", "1.27.0", false},  {"v1.10.1", "1.10.2", true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		assert_int_equal(compose_version_is_before(cases[i].version, cases[i].other), cases[i].before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_choice),
		cmocka_unit_test_setup_teardown(test_cache, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(test_slow, world_setup, world_teardown),
		cmocka_unit_test(test_older),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
