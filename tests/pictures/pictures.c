/* SPDX-License-Identifier: MIT */
/*
 * Pictures of the screen for README: the built program on a real terminal, on a stack that looks like a product and is made of small local
 * commands. `make pictures` writes them into tests/golden/pictures; it takes some minutes, because sparklines need something to tell.
 */
#include "tests/lib/run.h"
#include "tests/lib/term.h"
#include "tests/lib/world.h"
#include "tests/pictures/svg.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define ROWS 32u
#define LOW_ROWS 18u
#define COLUMNS 112u
#define ENVIRONMENT_MAX 32
/* A sparkline of eight cells is full after so long. */
#define LOOK_ON_MS 66000

static const char stack[] =
	"name: wren\n"
	"x-upfront:\n"
	"  app: WrenAI\n"
	"  version: 0.29.2\n"
	"  open: http://localhost:3000\n"
	"  telemetry:\n"
	"    notice: 3\n"
	"    controller: Canner Inc.\n"
	"    purpose: to learn what is used and what breaks\n"
	"    host: ${HOST:-file:events.jsonl}\n"
	"    key: phc_example\n"
	"    server_start: {wren-ai-version: {version: ai}, node_platform: platform, node_arch: node_arch}\n"
	"services:\n"
	"  qdrant:\n"
	"    command: [sh, part.sh, qdrant, \"0.7\", \"40\", \"1\", \"2\", \"1\", \"1\"]\n"
	"    ports: [\"127.0.0.1:6333:6333\"]\n"
	"    x-upfront: {ready: {log: \"^INFO  ready\"}}\n"
	"  bootstrap:\n"
	"    command: [sh, -c, \"echo 'INFO  12 migrations applied'; sleep 0.9\"]\n"
	"    depends_on: {qdrant: {condition: service_healthy}}\n"
	"  ibis:\n"
	"    command: [sh, part.sh, ibis, \"1.2\", \"24\", \"2\", \"1\", \"3\", \"2\"]\n"
	"    ports: [\"127.0.0.1:8000:8000\"]\n"
	"    depends_on: {bootstrap: {condition: service_completed_successfully}}\n"
	"    x-upfront: {ready: {log: \"^INFO  ready\"}}\n"
	"  engine:\n"
	"    command: [sh, part.sh, engine, \"1.9\", \"120\", \"4\", \"9\", \"3\", \"12\", \"6\", \"2\", \"14\", "
	"\"5\"]\n"
	"    ports: [\"127.0.0.1:8080:8080\"]\n"
	"    depends_on: {bootstrap: {condition: service_completed_successfully}}\n"
	"    x-upfront: {ready: {log: \"^INFO  ready\"}}\n"
	"  ai:\n"
	"    command: [sh, ai.sh]\n"
	"    ports: [\"127.0.0.1:5555:5555\"]\n"
	"    restart: on-failure:2\n"
	"    environment: {LLM_PROVIDER: openai, OPENAI_API_KEY: sk-not-a-real-one, PORT: \"5555\"}\n"
	"    depends_on:\n"
	"      qdrant: {condition: service_healthy}\n"
	"      engine: {condition: service_healthy}\n"
	"    x-upfront: {backoff: {initial: 1s}, version: 0.29.2, ready: {log: \"^INFO  ready\"}, open: "
	"\"http://localhost:5555\"}\n"
	"  ui:\n"
	"    command: [sh, part.sh, ui, \"1.4\", \"64\", \"1\", \"5\", \"2\", \"1\"]\n"
	"    ports: [\"127.0.0.1:3000:3000\"]\n"
	"    depends_on:\n"
	"      ai: {condition: service_healthy}\n"
	"      ibis: {condition: service_healthy}\n"
	"    x-upfront: {ready: {log: \"^INFO  ready\"}, open: \"http://localhost:3000\"}\n";

/* part.sh NAME SECONDS-TO-START MEGABYTES WORK...: holds memory, works in turns and says so. */
static const char part[] =
	"name=$1 start=$2 size=$3; shift 3\n"
	"echo \"INFO  $name starts\"\n"
	"held=$(head -c $((size * 1000000)) /dev/zero | tr '\\0' x)\n"
	"sleep $start; echo \"INFO  ready\"\n"
	"id=1252\n"
	"while :; do for work; do\n"
	"  i=0; while [ $i -lt $((work * 9000)) ]; do i=$((i + 1)); done\n"
	"  id=$(((id * 7 + work) % 9000 + 100))\n"
	"  case $name in\n"
	"  engine) case $work in\n"
	"    14) echo \"WARN  slow query took=$((id % 700 + 300))ms rows=$id\";;\n"
	"    12) echo \"ERROR GET /v1/models/$id status=500 took=38ms: no such column \\\"total\\\"\" >&2;;\n"
	"    *) echo \"INFO  GET /v1/models/$id status=200 took=${work}ms\";; esac;;\n"
	"  ui) echo \"INFO  GET /home/$id status=200 took=$((work * 7))ms\";;\n"
	"  qdrant) echo \"INFO  POST /collections/ddl/points/search 200 0.00${id}s\";;\n"
	"  *) echo \"INFO  POST /v3/connector/postgres/query 200\";;\n"
	"  esac\n"
	"  sleep 1.3\n"
	"done; done\n";
static const char ai[] = "echo 'INFO  wren-ai 0.29.2, 14 pipelines'\n"
			 "echo 'INFO  LLM provider: openai, embedder: text-embedding-3-large'\n"
			 "sleep 0.6\n"
			 "if [ ! -e mended ]; then\n"
			 "  echo 'ERROR openai: 401, the API key was not accepted: OPENAI_API_KEY (.env:3)' >&2\n"
			 "  echo '      keys begin with sk- and are made at platform.openai.com/api-keys' >&2\n"
			 "  exit 3\n"
			 "fi\n"
			 "exec sh part.sh ai 1.0 88 3 2 4 2\n";

static struct vt *vt;

static void begin(struct world *world, unsigned rows, unsigned columns, const char *const *words)
{
	const char *environment[ENVIRONMENT_MAX + 1] = {NULL}, *argv[12] = {NULL, "-C", world->stack};
	char program[WORLD_PATH_MAX + 16], *entries[ENVIRONMENT_MAX];
	size_t count = 0, words_count = 3;

	for (; count < world->environment.count && count < ENVIRONMENT_MAX; count++) {
		const struct strmap_entry *entry = &world->environment.entries[count];

		assert_true(asprintf(&entries[count], "%s=%s", entry->key, entry->value) > 0);
		environment[count] = entries[count];
	}
	snprintf(program, sizeof(program), "%s/upfront", world->bin_dir);
	argv[0] = program;
	for (; *words != NULL; words++)
		argv[words_count++] = *words;
	vt = vt_start(argv,
		      &(struct vt_options){
			      .rows = rows, .columns = columns, .environment = environment, .stdout_terminal = true});
	for (size_t i = 0; i < count; i++)
		free(entries[i]);
}

static void sees(const char *keys, const char *text)
{
	vt_wait_anew(vt);
	vt_send(vt, keys);
	vt_wait_text(vt, text);
}

/* Looks on, as a person does. */
static void look_on(int time_ms)
{
	const int64_t end_ms = world_now_ms() + (getenv("PICTURES") != NULL ? time_ms / 20 : time_ms);

	while (world_now_ms() < end_ms) {
		vt_catch_up(vt);
		poll(NULL, 0, 20);
	}
	vt_catch_up(vt);
}

static void take(const struct world *world, const char *name, const char *title, unsigned rows, unsigned columns)
{
	const struct svg_options options = {
		.title = title, .rows = rows, .columns = columns, .folder = world->dir, .folder_told = "/home/ana"};
	char path[256];

	look_on(4000);
	snprintf(path, sizeof(path), "%s/%s.svg", getenv("PICTURES_DIR") != NULL ? getenv("PICTURES_DIR") : ".", name);
	svg_write(vt, &options, path);
}

static void prepare(struct world *world)
{
	world_setenv(world, "TERM", "xterm-256color");
	world_setenv(world, "TZ", "UTC");
	world_write(world, "compose.yaml", stack);
	world_write(world, "part.sh", part);
	world_write(world, "ai.sh", ai);
}

static void the_question(void **state)
{
	struct world *world = *state;

	prepare(world);
	world_setenv(world, "HOST", "https://us.i.posthog.com");
	begin(world, 27, 84, (const char *const[]){"up", NULL});
	sees("", "Nothing is chosen yet");
	take(world, "consent", "upfront", 27, 84);
	vt_send(vt, "\003");
	vt_wait_exit(vt);
	vt_finish(vt);
}

static void in_trouble(void **state)
{
	struct world *world = *state;

	prepare(world);
	begin(world, ROWS, COLUMNS, (const char *const[]){"up", "--telemetry=on", NULL});
	sees("", "1 FAILED");
	look_on(LOOK_ON_MS);
	sees("!", "the API key was not accepted");
	take(world, "trouble", "upfront", ROWS, COLUMNS);
	sees("d", "Needed by");
	take(world, "detail", "upfront", ROWS, COLUMNS);
	sees("q", "1 FAILED");
	sees("q", "Leave WrenAI?");
	take(world, "leaving", "upfront", ROWS, COLUMNS);
	vt_send(vt, "q");
	vt_wait_exit(vt);
	vt_finish(vt);
}

static void all_is_well(void **state)
{
	struct world *world = *state;

	prepare(world);
	world_write(world, "mended", "");
	begin(world, ROWS, COLUMNS, (const char *const[]){"up", "--telemetry=on", NULL});
	sees("", "all ready");
	sees("3", "slowest chain");
	vt_resize(vt, LOW_ROWS, COLUMNS);
	sees("", "Last start");
	take(world, "startup", "upfront", LOW_ROWS, COLUMNS);
	vt_resize(vt, ROWS, COLUMNS);
	look_on(LOOK_ON_MS);
	sees("1jjj", "log: engine");
	take(world, "calm", "upfront", ROWS, COLUMNS);
	sees("\r", "follow");
	sees("/status=5\\d\\d\r", "match");
	take(world, "log", "upfront", ROWS, COLUMNS);
	sees("4", "server_start");
	sees("\r\r", "  \"distinct_id\":");
	take(world, "telemetry", "upfront", ROWS, COLUMNS);
	vt_send(vt, "\003");
	vt_wait_anew(vt);
	vt_wait_exit(vt);
	vt_finish(vt);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {TEST(the_question), TEST(in_trouble), TEST(all_is_well)};
#undef TEST

	return cmocka_run_group_tests_name("pictures", tests, NULL, NULL);
}
