/* SPDX-License-Identifier: MIT */
/* Output that is long, fast, odd or late, and a disk that does not take it: what was read is kept or counted, and nobody waits for it. */
#include "tests/lib/fault.h"
#include "tests/lib/run.h"

#include <inttypes.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define LOGS "../state/upfront/stack/logs/"

static const char *helper(const struct fault_scene *scene)
{
	static char path[WORLD_PATH_MAX * 2];

	snprintf(path, sizeof(path), "%s/tests/helpers/child", scene->world.bin_dir);
	return path;
}

static off_t file_size(const struct fault_scene *scene, const char *name)
{
	struct stat status;

	return stat(world_path(&scene->world, name), &status) == 0 ? status.st_size : -1;
}

static void wait_size(const struct fault_scene *scene, const char *name, off_t size_bytes)
{
	int64_t began_ms = world_now_ms();

	while (file_size(scene, name) < size_bytes)
		world_pause(began_ms, RUN_DEADLINE_MS * 4, name);
	assert_int_equal(file_size(scene, name), size_bytes);
}

/* ---- Much ---- */

/* Memory stays bounded, and every byte lands. */
static void play_no_newline(struct fault_scene *scene)
{
	const long mib = fault_full() ? 64 : 16;
	struct fault_family family;
	char text[512];

	snprintf(text, sizeof(text),
		 "services:\n  web:\n    command: sh -c 'head -c %ldm /dev/zero; exec sleep 1001'\n"
		 "    x-upfront: {log: {max_size: 1g}}\n",
		 mib);
	fault_write_stack(scene, text);
	fault_upfront(scene, 0, "up", "-d", NULL);
	wait_size(scene, LOGS "web.log", (off_t)mib << 20);
	family = fault_family(scene, "sleep 1001");
	assert_in_range(fault_status(family.supervisor, "VmHWM:"), 1, 40 * 1024);
	fault_upfront(scene, 0, "ps", NULL);
	fault_upfront(scene, 0, "down", NULL);
	fault_assert_recovered(scene);
}

/* All of it arrives, and the machine can be asked and told meanwhile. */
static void play_flood(struct fault_scene *scene)
{
	const int services = scene->fault->variant;
	const long bytes = (fault_full() ? 1000000000L : 40000000L) / services;
	char text[4096] = "services:\n", name[64];
	size_t at = strlen(text);

	for (int i = 0; i < services; i++)
		at += (size_t)snprintf(text + at, sizeof(text) - at,
				       "  s%d: {command: ['%s', flood, '%ld'], x-upfront: {log: {max_size: 2g}}}\n", i,
				       helper(scene), bytes);
	snprintf(text + at, sizeof(text) - at, "  quiet: {command: sleep 1001}\n");
	fault_write_stack(scene, text);
	fault_upfront(scene, 0, "up", "-d", NULL);
	fault_upfront(scene, 0, "ps", NULL);
	for (int i = 0; i < services; i++) {
		snprintf(name, sizeof(name), LOGS "s%d.log", i);
		wait_size(scene, name, bytes);
	}
	assert_in_range(fault_status(fault_family(scene, "sleep 1001").supervisor, "VmHWM:"), 1, 60 * 1024);
	fault_upfront(scene, 0, "down", NULL);
	fault_assert_nothing_left(scene);
}

/* Numbered lines, so that what the files keep can be told to be without a gap. */
static void play_rotation(struct fault_scene *scene)
{
	const long lines = fault_full() ? 1000000 : 100000;
	static const char *const files[] = {LOGS "web.log.2", LOGS "web.log.1", LOGS "web.log"};
	char text[512];
	long next = 0;

	snprintf(text, sizeof(text),
		 "services:\n  web:\n    command: sh -c 'seq 1 %ld; exec sleep 1001'\n"
		 "    x-upfront: {ready: {log: '^%ld$$'}, log: {max_size: 64k, max_files: 3}}\n",
		 lines, lines);
	fault_write_stack(scene, text);
	fault_upfront(scene, 0, "up", "-d", "--wait", NULL);
	fault_upfront(scene, 0, "down", NULL);
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		char *kept = world_read(&scene->world, files[i]), *rest = kept;

		assert_non_null(kept);
		for (const char *line = strtok_r(kept, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest)) {
			long number = strtol(line, NULL, 10);

			if (next == 0)
				next = number + 1; /* the first may have lost its front to the file before */
			else if (number == next)
				next++;
			else if (number * 10 < next && *rest != '\0')
				fail_msg("%s: %ld after %ld", files[i], number, next - 1);
		}
		free(kept);
	}
	assert_int_equal(next, lines + 1);
	fault_assert_recovered(scene);
}

#define TAIL_LINES 20

/* The last lines of a file as `logs` shows them: a part of one has an end, too. The caller frees. */
static char *read_tail(const struct fault_scene *scene, const char *name)
{
	FILE *file = fopen(world_path(&scene->world, name), "re");
	char text[4096];
	size_t size, at;

	assert_non_null(file);
	assert_int_equal(fseek(file, -(long)sizeof(text) + 2, SEEK_END), 0);
	size = fread(text, 1, sizeof(text) - 2, file);
	fclose(file);
	assert_int_equal(size, sizeof(text) - 2);
	if (text[size - 1] != '\n')
		text[size++] = '\n';
	text[size] = '\0';
	at = size;
	for (int lines = 0; lines <= TAIL_LINES; lines++)
		while (text[--at] != '\n')
			;
	return strdup(text + at + 1);
}

static void assert_logs(const struct fault_scene *scene, const char *tail, const char *text)
{
	struct run run;

	run_upfront(&run, &scene->world, "logs", "--no-log-prefix", "--tail", tail, "web", NULL);
	run_assert_code(&run, 0);
	assert_string_equal(run.out.bytes, text);
	run_finish(&run);
}

static void kill_in_flood(struct fault_scene *scene)
{
	const off_t size_bytes = file_size(scene, LOGS "web.log") + 1000000;
	int64_t began_ms = world_now_ms();
	struct fault_family family;
	char *tail;

	fault_write_stack(scene, "services: {web: {command: seq 1 999999999, x-upfront: {log: {max_size: 2g}}}}\n");
	fault_upfront(scene, 0, "up", "-d", NULL);
	family = fault_family(scene, "seq 1 ");
	while (file_size(scene, LOGS "web.log") < size_bytes)
		world_pause(began_ms, RUN_DEADLINE_MS, "a flood");
	assert_int_equal(kill(family.guard, SIGSTOP), 0);
	assert_int_equal(kill(family.supervisor, SIGSTOP), 0);
	assert_int_equal(kill(family.guard, SIGKILL), 0);
	assert_int_equal(kill(family.supervisor, SIGKILL), 0);
	world_wait_gone(&scene->world, "", RUN_DEADLINE_MS);
	tail = read_tail(scene, LOGS "web.log");
	assert_logs(scene, "20", tail);
	free(tail);
}

/* What had been read is shown to its last byte, and not as if the next run had written it. */
static void play_killed(struct fault_scene *scene)
{
	for (int i = 0; i < (fault_full() ? 40 : 5); i++)
		kill_in_flood(scene);
	fault_write_stack(scene, "services: {web: {command: echo fresh}}\n");
	fault_upfront(scene, 0, "up", NULL);
	assert_logs(scene, "all", "fresh\n");
	fault_assert_recovered(scene);
}

/* ---- Last words ---- */

static void play_last_words(struct fault_scene *scene)
{
	const int services = 20, rounds = fault_full() ? 50 : 4;
	char text[8192] = "services:\n", name[64];
	size_t at = strlen(text);

	for (int i = 0; i < services; i++)
		at += (size_t)snprintf(text + at, sizeof(text) - at,
				       "  s%d: {command: ['%s', say, \"line %d\\nlast line\\nlast part\"]}\n", i,
				       helper(scene), i);
	fault_write_stack(scene, text);
	for (int round = 1; round <= rounds; round++) {
		fault_upfront(scene, 0, "-q", "up", NULL);
		for (int i = 0; i < services; i++) {
			char *kept;

			snprintf(name, sizeof(name), LOGS "s%d.log", i);
			kept = world_read(&scene->world, name);
			assert_non_null(kept);
			snprintf(name, sizeof(name), "line %d\nlast line\nlast part", i);
			assert_int_equal(strlen(kept), strlen(name) * (size_t)round);
			assert_string_equal(kept + strlen(kept) - strlen(name), name);
			free(kept);
		}
	}
	fault_assert_recovered(scene);
}

/* ---- Nobody reads ---- */

static void play_unread(struct fault_scene *scene)
{
	static const char *const argv[] = {"upfront", "up", NULL};
	struct pollfd end;
	char text[WORLD_PATH_MAX * 3];
	struct run run;

	snprintf(text, sizeof(text), "services: {web: {command: sh -c '\"%s\" flood 4000000; exec sleep 1001'}}\n",
		 helper(scene));
	fault_write_stack(scene, text);
	run_begin(&run, &scene->world, &(struct run_options){.argv = argv});
	wait_size(scene, LOGS "web.log", 4000000); /* nothing of it was read by us, and the pipe holds 64 KiB */
	run_signal(&run, SIGTERM);
	run_signal(&run, SIGTERM);
	end = (struct pollfd){.fd = run.pidfd, .events = POLLIN};
	assert_int_equal(poll(&end, 1, 15000), 1);
	run_wait(&run);
	run_assert_code(&run, 0);
	run_finish(&run);
	fault_assert_recovered(scene);
}

static void play_full_stdout(struct fault_scene *scene)
{
	static const char *const argv[] = {"sh", "-c", "exec upfront up >/dev/full", NULL};
	char path[WORLD_PATH_MAX * 2];
	struct run run;

	snprintf(path, sizeof(path), "%s:/usr/bin:/bin", scene->world.bin_dir);
	world_setenv(&scene->world, "PATH", path);
	fault_write_stack(scene, "services: {web: {command: sh -c 'echo something; exec sleep 1001'}}\n");
	run_begin(&run, &scene->world, &(struct run_options){.argv = argv});
	fault_wait_process(scene, "sleep 1001");
	fault_wait_text(scene, LOGS "web.log", "something");
	fault_upfront(scene, 0, "ps", NULL);
	fault_upfront(scene, 0, "down", NULL);
	run_wait(&run);
	assert_true(run.code >= 0);
	run_finish(&run);
	fault_assert_recovered(scene);
}

/* ---- Disks ---- */

#define COUNTING "services: {web: {command: sh -c 'seq 1 2000; echo the end; exec sleep 1001'}}\n"

/* Interrupted and short writes lose nothing. */
static void play_all_kept(struct fault_scene *scene)
{
	char *kept, *rest;
	long next = 1;

	fault_write_stack(scene, COUNTING);
	fault_set(scene, scene->fault->fault);
	fault_upfront(scene, 0, "up", "-d", NULL);
	fault_wait_text(scene, LOGS "web.log", "the end\n");
	fault_upfront(scene, 0, "down", NULL);
	fault_assert_hit(scene, 1);
	kept = world_read(&scene->world, LOGS "web.log");
	for (const char *line = strtok_r(kept, "\n", &rest); line != NULL && next <= 2000;
	     line = strtok_r(NULL, "\n", &rest))
		assert_int_equal(strtol(line, NULL, 10), next++);
	assert_int_equal(next, 2001);
	free(kept);
	fault_assert_recovered(scene);
}

/* The stack comes up, works and ends; logging is a feature. */
static void play_disk_refuses(struct fault_scene *scene)
{
	fault_write_stack(scene, "services: {web: {command: sh -c 'while echo still here; do sleep 0.02; done'}}\n");
	fault_set(scene, scene->fault->fault);
	fault_upfront(scene, 0, "up", "-d", "--wait", NULL);
	while (fault_hits(scene, 0) < (size_t)scene->fault->variant)
		world_pause(world_now_ms(), RUN_DEADLINE_MS, "the disk's refusals");
	fault_set(scene, NULL);
	fault_upfront(scene, 0, "ps", NULL);
	fault_upfront(scene, 0, "logs", "--tail", "2", NULL);
	fault_upfront(scene, 0, "down", NULL);
	fault_assert_recovered(scene);
}

/* ... and once there is room again, it goes on by itself. */
static void play_disk_full_and_back(struct fault_scene *scene)
{
	play_disk_refuses(scene);
	fault_write_stack(
		scene,
		"services: {web: {command: sh -c 'i=0; while echo line $$i; do i=$$((i+1)); sleep 0.02; done'}}\n");
	fault_set(scene, scene->fault->fault);
	fault_upfront(scene, 0, "up", "-d", NULL);
	fault_wait_text(scene, LOGS "web.log", "\nline 60\n");
	fault_assert_hit(scene, 1);
	fault_set(scene, NULL);
	fault_upfront(scene, 0, "down", NULL);
	fault_assert_recovered(scene);
}

static void play_state_refuses(struct fault_scene *scene)
{
	struct run run;

	fault_write_stack(scene, "services: {web: {command: sleep 1001}}\n");
	fault_set(scene, scene->fault->fault);
	run_upfront(&run, &scene->world, "-q", "up", "-d", "--wait", NULL);
	fault_assert_end(&run, scene->fault->ends);
	fault_assert_hit(scene, 1);
	if (run.code == 0)
		fault_upfront(scene, 0, "down", NULL);
	run_finish(&run);
	fault_assert_recovered(scene);
}

/* The file is taken away, replaced or put in the way of while it is written to. */
static void play_file_changes(struct fault_scene *scene)
{
	static const char *const commands[] = {
		"rm ../state/upfront/stack/logs/web.log",
		"mv ../state/upfront/stack/logs/web.log ../state/upfront/stack/logs/old; "
		"echo mine >../state/upfront/stack/logs/web.log",
		": >../state/upfront/stack/logs/web.log",
		"rm -r ../state/upfront/stack/logs",
		"rm ../state/upfront/stack/logs/index",
		"rm ../state/upfront/stack/logs/web.log; "
		"mkdir ../state/upfront/stack/logs/web.log"};
	const char *const argv[] = {"sh", "-c", commands[scene->fault->variant], NULL};
	struct run run;

	fault_write_stack(
		scene, "services:\n  web:\n    command: sh -c 'i=0; while echo line $$i; do i=$$((i+1)); sleep 0.02; "
		       "done'\n    x-upfront: {log: {max_size: 1k, max_files: 3}}\n");
	fault_upfront(scene, 0, "up", "-d", "--wait", NULL);
	fault_wait_text(scene, LOGS "web.log", "line 5\n");
	run_command(&run, &scene->world, &(struct run_options){.argv = argv});
	run_assert_code(&run, 0);
	run_finish(&run);
	for (int i = 0; i < 20; i++) {
		run_upfront(&run, &scene->world, "logs", "--tail", "1", NULL);
		assert_true(run.code == 0 || run.code == 1);
		run_finish(&run);
	}
	fault_upfront(scene, 0, "ps", NULL);
	fault_upfront(scene, 0, "down", NULL);
	if (scene->fault->variant == 5) {
		const char *const tidy[] = {"rm", "-rf", "../state/upfront/stack/logs/web.log", NULL};

		run_command(&run, &scene->world, &(struct run_options){.argv = tidy});
		run_finish(&run);
	}
	fault_assert_recovered(scene);
}

/* ---- Odd bytes ---- */

static void play_odd_bytes(struct fault_scene *scene)
{
	static const char odd[] =
		"nul \0 here\n\xff\xfe\xc0\x80 invalid\n\033[2J\033]0;title\007\033[31mred\033[0m\n\033c\x9b"
		"31m\033P0q\033\\ end\n";
	static const char *const argv[] = {"upfront", "up", "--no-dashboard", NULL};
	struct run run;
	char *kept;

	world_write_bytes(&scene->world, "odd", odd, sizeof(odd) - 1);
	fault_write_stack(scene, "services: {web: {command: sh -c 'cat odd; echo the end; exec sleep 1001'}}\n");
	run_begin(&run, &scene->world, &(struct run_options){.argv = argv, .terminal = true});
	run_expect(&run, "the end");
	run_signal(&run, SIGTERM);
	run_wait(&run);
	run_assert_code(&run, 0);
	/* Colours may pass; what clears, retitles, resets or begins a device string may not. */
	run_assert_silent(&run, "\033[2J");
	run_assert_silent(&run, "\033]0;");
	run_assert_silent(&run, "\033c");
	run_assert_silent(&run, "\033P");
	assert_null(memchr(run.out.bytes, '\x9b', run.out.size_bytes));
	run_finish(&run);
	kept = world_read(&scene->world, LOGS "web.log");
	assert_non_null(kept);
	assert_int_equal(file_size(scene, LOGS "web.log"), sizeof(odd) - 1 + strlen("the end\n"));
	assert_memory_equal(kept, odd, sizeof(odd) - 1);
	free(kept);
	fault_assert_recovered(scene);
}

static const struct fault_case table[] = {
	FAULT("no-newline", "64 MiB without a newline", "every byte in the file, memory bounded", play_no_newline,
	      .variant = 0),
	FAULT("flood-1", "1 GB by one service", "every byte in the file, memory bounded", play_flood, .variant = 1),
	FAULT("flood-10", "1 GB by ten services", "every byte in the files, memory bounded", play_flood, .variant = 10),
	FAULT("rotation", "rotation under flood", "what is kept is without a gap", play_rotation, .variant = 0),
	FAULT("killed", "kill -9 of guard and supervisor under flood", "`logs` shows all that was read", play_killed,
	      .variant = 0),
	FAULT("last-words", "1,000 times a last line and a part of one", "each is kept", play_last_words, .variant = 0),
	FAULT("unread", "nobody reads what upfront writes", "TERM ends it, log complete", play_unread, .variant = 0),
	FAULT("full-stdout", "stdout is /dev/full", "the stack runs on", play_full_stdout, .variant = 0),
	FAULT("write-short", "every write to the logs is short", "log complete", play_all_kept,
	      .fault = "write:short:1:0@supervisor~/logs/"),
	FAULT("write-EINTR", "writes to the log are interrupted", "log complete", play_all_kept,
	      .fault = "write:EINTR:1:3@supervisor~/web.log"),
	FAULT("index-ENOSPC", "no room for the index", "log complete", play_all_kept,
	      .fault = "write:ENOSPC:1:0@supervisor~/index"),
	FAULT("pipe-EINTR", "reads of output are interrupted", "log complete", play_all_kept,
	      .fault = "read:EINTR:1:3@supervisor~pipe:"),
	FAULT("pipe-EAGAIN", "reads of output find nothing", "log complete", play_all_kept,
	      .fault = "read:EAGAIN:1:2@supervisor~pipe:"),
	FAULT("pipe-short", "every read of output is short", "log complete", play_all_kept,
	      .fault = "read:short:1:0@supervisor~pipe:"),
	FAULT("disk-full", "ENOSPC for every log write", "the stack runs on", play_disk_refuses,
	      .fault = "write:ENOSPC:1:0@supervisor~/logs/", .variant = 20),
	FAULT("disk-quota", "EDQUOT for every log write", "the stack runs on", play_disk_refuses,
	      .fault = "write:EDQUOT:1:0@supervisor~/logs/", .variant = 20),
	FAULT("disk-broken", "EIO for every log write", "the stack runs on", play_disk_refuses,
	      .fault = "write:EIO:1:0@supervisor~/logs/", .variant = 20),
	FAULT("disk-full-and-back", "ENOSPC for a while", "logging goes on by itself", play_disk_full_and_back,
	      .fault = "write:ENOSPC:5:20@supervisor~/logs/", .variant = 20),
	FAULT("state-read-only", "EROFS for what is made in the state folder", "told", play_state_refuses,
	      .fault = "mkdir:EROFS:1:0@terminal~state", .ends = ENDS_MISSING),
	FAULT("lock-read-only", "EROFS for the lock", "told", play_state_refuses,
	      .fault = "open:EROFS:1:0@terminal~/lock", .ends = ENDS_MISSING),
	FAULT("log-read-only", "EROFS for the log files", "told or done without", play_state_refuses,
	      .fault = "open:EROFS:1:0@supervisor~web.log", .ends = ENDS_WELL | ENDS_MISSING),
	FAULT("index-read-only", "EROFS for the index", "told or done without", play_state_refuses,
	      .fault = "open:EROFS:1:0@supervisor~index", .ends = ENDS_WELL | ENDS_MISSING),
	FAULT("log-removed", "the log file is removed", "the stack runs on", play_file_changes, .variant = 0),
	FAULT("log-replaced", "the log file is replaced", "the stack runs on", play_file_changes, .variant = 1),
	FAULT("log-emptied", "the log file is emptied", "the stack runs on", play_file_changes, .variant = 2),
	FAULT("logs-removed", "the folder of logs is removed", "the stack runs on", play_file_changes, .variant = 3),
	FAULT("index-removed", "the index is removed", "the stack runs on", play_file_changes, .variant = 4),
	FAULT("log-a-folder", "the log file becomes a folder", "the stack runs on", play_file_changes, .variant = 5),
	FAULT("odd-bytes", "NUL, invalid UTF-8, control sequences", "file unchanged, terminal unharmed", play_odd_bytes,
	      .variant = 0),
};

int main(int argc, char **argv)
{
	return fault_main(table, sizeof(table) / sizeof(*table), argc, argv);
}
