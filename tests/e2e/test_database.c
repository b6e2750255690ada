/* SPDX-License-Identifier: MIT */
/*
 * A stack beyond the example, from Debian's own packages and a Compose file without a single `image`: PostgreSQL (made by
 * a one-shot job, ready by healthcheck), a Redis, an nginx, and a job that works on the database once it is healthy.
 */
#include "tests/lib/run.h"
#include "tests/lib/world.h"
#include "tests/lib/skip.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define BIN "/usr/lib/postgresql/15/bin/"

static const char stack_text[] =
	"name: database\n"
	"x-as: &as {user: '${DB_USER}'}\n"
	"services:\n"
	"  init:\n"
	"    <<: *as\n"
	"    command: [" BIN "initdb, -D, db, -A, trust, -U, shop, --no-sync]\n"
	"  db:\n"
	"    <<: *as\n"
	"    command: [" BIN "postgres, -D, db, -h, '', -k, '${DB_DIR}']\n"
	"    depends_on: {init: {condition: service_completed_successfully}}\n"
	"    stop_signal: SIGINT\n"
	"    healthcheck:\n"
	"      test: [CMD, pg_isready, -h, '${DB_DIR}', -U, shop]\n"
	"      interval: 100ms\n"
	"      retries: 100\n"
	"  client:\n"
	"    command:\n"
	"      - psql\n"
	"      - --host=${DB_DIR}\n"
	"      - --username=shop\n"
	"      - --dbname=postgres\n"
	"      - -Atc\n"
	"      - CREATE TABLE t AS SELECT generate_series(1, 1000)\n"
	"      - -c\n"
	"      - SELECT 'rows ' || count(*) FROM t\n"
	"    depends_on: {db: {condition: service_healthy}}\n"
	"  cache:\n"
	"    command: redis-server --port 0 --unixsocket ${DB_DIR}/cache.sock --save ''\n"
	"    x-upfront: {ready: {unix: '${DB_DIR}/cache.sock', interval: 50ms}}\n"
	"  web:\n"
	"    command: nginx -p . -c nginx.conf -e stderr -g 'daemon off;'\n"
	"    ports: ['127.0.0.1:${WEB_PORT}:80']\n"
	"    depends_on: {client: {condition: service_completed_successfully}, cache: {condition: service_healthy}}\n"
	"    stop_signal: SIGQUIT\n"
	"    x-upfront: {ready: {http: 'http://127.0.0.1:${WEB_PORT}/', interval: 50ms}}\n";

static const char nginx_text[] =
	"pid nginx.pid;\n"
	"events {}\n"
	"http {\n"
	"  access_log off;\n"
	"  client_body_temp_path t1; proxy_temp_path t2; fastcgi_temp_path t3; uwsgi_temp_path t4; "
	"scgi_temp_path t5;\n"
	"  server { listen 127.0.0.1:%d; location / { return 200 'at your service'; } }\n"
	"}\n";

static int database_setup(void **state)
{
	struct world *world;
	char text[1024];
	int port = world_free_port();

	world_setup(state);
	world = *state;
	if (access(BIN "postgres", X_OK) != 0) {
		print_message("skipped: no PostgreSQL 15 here\n");
		return 0;
	}
	world_write(world, "compose.yaml", stack_text);
	snprintf(text, sizeof(text), nginx_text, port);
	world_write(world, "nginx.conf", text);
	snprintf(text, sizeof(text), "%d", port);
	world_setenv(world, "WEB_PORT", text);
	world_setenv(world, "DB_DIR", world->stack);
	/* PostgreSQL refuses to run as root; started by root, the stack runs it as its own user. */
	snprintf(text, sizeof(text), "%u", (unsigned)geteuid());
	world_setenv(world, "DB_USER", geteuid() == 0 ? "postgres" : text);
	chmod(world->stack, 0777);
	return 0;
}

static void test_comes_up_in_order_and_stops_cleanly(void **state)
{
	struct world *world = *state;
	struct run run;

	if (!world_has(world, "compose.yaml"))
		skip_because("PostgreSQL's programs are not there");
	run_upfront(&run, world, "up", "-d", "--wait", "--wait-timeout", "60", NULL);
	run_assert_code(&run, 0);
	run_finish(&run);
	run_upfront(&run, world, "ps", NULL);
	run_assert_code(&run, 0);
	run_finish(&run);
	run_upfront(&run, world, "logs", "--no-log-prefix", "client", NULL);
	run_assert_code(&run, 0);
	assert_non_null(strstr(run.out.bytes, "rows 1000\n"));
	run_finish(&run);

	run_upfront(&run, world, "down", NULL);
	run_assert_code(&run, 0);
	run_finish(&run);
	world_wait_gone(world, "", 2000);
	/* An orderly end removes the lock file and says so. */
	assert_false(world_has(world, "db/postmaster.pid"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_comes_up_in_order_and_stops_cleanly, database_setup,
						world_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
