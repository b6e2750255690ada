/* SPDX-License-Identifier: MIT */
#include "tests/lib/dash_sample.h"

#include <stdio.h>
#include <string.h>

static struct stack_model stack;
static struct unit_model units[DASH_SAMPLE_MANY_MAX];
static char names[DASH_SAMPLE_MANY_MAX][16];

static const struct unit_need api_needs[] = {{"migrate", "done", true}, {"db", "ready", true}};
static const struct unit_need ui_needs[] = {{"migrate", "done", true}};
static const struct unit_need worker_needs[] = {{"api", "ready", false}};
static const struct unit_need migrate_needs[] = {{"db", "ready", true}};
static const struct unit_need engine_needs[] = {{"db", "started", true}};

#define MEBI (INT64_C(1024) * 1024)
#define NONE SPARK_NONE

static const struct unit_model ready_units[DASH_SAMPLE_UNITS] = {
	[SAMPLE_API] = {.name = "api",
			.state = UNIT_READY,
			.started_ms = 5600,
			.cpu_percent = 2.1,
			.rss_bytes = 64 * MEBI,
			.cpu = {{NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE, 1, 1, 2, 1, 1, 2, 1, 1}},
			.memory = {{NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE, 3, 3, 3, 3, 3, 3, 3, 3}},
			.ports = ":8080",
			.open = "http://localhost:8080",
			.pid = 4711,
			.start = {5600, 5700, 8400, -1, "migrate"},
			.needs = api_needs,
			.need_count = 2},
	[SAMPLE_DB] = {.name = "db",
		       .state = UNIT_READY,
		       .started_ms = 0,
		       .cpu_percent = 1.4,
		       .rss_bytes = 212 * MEBI,
		       .cpu = {{2, 2, 1, 2, 3, 2, 3, 2, 2, 2, 1, 2, 3, 2, 3, 2}},
		       .memory = {{4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4}},
		       .ports = ":5432",
		       .pid = 4701,
		       .start = {0, 900, 2000, -1, NULL}},
	[SAMPLE_ENGINE] = {.name = "engine",
			   .state = UNIT_READY,
			   .started_ms = 2000,
			   .cpu_percent = 8.9,
			   .rss_bytes = 1130 * MEBI,
			   .cpu = {{3, 4, 5, 6, 7, 5, 4, 3, 3, 4, 5, 6, 7, 5, 4, 3}},
			   .memory = {{4, 4, 5, 5, 6, 6, 6, 6, 4, 4, 5, 5, 6, 6, 6, 6}},
			   .ports = ":7000",
			   .pid = 4702,
			   .start = {2000, 2300, 3100, -1, "db"},
			   .needs = engine_needs,
			   .need_count = 1},
	[SAMPLE_UI] = {.name = "ui",
		       .state = UNIT_READY,
		       .started_ms = 5200,
		       .cpu_percent = 0.6,
		       .rss_bytes = 88 * MEBI,
		       .cpu = {{0, 0, 0, 0, 0, 0, 1, 3, 5, 7, 2, 1, 0, 0, 0, 0}},
		       .memory = {{0, 0, 0, 0, 0, 1, 2, 3, 4, 4, 4, 4, 4, 4, 4, 4}},
		       .ports = ":3000",
		       .open = "http://localhost:3000",
		       .pid = 4703,
		       .start = {5200, 5400, 9400, -1, "migrate"},
		       .needs = ui_needs,
		       .need_count = 1},
	[SAMPLE_WORKER] = {.name = "worker",
			   .state = UNIT_RUNNING,
			   .started_ms = 8400,
			   .cpu_percent = 0,
			   .rss_bytes = 31 * MEBI,
			   .cpu = {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}},
			   .memory = {{2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2}},
			   .ports = "",
			   .pid = 4704,
			   .start = {8400, -1, 8800, -1, "api"},
			   .needs = worker_needs,
			   .need_count = 1},
	[SAMPLE_MIGRATE] = {.name = "migrate",
			    .state = UNIT_DONE,
			    .why = "exit 0 after 3.1s",
			    .last_exit = "exit 0",
			    .started_ms = -1,
			    .cpu_percent = -1,
			    .rss_bytes = -1,
			    .cpu = {{NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE,
				     NONE, NONE}},
			    .memory = {{NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE,
					NONE, NONE, NONE}},
			    .ports = "",
			    .pid = -1,
			    .start = {2000, -1, -1, 5200, "db"},
			    .needs = migrate_needs,
			    .need_count = 1},
};

struct unit_model *dash_sample_units(void)
{
	return units;
}

struct stack_model *dash_sample_calm(void)
{
	memcpy(units, ready_units, sizeof(ready_units));
	for (unsigned i = 0; i < DASH_SAMPLE_UNITS; i++) {
		units[i].id = i + 1;
		units[i].service = units[i].name;
		units[i].replicas = 1;
		units[i].kill_ms = units[i].stop_ms = -1;
	}
	stack = (struct stack_model){
		.now_ms = DASH_SAMPLE_NOW_MS,
		.app = "WrenAI",
		.version = "0.29.2",
		.project = "wren",
		.file = "compose.yaml",
		.state = STACK_UP,
		.begin_ms = 0,
		.begin_wall_ms = DASH_SAMPLE_WALL_MS - DASH_SAMPLE_NOW_MS,
		.up_after_ms = 9400,
		.starts_ms = {9400, 9100, 9600, 14200, 9400},
		.start_count = 5,
		.stop_ms = -1,
		.units = units,
		.unit_count = DASH_SAMPLE_UNITS,
		.telemetry = "off, you said no",
	};
	return &stack;
}

static void make_fail(struct unit_model *unit)
{
	unit->state = UNIT_FAILED;
	unit->why = "exit 3, try 3 in 8s";
	unit->outlook = "api failed 3 times in 14s with exit code 3. It stops trying after 2 more.";
	unit->last_exit = "exit 3";
	unit->restarts = 2;
	unit->started_ms = -1;
	unit->cpu_percent = -1;
	unit->rss_bytes = -1;
	memset(&unit->cpu, SPARK_NONE, sizeof(unit->cpu));
	memset(&unit->memory, SPARK_NONE, sizeof(unit->memory));
	unit->pid = -1;
	unit->start.ready_ms = -1;
}

static void make_wait(struct unit_model *unit, const char *why)
{
	unit->state = UNIT_WAITING;
	unit->why = why;
	unit->started_ms = -1;
	unit->cpu_percent = -1;
	unit->rss_bytes = -1;
	memset(&unit->cpu, SPARK_NONE, sizeof(unit->cpu));
	memset(&unit->memory, SPARK_NONE, sizeof(unit->memory));
	unit->pid = -1;
	unit->start = (struct unit_start){-1, -1, -1, -1, NULL};
}

static void make_start(struct unit_model *unit)
{
	unit->state = UNIT_STARTING;
	unit->why = "probe 4 of 10: refused";
	unit->cpu_percent = 31;
	unit->start.ready_ms = -1;
}

struct stack_model *dash_sample(void)
{
	dash_sample_calm();
	make_fail(&units[SAMPLE_API]);
	make_start(&units[SAMPLE_UI]);
	make_wait(&units[SAMPLE_WORKER], "for api to be ready");
	stack.state = STACK_STARTING;
	stack.up_after_ms = -1;
	stack.start_count = 4;
	return &stack;
}

struct stack_model *dash_sample_starting(void)
{
	dash_sample_calm();
	make_start(&units[SAMPLE_UI]);
	make_wait(&units[SAMPLE_WORKER], "for api to be ready");
	make_start(&units[SAMPLE_API]);
	units[SAMPLE_API].why = "probe 1: refused";
	stack.state = STACK_STARTING;
	stack.now_ms = 6000;
	stack.up_after_ms = -1;
	stack.start_count = 4;
	return &stack;
}

static void make_containers(void)
{
	static const char *const images[DASH_SAMPLE_UNITS] = {"wren/api:0.29.2",    "postgres:16",
							      "wren/engine:0.29.2", "wren/ui:0.29.2",
							      "wren/worker:0.29.2", "wren/api:0.29.2"};

	for (unsigned i = 0; i < DASH_SAMPLE_UNITS; i++) {
		units[i].container = true;
		units[i].image = images[i];
		units[i].container_id = units[i].state == UNIT_READY ? "4f2a9c81d0be" : NULL;
	}
	stack.engine = (struct engine_model){
		.name = "Docker", .version = "20.10.24", .compose = "docker compose 2.29.7", .away_ms = -1};
}

static void make_work(struct unit_model *unit, enum unit_work work, int64_t done, int64_t total, const char *why)
{
	make_wait(unit, why);
	unit->state = UNIT_STARTING;
	unit->progress = (struct unit_progress){work, done, total, unit->image};
}

struct stack_model *dash_sample_containers(void)
{
	dash_sample_starting();
	make_containers();
	make_work(&units[SAMPLE_API], WORK_PULLING, 12300000, 27100000, "pulling 45% 12.3/27.1 MB");
	make_work(&units[SAMPLE_ENGINE], WORK_BUILDING, 3, 7, "building step 3 of 7");
	make_work(&units[SAMPLE_UI], WORK_PULLING, 4200000, 0, "pulling 4.2 MB");
	make_work(&units[SAMPLE_MIGRATE], WORK_CREATING, 0, 0, "creating its container");
	return &stack;
}

struct stack_model *dash_sample_away(void)
{
	dash_sample_calm();
	make_containers();
	stack.engine.away = true;
	stack.engine.away_ms = DASH_SAMPLE_NOW_MS - 3200;
	stack.engine.why = "connection refused";
	return &stack;
}

struct stack_model *dash_sample_stopping(void)
{
	dash_sample_calm();
	stack.state = STACK_STOPPING;
	stack.stop_ms = DASH_SAMPLE_NOW_MS - 3000;
	for (unsigned i = 0; i < DASH_SAMPLE_UNITS; i++) {
		if (units[i].state != UNIT_DONE)
			units[i].state = UNIT_STOPPED;
		units[i].why = "stopped after 0.4s";
		units[i].started_ms = units[i].pid = -1;
		units[i].cpu_percent = -1;
		units[i].rss_bytes = -1;
	}
	units[SAMPLE_DB].state = UNIT_STOPPING;
	units[SAMPLE_DB].why = "SIGTERM";
	units[SAMPLE_DB].stop_ms = DASH_SAMPLE_NOW_MS - 1800;
	units[SAMPLE_DB].kill_ms = DASH_SAMPLE_NOW_MS + 8000;
	return &stack;
}

struct stack_model *dash_sample_many(size_t count)
{
	dash_sample();
	if (count > DASH_SAMPLE_MANY_MAX)
		count = DASH_SAMPLE_MANY_MAX;
	for (size_t i = DASH_SAMPLE_UNITS; i < count; i++) {
		units[i] = units[SAMPLE_DB];
		snprintf(names[i], sizeof(names[i]), "svc-%03u", (unsigned)i + 1);
		units[i].id = (unsigned)i + 1;
		units[i].name = units[i].service = names[i];
		units[i].cpu_percent = 0;
		units[i].rss_bytes = 4 * MEBI;
		units[i].ports = "";
		memset(&units[i].cpu, 0, sizeof(units[i].cpu));
		memset(&units[i].memory, 2, sizeof(units[i].memory));
	}
	stack.unit_count = count;
	return &stack;
}

static const struct probe_answer api_answers[] = {
	{DASH_SAMPLE_WALL_MS - 14000, false, "connection refused", 2},
	{DASH_SAMPLE_WALL_MS - 9000, false, "connection refused", 5},
};
static const struct unit_exit api_exits[] = {
	{DASH_SAMPLE_WALL_MS - 14000, 210, "code 3"},
	{DASH_SAMPLE_WALL_MS - 10000, 200, "code 3"},
	{DASH_SAMPLE_WALL_MS - 200, 190, "code 3"},
};
static const char *const api_needed_by[] = {"worker", NULL};
static const struct variable_model api_variables[] = {
	{"API_KEY", "******", true, false, true},
	{"DATABASE_URL", "postgres://wren:******@localhost:5432/wren", true, false, true},
	{"PORT", "8080", false, false, true},
	{"TELEMETRY_ENABLED", "false", false, true, false},
	{"LANG", "C.UTF-8", false, false, false},
	{"TZ", "Europe/Vienna", false, false, false},
};
static const char *const api_last_words[] = {
	"cannot open the vault: permission denied (/var/lib/vault/key)",
	"hint: run as the owner of the key file",
	NULL,
};

const struct detail_model *dash_sample_detail(void)
{
	static const struct detail_model detail = {
		.unit = SAMPLE_API + 1,
		.why = "exited with code 3, 0.2s after start; restart 3 of 5 in 8s",
		.command = "./api --port 8080",
		.dir = "/srv/wren/api",
		.version = "1.4.0",
		.restart = "on-failure, at most 5 times",
		.stop = "SIGTERM, SIGKILL after 10s",
		.probe = "http://localhost:8080/health every 500ms",
		.answers = api_answers,
		.answer_count = 2,
		.exits = api_exits,
		.exit_count = 3,
		.needs = api_needs,
		.need_count = 2,
		.needed_by = api_needed_by,
		.variables = api_variables,
		.variable_count = 6,
		.log_path = "logs/api.log",
		.log_bytes = 98304,
		.place = "compose.yaml:41",
		.last_words = api_last_words,
	};

	return &detail;
}

static const struct telemetry_source_row off_sources[] = {
	{"the dialog", "no", true},
	{"DO_NOT_TRACK", "nothing", false},
	{"settings", "nothing", false},
};
static const struct telemetry_source_row on_sources[] = {
	{"the dialog", "yes, this run", true},
	{"DO_NOT_TRACK", "nothing", false},
	{"settings", "nothing", false},
};
static const struct sent_event sent_events[] = {
	{DASH_SAMPLE_WALL_MS - 1000, "cli_command", TELEMETRY_WAITING, "waits",
	 "{\"uuid\":\"019aa5c0-0000-7000-8000-000000000003\",\"event\":\"cli_command\",\"distinct_id\":\"d\","
	 "\"properties\":{\"command\":\"restart\"}}"},
	{DASH_SAMPLE_WALL_MS - 61000, "cli_command", TELEMETRY_REFUSED, "400",
	 "{\"uuid\":\"019aa5c0-0000-7000-8000-000000000002\",\"event\":\"cli_command\",\"distinct_id\":\"d\","
	 "\"properties\":{\"command\":\"ps\"}}"},
	{DASH_SAMPLE_WALL_MS - 700000, "server_start", TELEMETRY_SENT, "200",
	 "{\"uuid\":\"019aa5c0-0000-7000-8000-000000000001\",\"event\":\"server_start\",\"distinct_id\":\"d\","
	 "\"properties\":{\"$geoip_disable\":true,\"$ip\":\"0.0.0.0\",\"app_version\":\"0.29.2\"}}"},
};

const struct telemetry_model *dash_sample_telemetry(bool on)
{
	static struct telemetry_model telemetry;

	telemetry = (struct telemetry_model){
		.on = on,
		.why = on ? "you said yes, for this run" : "you said no",
		.endpoint = "https://us.i.posthog.com",
		.sources = on ? on_sources : off_sources,
		.source_count = 3,
		.events = on ? sent_events : NULL,
		.event_count = on ? 3 : 0,
		.waiting = on ? 1 : 0,
		.ledger_path = "~/.local/state/upfront/wren/ledger.jsonl",
	};
	return &telemetry;
}
