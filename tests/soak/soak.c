/* SPDX-License-Identifier: MIT */
/*
 * Real software for a long time: PostgreSQL, Redis, nginx, a web app in Node and one in Python as one stack (compose.yaml), in which every round
 * kills one process, main or descendant, with SIGKILL. Each time all must come back: by what the API says, and by talking to
 * them - a query, a PING, answers over HTTP that go through nginx and an app to its store. Nothing may pile up: no process that
 * belongs to no unit, no zombie, no descriptor and no memory of the supervisor, and no row that was answered for may be lost.
 *
 *     make soak ROUNDS=200 SEED=7
 */
#include "config/err.h"
#include "launcher/client/ctl_client.h"
#include "tests/lib/run.h"
#include "tests/lib/skip.h"
#include "tests/lib/stack_procs.h"
#include "tests/lib/world.h"

#include <arpa/inet.h>
#include <cjson/cJSON.h>
#include <dirent.h>
#include <errno.h>
#include <glob.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#define UNITS_MAX 16
#define WELL_MS 60000
#define SLOW_MS 3000 /* worth a word */
#define GROWTH_KB_MAX 4096
#define PROGRAMS "/usr/lib/postgresql/*/bin"

struct unit {
	char name[32], state[16];
	pid_t pid;
	bool settled;
};

struct soak {
	struct world world;
	struct ctl_client client;
	struct unit units[UNITS_MAX];
	size_t unit_count;
	pid_t supervisor, guard;
	int web_port;
	char pg_bin[256];
	unsigned random;
	long rows; /* that the Python app has answered for */
	size_t fds; /* of the supervisor, when all was well for the first time */
	long memory_kb;
	char flaw[512]; /* what is not well yet */
	int64_t slowest_ms;
};

/* ---- Beginning ---- */

static void set_number(struct world *world, const char *name, int number)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", number);
	world_setenv(world, name, text);
}

/* nginx has no variables where it listens. */
static void write_nginx(struct world *world, const int ports[3])
{
	static const char *const names[] = {"WEB_PORT", "NODE_PORT", "PYTHON_PORT"};
	char *text = world_read(world, "nginx.conf");

	for (size_t i = 0; i < 3; i++) {
		char *at = strstr(text, names[i]);
		char digits[8];

		assert_non_null(at);
		snprintf(digits, sizeof(digits), "%05d", ports[i]);
		memcpy(at, digits, 5);
		memmove(at + 5, at + strlen(names[i]), strlen(at + strlen(names[i])) + 1);
	}
	world_write(world, "nginx.conf", text);
	free(text);
}

static bool find_programs(struct soak *self)
{
	static const char *const others[] = {"/usr/sbin/nginx", "/usr/bin/redis-server", "/usr/bin/node",
					     "/usr/bin/python3", "/usr/bin/curl"};
	glob_t found;

	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		if (access(others[i], X_OK) != 0)
			return false;
	if (glob(PROGRAMS, 0, NULL, &found) != 0)
		return false;
	snprintf(self->pg_bin, sizeof(self->pg_bin), "%s", found.gl_pathv[found.gl_pathc - 1]);
	globfree(&found);
	return true;
}

static int soak_setup(void **state)
{
	struct soak *self = calloc(1, sizeof(*self));
	const char *seed = getenv("SEED");
	struct world *world;
	char apps[WORLD_PATH_MAX];
	int ports[3];

	assert_non_null(self);
	*state = self;
	world = &self->world;
	world_begin(world);
	self->random = seed != NULL ? (unsigned)atoi(seed) : 1;
	if (!find_programs(self))
		return 0;
	for (size_t i = 0; i < 3; i++)
		ports[i] = world_free_port();
	self->web_port = ports[0];
	world_copy(world, "tests/soak");
	write_nginx(world, ports);
	set_number(world, "WEB_PORT", ports[0]);
	set_number(world, "NODE_PORT", ports[1]);
	set_number(world, "PYTHON_PORT", ports[2]);
	snprintf(apps, sizeof(apps), "%s", world->stack);
	world_setenv(world, "APPS", apps);
	world_setenv(world, "DIR", world->stack);
	world_setenv(world, "PG_BIN", self->pg_bin);
	/* PostgreSQL refuses to run as root; started by root, the stack runs it as its own user. */
	set_number(world, "DB_USER", (int)geteuid());
	if (geteuid() == 0)
		world_setenv(world, "DB_USER", "postgres");
	chmod(world->stack, 0777);
	return 0;
}

/* ---- What the API says ---- */

static cJSON *get(struct soak *self, const char *target)
{
	struct err err = ERR_INIT;
	char *answer = NULL;
	cJSON *object = NULL;
	int status;

	if (ctl_client_call(&self->client, "GET", target, NULL, 10000, &status, &answer, &err) < 0)
		fail_msg("GET %s: %s", target, err.count > 0 ? err.items[0].message : "?");
	object = cJSON_Parse(answer);
	free(answer);
	assert_non_null(object);
	return object;
}

static void look(struct soak *self)
{
	cJSON *object = get(self, "/v1/services");
	const cJSON *item;

	self->unit_count = 0;
	cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(object, "services"))
	{
		struct unit *unit = &self->units[self->unit_count++];
		const cJSON *pid = cJSON_GetObjectItemCaseSensitive(item, "pid");

		assert_true(self->unit_count < UNITS_MAX);
		snprintf(unit->name, sizeof(unit->name), "%s",
			 cJSON_GetObjectItemCaseSensitive(item, "name")->valuestring);
		snprintf(unit->state, sizeof(unit->state), "%s",
			 cJSON_GetObjectItemCaseSensitive(item, "state")->valuestring);
		unit->settled = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(item, "settled"));
		unit->pid = cJSON_IsNumber(pid) ? pid->valueint : 0;
	}
	cJSON_Delete(object);
}

static void connect_to_stack(struct soak *self)
{
	struct err err = ERR_INIT;
	char *path = world_read(&self->world, "../state/upfront/soak/socket");
	cJSON *object;

	assert_non_null(path);
	path[strcspn(path, "\n")] = '\0';
	assert_int_equal(ctl_client_open_at(&self->client, path, "soak", &err), 0);
	free(path);
	object = get(self, "/v1/stack");
	self->supervisor = cJSON_GetObjectItemCaseSensitive(object, "supervisor_pid")->valueint;
	self->guard = stack_process_parent(self->supervisor);
	cJSON_Delete(object);
}

/* ---- Talking to them ---- */

/* What is answered to `request`, up to the end of the connection; false when there is none. */
static bool converse(const struct sockaddr *address, socklen_t size, const char *request, bool to_the_end, char *answer,
		     size_t answer_size)
{
	struct timeval limit = {.tv_sec = 5};
	size_t length = 0;
	ssize_t got = -1;
	int fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	if (connect(fd, address, size) == 0 && send(fd, request, strlen(request), MSG_NOSIGNAL) > 0)
		while (length < answer_size - 1 && (got = read(fd, answer + length, answer_size - 1 - length)) > 0) {
			length += (size_t)got;
			if (!to_the_end)
				break;
		}
	close(fd);
	answer[length] = '\0';
	return length > 0;
}

static bool http_answers(struct soak *self, const char *path, const char *wanted, long *number)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_port = htons((uint16_t)self->web_port),
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	char request[128], answer[2048];
	const char *found;

	snprintf(request, sizeof(request), "GET %s HTTP/1.0\r\n\r\n", path);
	if (!converse((struct sockaddr *)&address, sizeof(address), request, true, answer, sizeof(answer)))
		answer[0] = '\0';
	found = strstr(answer, "\r\n\r\n");
	if (strncmp(answer, "HTTP/1.1 200", 12) != 0 || found == NULL || (found = strstr(found, wanted)) == NULL) {
		snprintf(self->flaw, sizeof(self->flaw), "GET %s: %.300s", path, answer);
		return false;
	}
	*number = strtol(found + strlen(wanted), NULL, 10);
	return true;
}

static bool redis_answers(struct soak *self)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	char answer[64];

	snprintf(address.sun_path, sizeof(address.sun_path), "%.90s/cache.sock", self->world.stack);
	if (converse((struct sockaddr *)&address, sizeof(address), "PING\r\n", false, answer, sizeof(answer)) &&
	    strncmp(answer, "+PONG", 5) == 0)
		return true;
	snprintf(self->flaw, sizeof(self->flaw), "Redis does not answer");
	return false;
}

static bool database_answers(struct soak *self)
{
	char psql[300];
	const char *const argv[] = {psql,       "-h",   self->world.stack, "-U", "shop", "-d",
				    "postgres", "-Atc", "SELECT 6*7",      NULL};
	struct run run;
	bool well;

	snprintf(psql, sizeof(psql), "%s/psql", self->pg_bin);
	run_command(&run, &self->world, &(struct run_options){.argv = argv});
	well = run.code == 0 && strcmp(run.out.bytes, "42\n") == 0;
	if (!well)
		snprintf(self->flaw, sizeof(self->flaw), "psql: %.300s", run.err.bytes);
	run_finish(&run);
	return well;
}

static bool all_answer(struct soak *self)
{
	long rows, count;

	if (!redis_answers(self) || !database_answers(self) || !http_answers(self, "/node", "node ", &count) ||
	    !http_answers(self, "/python", "python ", &rows))
		return false;
	if (rows <= self->rows)
		fail_msg("rows are lost: %ld were answered for, %ld are there", self->rows, rows);
	self->rows = rows;
	return true;
}

/* ---- What /proc says ---- */

static const struct unit *unit_of(const struct soak *self, pid_t pid)
{
	for (int depth = 0; pid > 1 && depth < 64; depth++, pid = stack_process_parent(pid))
		for (size_t i = 0; i < self->unit_count; i++)
			if (self->units[i].pid == pid)
				return &self->units[i];
	return NULL;
}

/* Processes of the stack without upfront's own. */
static size_t services_of(const struct soak *self, pid_t *pids)
{
	size_t count = world_processes(&self->world, "", pids, WORLD_PROCESSES_MAX), left = 0;

	for (size_t i = 0; i < count; i++)
		if (pids[i] != self->supervisor && pids[i] != self->guard)
			pids[left++] = pids[i];
	return left;
}

static size_t count_fds(pid_t pid)
{
	char path[64];
	size_t count = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	dir = opendir(path);
	assert_non_null(dir);
	while (readdir(dir) != NULL)
		count++;
	closedir(dir);
	return count - 2;
}

static long memory_kb(pid_t pid)
{
	char text[4096];
	const char *line;

	assert_true(stack_process_text(pid, "status", text, sizeof(text)) > 0);
	line = strstr(text, "VmRSS:");
	return line != NULL ? strtol(line + 6, NULL, 10) : 0;
}

static bool has_zombie(struct soak *self)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	bool found = false;

	assert_non_null(proc);
	while (!found && (entry = readdir(proc)) != NULL) {
		struct stack_process process;
		pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);

		found = pid > 0 && stack_process_read(pid, &process) && process.state == 'Z' &&
			(process.parent == self->supervisor || process.parent == self->guard ||
			 unit_of(self, process.parent) != NULL);
		if (found)
			snprintf(self->flaw, sizeof(self->flaw), "zombie %d (%s) of %d", (int)pid, process.name,
				 (int)process.parent);
	}
	closedir(proc);
	return found;
}

static bool all_is_tidy(struct soak *self)
{
	pid_t pids[WORLD_PROCESSES_MAX];
	size_t count = services_of(self, pids), fds = count_fds(self->supervisor);

	for (size_t i = 0; i < count; i++) {
		struct stack_process process;

		if (unit_of(self, pids[i]) != NULL || !stack_process_read(pids[i], &process))
			continue;
		snprintf(self->flaw, sizeof(self->flaw), "process %d (%s) belongs to no unit", (int)pids[i],
			 process.name);
		return false;
	}
	if (has_zombie(self))
		return false;
	if (self->fds > 0 && fds > self->fds) {
		snprintf(self->flaw, sizeof(self->flaw), "the supervisor has %zu descriptors, and had %zu", fds,
			 self->fds);
		return false;
	}
	return true;
}

static bool all_settled(struct soak *self)
{
	look(self);
	for (size_t i = 0; i < self->unit_count; i++)
		if (!self->units[i].settled) {
			snprintf(self->flaw, sizeof(self->flaw), "%s is '%s'", self->units[i].name,
				 self->units[i].state);
			return false;
		}
	return true;
}

/* ---- Rounds ---- */

static void wait_until_well(struct soak *self)
{
	int64_t began_ms = world_now_ms(), took_ms;

	self->flaw[0] = '\0';
	while (!all_settled(self) || !all_answer(self) || !all_is_tidy(self)) {
		if (world_now_ms() - began_ms > WELL_MS)
			fail_msg("not well after %d ms: %s", WELL_MS, self->flaw);
		world_pause(began_ms, WELL_MS + 1000, "all to be well");
	}
	took_ms = world_now_ms() - began_ms;
	if (took_ms > SLOW_MS)
		print_message("  well after %lld ms; what took so long: %s\n", (long long)took_ms, self->flaw);
	self->slowest_ms = took_ms > self->slowest_ms ? took_ms : self->slowest_ms;
}

/* Probes hold descriptors for a moment: the fewest of several looks are what stays. */
static void take_measure(struct soak *self)
{
	int64_t began_ms = world_now_ms();

	self->fds = count_fds(self->supervisor);
	self->memory_kb = memory_kb(self->supervisor);
	while (world_now_ms() - began_ms < 500) {
		size_t fds = count_fds(self->supervisor);

		self->fds = fds < self->fds ? fds : self->fds;
		world_pause(began_ms, 10000, "a measure");
	}
}

static void kill_one(struct soak *self, int round)
{
	pid_t pids[WORLD_PROCESSES_MAX];
	struct stack_process process;
	const struct unit *unit;
	size_t count = services_of(self, pids);
	pid_t pid;

	assert_true(count > 0);
	pid = pids[(size_t)rand_r(&self->random) % count];
	if (!stack_process_read(pid, &process))
		return;
	unit = unit_of(self, pid);
	print_message("round %d: kill -9 %d (%s) of %s%s\n", round, (int)pid, process.name,
		      unit != NULL ? unit->name : "a probe",
		      unit != NULL && unit->pid == pid ? ", its main process" : "");
	kill(pid, SIGKILL);
}

static void test_all_come_back(void **state)
{
	struct soak *self = *state;
	const char *text = getenv("ROUNDS");
	int rounds = text != NULL && *text != '\0' ? atoi(text) : 3;
	struct run run;

	if (self->web_port == 0)
		skip_because("PostgreSQL, Redis, nginx, Node, Python or curl is not there");
	run_upfront(&run, &self->world, "up", "-d", "--wait", "--wait-timeout", "120", NULL);
	run_assert_code(&run, 0);
	run_finish(&run);
	connect_to_stack(self);
	wait_until_well(self);
	take_measure(self);
	for (int round = 1; round <= rounds; round++) {
		kill_one(self, round);
		wait_until_well(self);
	}
	print_message(
		"%d rounds; the slowest took %lld ms; the supervisor has %zu descriptors, %ld KB, and had %ld KB\n",
		rounds, (long long)self->slowest_ms, count_fds(self->supervisor), memory_kb(self->supervisor),
		self->memory_kb);
	assert_true(memory_kb(self->supervisor) - self->memory_kb < GROWTH_KB_MAX);
	run_upfront(&run, &self->world, "down", NULL);
	run_assert_code(&run, 0);
	run_finish(&run);
	world_wait_gone(&self->world, "", 2000);
	/* An orderly end removes the lock file and says so. */
	assert_false(world_has(&self->world, "db/postmaster.pid"));
}

static int soak_teardown(void **state)
{
	struct soak *self = *state;

	*state = NULL;
	if (self->client.socket_path != NULL)
		ctl_client_close(&self->client);
	world_end(&self->world);
	free(self);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_all_come_back, soak_setup, soak_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
