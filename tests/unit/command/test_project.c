/* SPDX-License-Identifier: MIT */
/* One project runs once: its name, its lock, and what is said of the other one. */
#include "config/err.h"
#include "config/stack.h"
#include "launcher/cli.h"
#include "launcher/engine/containers_end.h"
#include "launcher/project.h"
#include "launcher/supervisor/supervisor.h"
#include "tests/lib/children.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct place {
	char *root, *stack, *socket;
	struct cli_context context;
	int before; /* the folder the test was started in */
};

static void write_file(const char *folder, const char *name, const char *text)
{
	char *path;
	FILE *file;

	assert_true(asprintf(&path, "%s/%s", folder, name) > 0);
	file = fopen(path, "we");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
	free(path);
}

static int set_up(void **state)
{
	struct place *place = calloc(1, sizeof(*place));

	place->root = children_make_folder();
	assert_true(asprintf(&place->stack, "%s/Shop Floor", place->root) > 0);
	assert_true(asprintf(&place->socket, "%s/control.sock", place->root) > 0);
	assert_int_equal(mkdir(place->stack, 0700), 0);
	write_file(place->stack, "compose.yaml", "services: {web: {command: sleep 1}}\n");
	setenv("XDG_STATE_HOME", place->root, 1);
	unsetenv("XDG_RUNTIME_DIR");
	unsetenv("COMPOSE_PROJECT_NAME");
	strmap_init(&place->context.environment);
	place->before = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(chdir(place->stack), 0);
	*state = place;
	return 0;
}

static int tear_down(void **state)
{
	struct place *place = *state;

	assert_int_equal(fchdir(place->before), 0);
	close(place->before);
	strmap_finish(&place->context.environment);
	children_remove_folder(place->root);
	free(place->stack);
	free(place->socket);
	free(place);
	return 0;
}

static void test_name(void **state)
{
	static const char *const refused[] = {"!!", "", "Other One", "Shop", "-shop", "_shop", "shop.1", "../shop"};
	struct place *place = *state;
	struct err err = ERR_INIT;
	struct project project;

	project_init(&project);
	assert_int_equal(project_load(&project, &place->context, &err), 0);
	assert_string_equal(project.name, "shopfloor");
	project_finish(&project);
	/* -p needs no stack file. */
	write_file(place->stack, "compose.yaml", "services: [");
	place->context.globals.project = "other-1";
	assert_int_equal(project_find(&project, &place->context, &err), 0);
	assert_string_equal(project.name, "other-1");
	assert_null(project.stack);
	project_finish(&project);
	/* What is typed is taken as it is, or refused: by commands that need the file and by those that do not. */
	write_file(place->stack, "compose.yaml", "services: {a: {command: x}}");
	for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++) {
		place->context.globals.project = refused[i];
		assert_true(project_find(&project, &place->context, &err) < 0);
		assert_int_equal(err.code, ERR_USAGE);
		err_finish(&err);
		project_finish(&project);
		assert_true(project_load(&project, &place->context, &err) < 0);
		assert_int_equal(err.code, ERR_USAGE);
		err_finish(&err);
		project_finish(&project);
	}
}

static const char *folder_file(const struct project *project, char path[512])
{
	snprintf(path, 512, "%s/folder", project->state_dir);
	return path;
}

static void test_runs_once(void **state)
{
	const struct timespec long_ago[] = {{.tv_sec = 1000}, {.tv_sec = 1000}};
	struct place *place = *state;
	struct err err = ERR_INIT;
	struct project first, second;
	struct stat before, after;
	char *message, *running, path[512];

	project_init(&first);
	project_init(&second);
	assert_int_equal(project_load(&first, &place->context, &err), 0);
	assert_int_equal(project_load(&second, &place->context, &err), 0);
	assert_false(project_is_running(&first));
	assert_int_equal(project_lock(&first, place->socket, &err), 0);
	assert_true(project_is_running(&second));
	/* Nothing is started yet: it is still being asked about. */
	assert_true(project_is_asked(&second));
	assert_true(project_lock(&second, place->socket, &err) < 0);
	assert_int_equal(err.code, ERR_MISSING);
	assert_non_null(strstr(err.items[0].message, "just being started from another terminal"));
	err_finish(&err);
	err_init(&err);
	assert_int_equal(project_mark_running(&first, &running, &err), 0);
	assert_false(project_is_asked(&second));
	assert_true(project_lock(&second, place->socket, &err) < 0);
	assert_true(asprintf(&message, "project 'shopfloor' is already running from %s", place->stack) > 0);
	assert_string_equal(err.items[0].message, message);
	err_finish(&err);
	err_init(&err);
	unlink(running);
	free(running);
	assert_int_equal(utimensat(AT_FDCWD, folder_file(&first, path), long_ago, 0), 0);
	assert_int_equal(stat(path, &before), 0);
	project_finish(&first);
	assert_false(project_is_running(&second));
	assert_int_equal(project_lock(&second, place->socket, &err), 0);
	/* It says the same, so it is the same file; its time is that of this run, which `logs` goes by. */
	assert_int_equal(stat(folder_file(&second, path), &after), 0);
	assert_int_equal(before.st_ino, after.st_ino);
	assert_true(after.st_mtim.tv_sec > before.st_mtim.tv_sec);
	project_finish(&second);
	free(message);
}

/* Whoever may write to the folder of all projects could put another one in this one's place. */
static void test_state_folder_open_to_others(void **state)
{
	struct place *place = *state;
	struct err err = ERR_INIT;
	struct project project;
	char *last;

	project_init(&project);
	assert_int_equal(project_load(&project, &place->context, &err), 0);
	last = strrchr(project.state_dir, '/');
	*last = '\0';
	assert_int_equal(mkdir(project.state_dir, 0700), 0);
	assert_int_equal(chmod(project.state_dir, 0777), 0);
	*last = '/';
	assert_true(project_lock(&project, place->socket, &err) < 0);
	assert_int_equal(err.code, ERR_MISSING);
	*last = '\0';
	assert_non_null(strstr(err.items[0].message, project.state_dir));
	assert_int_equal(chmod(project.state_dir, 0700), 0);
	*last = '/';
	err_finish(&err);
	err_init(&err);
	assert_int_equal(project_lock(&project, place->socket, &err), 0);
	project_finish(&project);
}

/* A stack must be taken down whatever has become of its file since. */
static void test_broken_file_of_a_running_stack(void **state)
{
	struct place *place = *state;
	struct err err = ERR_INIT;
	struct project running, found;

	project_init(&running);
	project_init(&found);
	assert_int_equal(project_load(&running, &place->context, &err), 0);
	assert_int_equal(project_lock(&running, place->socket, &err), 0);
	write_file(place->stack, "compose.yaml", "services: [");
	assert_int_equal(project_find(&found, &place->context, &err), 0);
	assert_string_equal(found.name, "shopfloor");
	project_finish(&found);
	/* Nothing runs: then what is wrong with the file is what a person must know. */
	project_finish(&running);
	assert_true(project_find(&found, &place->context, &err) < 0);
	assert_int_equal(err.code, ERR_CONFIG);
	err_finish(&err);
	project_finish(&found);
}

/* What looks at the lock must not keep another from taking it, nor be taken for a running stack. */
static void test_lookers_do_not_disturb(void **state)
{
	struct place *place = *state;
	struct err err = ERR_INIT;
	struct project one, other;

	project_init(&one);
	project_init(&other);
	assert_int_equal(project_load(&one, &place->context, &err), 0);
	assert_int_equal(project_load(&other, &place->context, &err), 0);
	assert_int_equal(project_lock(&one, place->socket, &err), 0);
	assert_int_equal(flock(one.lock_fd, LOCK_SH), 0); /* as project_is_running holds it for a moment */
	assert_false(project_is_running(&other));
	project_finish(&one);
	project_finish(&other);
}

static void test_state_folder_of_others(void **state)
{
	struct place *place = *state;
	struct err err = ERR_INIT;
	struct project project;

	project_init(&project);
	assert_int_equal(project_load(&project, &place->context, &err), 0);
	assert_int_equal(project_lock(&project, place->socket, &err), 0);
	close(project.lock_fd);
	project.lock_fd = -1;
	assert_int_equal(chmod(project.state_dir, 0777), 0);
	assert_true(project_lock(&project, place->socket, &err) < 0);
	assert_int_equal(err.code, ERR_MISSING);
	err_finish(&err);
	project_finish(&project);
}

/* The marker tells a project's strays in a later run: it may depend on nothing that changes between two. */
static void test_marker(void **state)
{
	struct place *place = *state;
	struct err err = ERR_INIT;
	struct project one, other;
	char *first, *second, *third;

	project_init(&one);
	project_init(&other);
	assert_int_equal(project_load(&one, &place->context, &err), 0);
	first = project_marker(&one);
	second = project_marker(&one);
	place->context.globals.project = "other";
	assert_int_equal(project_load(&other, &place->context, &err), 0);
	third = project_marker(&other);
	assert_string_equal(first, second);
	assert_string_not_equal(first, third);
	assert_null(strchr(first, '/'));
	free(first);
	free(second);
	free(third);
	project_finish(&one);
	project_finish(&other);
}

/* ---- What an earlier run left ---- */

/* A child that stays, with this variable (NULL: none) in its environment; returns when it does. */
static pid_t begin_stray(const char *variable)
{
	char *helper = children_helper("child"), text[16];
	int ends[2];
	pid_t pid;

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		char *const environment[] = {(char *)variable, NULL};

		dup2(ends[1], STDOUT_FILENO);
		execle(helper, helper, "named", "stray", NULL, environment);
		_exit(90);
	}
	close(ends[1]);
	children_read(ends[0], "ready\n", text, sizeof(text));
	close(ends[0]);
	free(helper);
	return pid;
}

static bool lives(pid_t pid)
{
	return waitpid(pid, NULL, WNOHANG) == 0;
}

static void end_stray(pid_t pid)
{
	kill(pid, SIGKILL);
	assert_int_equal(children_wait(pid), 137);
}

/* What project_sweep says on stderr; the caller frees. */
static char *sweep(const struct place *place, const struct project *project, int wanted)
{
	int saved = dup(STDERR_FILENO), count, fd;
	char *path;

	assert_true(asprintf(&path, "%s/said", place->root) > 0);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	fflush(stderr);
	dup2(fd, STDERR_FILENO);
	count = project_sweep(project);
	fflush(stderr);
	dup2(saved, STDERR_FILENO);
	close(saved);
	close(fd);
	free(path);
	assert_int_equal(count, wanted);
	return children_slurp(place->root, "said", NULL);
}

/* A project that has been started once, so that its state folder is there; *marker as its services have it. */
static void open_once(const struct place *place, struct project *project, char **marker)
{
	char *value;

	project_init(project);
	assert_int_equal(project_load(project, &place->context, NULL), 0);
	assert_int_equal(project_lock(project, place->socket, NULL), 0);
	close(project->lock_fd);
	project->lock_fd = -1;
	value = project_marker(project);
	assert_true(asprintf(marker, "UPFRONT_STACK=%s", value) > 0);
	free(value);
}

/*
 * The runtime folder and with it the socket may be gone since a logout: `running` is what tells. Only what is marked is ended: other
 * children of the process that looks (`worker & exec upfront up`) are none of ours.
 */
static void test_sweep_ends_the_marked_and_nobody_else(void **state)
{
	struct place *place = *state;
	struct project project;
	pid_t marked, other;
	char *marker, *said, *wanted, *path;

	open_once(place, &project, &marker);
	assert_int_equal(project_mark_running(&project, &path, NULL), 0);
	marked = begin_stray(marker);
	other = begin_stray("UPFRONT_STACK=another");
	said = sweep(place, &project, 1);
	assert_true(asprintf(&wanted,
			     "upfront: ended what an earlier run of project 'shopfloor' had left: stray (%d)\n",
			     (int)marked) > 0);
	assert_string_equal(said, wanted);
	assert_int_equal(children_wait(marked), 137);
	assert_true(lives(other));
	assert_int_not_equal(access(path, F_OK), 0);
	free(said);
	/* Done once: the next look finds nothing to do, and says nothing. */
	said = sweep(place, &project, 0);
	assert_string_equal(said, "");
	end_stray(other);
	free(said);
	free(wanted);
	free(path);
	free(marker);
	project_finish(&project);
}

/* A service of root's may have a user of its own; what it leaves behind is found all the same. */
static void test_root_finds_what_other_users_left(void **state)
{
	struct place *place = *state;
	struct project project;
	char *marker, *said, *path, text[16];
	int ends[2];
	pid_t pid;

	if (geteuid() != 0)
		skip();
	open_once(place, &project, &marker);
	assert_int_equal(project_mark_running(&project, &path, NULL), 0);
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		char *const environment[] = {marker, NULL};

		dup2(ends[1], STDOUT_FILENO);
		if (setresgid(65534, 65534, 65534) == 0 && setresuid(65534, 65534, 65534) == 0)
			/* No other program after the word: while one takes its place nobody can read its environment. */
			execle("/bin/sh", "sh", "-c", "echo ready; kill -STOP $$", NULL, environment);
		_exit(90);
	}
	close(ends[1]);
	children_read(ends[0], "ready\n", text, sizeof(text));
	close(ends[0]);
	said = sweep(place, &project, 1);
	assert_int_equal(children_wait(pid), 137);
	free(said);
	free(path);
	free(marker);
	project_finish(&project);
}

/* A container may have the same path and the same name, but not the same folder: nobody ends the other's processes. */
static void test_a_marker_is_of_one_state_folder(void **state)
{
	struct place *place = *state;
	struct project project;
	char *marker, *again, *other, *aside;

	open_once(place, &project, &marker);
	again = project_marker(&project);
	assert_string_equal(marker + strlen("UPFRONT_STACK="), again);
	assert_true(asprintf(&aside, "%s-aside", project.state_dir) > 0);
	assert_int_equal(rename(project.state_dir, aside), 0);
	assert_int_equal(mkdir(project.state_dir, 0700), 0);
	other = project_marker(&project);
	assert_string_not_equal(other, again);
	assert_int_equal(rmdir(project.state_dir), 0);
	assert_int_equal(rename(aside, project.state_dir), 0);
	free(aside);
	free(other);
	free(again);
	free(marker);
	project_finish(&project);
}

/* Whoever asks for the project by any command: what is swept has ended by then. */
/* ---- Containers ---- */

/* Their engine is one that nobody has started: what can be said of it is said, and nothing else is held up. */
static void test_containers_that_cannot_be_asked_for_are_told(void **state)
{
	struct place *place = *state;
	struct docker_endpoint nowhere = {
		.dial = DIAL_UNIX, .shown = (char *)"unix:///nowhere", .why = (char *)"the default", .local = true};
	struct project project;
	char *marker, *path, *said;

	assert_true(asprintf(&path, "%s/engine.sock", place->root) > 0);
	nowhere.path = path;
	open_once(place, &project, &marker);
	said = sweep(place, &project, 0);
	assert_string_equal(said, "");
	free(said);
	assert_int_equal(containers_note_write(project.state_dir, &nowhere, project.name, NULL, marker, NULL), 0);
	for (int i = 0; i < 2; i++) { /* and it is looked for again by the next command */
		said = sweep(place, &project, 0);
		if (strstr(said, "upfront: containers of an earlier run of project 'shopfloor' may still be there: ") !=
		    said)
			fail_msg("said: %s", said);
		assert_ptr_equal(strchr(said, '\n'), said + strlen(said) - 1);
		free(said);
	}
	/* Those of another folder are its own commands' to end. */
	assert_int_equal(
		containers_note_write(project.state_dir, &nowhere, project.name, NULL, "UPFRONT_STACK=other", NULL), 0);
	said = sweep(place, &project, 0);
	assert_string_equal(said, "");
	free(said);
	free(marker);
	free(path);
	project_finish(&project);
}

/* What the Compose program was given to read may hold secrets. */
static void test_files_of_a_killed_run_are_removed(void **state)
{
	struct place *place = *state;
	char *folder, *file, *socket;

	assert_true(asprintf(&folder, "%s/shop.compose", place->root) > 0);
	assert_true(asprintf(&file, "%s/shop.compose.yaml", folder) > 0);
	assert_true(asprintf(&socket, "%s/shop.sock", place->root) > 0);
	assert_int_equal(mkdir(folder, 0700), 0);
	fclose(fopen(file, "w"));
	supervisor_remove_files(socket, "other");
	assert_int_equal(access(file, F_OK), 0);
	supervisor_remove_files(socket, "shop");
	assert_int_not_equal(access(folder, F_OK), 0);
	supervisor_remove_files(socket, "shop");
	supervisor_remove_files(NULL, "shop");
	free(folder);
	free(file);
	free(socket);
}

static void test_loading_sweeps(void **state)
{
	struct place *place = *state;
	struct project project;
	char *marker, *path;
	pid_t stray;
	struct {
		bool find, only_looks;
	} ways[] = {{false, true}, {false, false}, {true, false}};

	open_once(place, &project, &marker);
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		assert_int_equal(project_mark_running(&project, &path, NULL), 0);
		stray = begin_stray(marker);
		project_finish(&project);
		project.only_looks = ways[i].only_looks;
		if (ways[i].find)
			assert_int_equal(project_find(&project, &place->context, NULL), 0);
		else
			assert_int_equal(project_load(&project, &place->context, NULL), 0);
		assert_int_equal(lives(stray), ways[i].only_looks);
		if (ways[i].only_looks)
			end_stray(stray);
		free(path);
	}
	free(marker);
	project_finish(&project);
}

/* The next start does the same; a stack that runs is not swept. */
static void test_sweep_goes_by_the_lock(void **state)
{
	struct place *place = *state;
	struct project project, next;
	char *marker, *path;
	pid_t stray;

	open_once(place, &project, &marker);
	assert_int_equal(project_lock(&project, place->socket, NULL), 0);
	assert_int_equal(project_mark_running(&project, &path, NULL), 0);
	stray = begin_stray(marker);
	project_init(&next);
	assert_int_equal(project_load(&next, &place->context, NULL), 0);
	free(sweep(place, &next, 0));
	assert_true(lives(stray));
	close(project.lock_fd);
	project.lock_fd = -1;
	assert_int_equal(project_lock(&next, place->socket, NULL), 0);
	assert_int_equal(children_wait(stray), 137);
	assert_int_not_equal(access(path, F_OK), 0);
	free(path);
	free(marker);
	project_finish(&project);
	project_finish(&next);
}

/* ---- The end of a run ---- */

static void test_waiting_for_the_lock_has_an_end(void **state)
{
	struct place *place = *state;
	struct project holder, other;
	struct err err = ERR_INIT;

	project_init(&holder);
	project_init(&other);
	assert_int_equal(project_load(&holder, &place->context, NULL), 0);
	assert_int_equal(project_load(&other, &place->context, NULL), 0);
	assert_int_equal(project_lock(&holder, place->socket, NULL), 0);
	assert_true(project_wait_unlocked(&other, 50, &err) < 0);
	assert_int_equal(err.code, ERR_TIMEOUT);
	project_finish(&holder);
	assert_int_equal(project_wait_unlocked(&other, 50, NULL), 0);
	err_finish(&err);
	project_finish(&other);
}

static void stay(void)
{
	for (;;)
		pause();
}

/* A guard by this name with its supervisor; returns when both are there. */
static pid_t begin_run(const char *name, pid_t *supervisor)
{
	int ends[2];
	pid_t guard;

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	guard = fork();
	if (guard == 0) {
		prctl(PR_SET_NAME, name);
		*supervisor = fork();
		if (*supervisor == 0)
			stay();
		if (write(ends[1], supervisor, sizeof(*supervisor)) > 0)
			stay();
		_exit(90);
	}
	close(ends[1]);
	assert_true(children_readable(ends[0], CHILDREN_DEADLINE_MS));
	assert_int_equal(read(ends[0], supervisor, sizeof(*supervisor)), sizeof(*supervisor));
	close(ends[0]);
	return guard;
}

/* A run has ended when its guard has, though the next one holds the lock already; a supervisor without a guard is the last itself. */
static void test_the_end_of_one_run(void **state)
{
	static const struct {
		const char *name;
		bool guard_is_last;
	} cases[] = {{"upfront-guard", true}, {"bash", false}};
	struct place *place = *state;
	struct project next;

	project_init(&next);
	assert_int_equal(project_load(&next, &place->context, NULL), 0);
	assert_int_equal(project_lock(&next, place->socket, NULL), 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err err = ERR_INIT;
		pid_t supervisor, guard = begin_run(cases[i].name, &supervisor);
		int fd = project_watch_run(supervisor);

		assert_true(fd >= 0);
		assert_true(project_wait_run(&next, fd, 10, &err) < 0);
		assert_int_equal(err.code, ERR_TIMEOUT);
		kill(cases[i].guard_is_last ? guard : supervisor, SIGKILL);
		assert_int_equal(project_wait_run(&next, fd, CHILDREN_DEADLINE_MS, NULL), 0);
		close(fd);
		kill(guard, SIGKILL);
		kill(supervisor, SIGKILL);
		assert_int_equal(children_wait(guard), 137);
		assert_int_equal(children_wait(supervisor), 137); /* ours by adoption */
		assert_true(project_watch_run(supervisor) < 0);
		err_finish(&err);
	}
	project_finish(&next);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_name),
		TEST(test_runs_once),
		TEST(test_state_folder_open_to_others),
		TEST(test_broken_file_of_a_running_stack),
		TEST(test_lookers_do_not_disturb),
		TEST(test_state_folder_of_others),
		TEST(test_marker),
		TEST(test_root_finds_what_other_users_left),
		TEST(test_a_marker_is_of_one_state_folder),
		TEST(test_loading_sweeps),
		TEST(test_containers_that_cannot_be_asked_for_are_told),
		TEST(test_files_of_a_killed_run_are_removed),
		TEST(test_sweep_ends_the_marked_and_nobody_else),
		TEST(test_sweep_goes_by_the_lock),
		TEST(test_waiting_for_the_lock_has_an_end),
		TEST(test_the_end_of_one_run),
	};

	prctl(PR_SET_CHILD_SUBREAPER, 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
