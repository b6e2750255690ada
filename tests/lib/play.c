/* SPDX-License-Identifier: MIT */
#include "tests/lib/play.h"

#include "config/err.h"
#include "launcher/process/descendants.h"
#include "launcher/process/guard.h"
#include "launcher/supervisor/ctl.h"
#include "launcher/supervisor/supervisor.h"
#include "tests/lib/children.h"
#include "tests/lib/ctl_ask.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- Making a stack by hand ---- */

int play_setup(void **state)
{
	struct play *play = calloc(1, sizeof *play);
	char path[128];

	prctl(PR_SET_CHILD_SUBREAPER, 1);
	play->folder = children_make_folder();
	play->stack = (struct stack){
		.name = "play", .app = "play", .dir = play->folder, .services = play->services, .warnings = ERR_INIT};
	play->leash[0] = play->leash[1] = play->guard_fd = play->listen_fd = -1;
	strmap_init(&play->environment);
	strmap_set(&play->environment, "PATH", "/usr/bin:/bin");
	strmap_set(&play->environment, "HOME", play->folder);
	snprintf(path, sizeof path, "%s/trace", play->folder);
	strmap_set(&play->environment, "TRACE", path);
	snprintf(play->mark, sizeof play->mark, "UPFRONT_STACK=%s", play->folder);
	snprintf(play->socket_path, sizeof play->socket_path, "%s/control.sock", play->folder);
	play->consent = (struct consent_decision){.state = CONSENT_OFF, .reason = CONSENT_BY_NO_ENDPOINT};
	*state = play;
	return 0;
}

struct service *play_add(struct play *play, const char *name, const char *script)
{
	size_t index = play->stack.service_count++;
	struct service *service = &play->services[index];
	char *text;

	assert_true(asprintf(&text, "say() { echo \"$*\" >>\"$TRACE\"; }\n%s", script) > 0);
	play->argv[index][0] = "/bin/sh";
	play->argv[index][1] = "-c";
	play->argv[index][2] = text;
	*service = (struct service){
		.name = name,
		.argv = play->argv[index],
		.working_dir = play->folder,
		.depends_on = play->dependencies[index],
		.restart = {RESTART_NO, 0, 50, 400, 60000, false},
		.stop = {SIGTERM, 10000},
		.replicas = 1,
		.log_max_size_bytes = 1 << 20,
		.log_max_files = 2,
		.place = {"compose.yaml", (int)index + 1, 1},
	};
	strmap_init(&service->environment);
	return service;
}

void play_serve(struct play *play, ...)
{
	const char *name;
	char script[256];
	va_list names;

	play_listen(play);
	va_start(names, play);
	while ((name = va_arg(names, const char *)) != NULL) {
		snprintf(script, sizeof script, PLAY_SERVER("%s"), name, name);
		play_add(play, name, script);
	}
	va_end(names);
}

void play_depends(struct play *play, size_t from, size_t on, enum depend_condition condition)
{
	struct service *service = &play->services[from];

	play->dependencies[from][service->depends_on_count++] = (struct dependency){
		.service = play->services[on].name, .index = on, .condition = condition, .required = true};
}

/* ---- Running it ---- */

void play_begin(struct play *play)
{
	play->begin_ms = children_now_ms();
	fflush(NULL); /* the child ends by exit(), so that a leak checker sees it */
	play->pid = fork();
	assert_true(play->pid >= 0);
	if (play->pid == 0) {
		const struct supervisor_options options = {
			.stack = &play->stack,
			.environment = &play->environment,
			.member = play->select ? play->member : NULL,
			.state_dir = play->folder,
			.listen_fd = play->listen_fd,
			.linger_ms = play->linger_ms > 0 ? play->linger_ms : 400,
			.socket_path = play->socket_path,
			.leash_fd = play->leash[0],
			.guard_fd = play->guard_fd,
			.lock_fd = -1,
			.consent = play->consent,
			.print_fd = play->print_fd,
			.source = play->source,
			.watched = play->watched,
			.marker_value = play->folder,
			.begin_ms = play->begin_ms,
			.commands = play->commands,
			.command_count = play->commands != NULL ? 1 : 0,
			.command = play->command,
			.compose = play->compose,
			.compose_ops = play->compose_ops,
		};

		if (play->leash[1] >= 0)
			close(play->leash[1]);
		char errors[128];

		snprintf(errors, sizeof errors, "%s/errors", play->folder);
		assert_non_null(freopen(errors, "a", stderr));
		setvbuf(stderr, NULL, _IONBF, 0);
		exit(supervisor_run(&options));
	}
	if (play->leash[0] >= 0)
		close(play->leash[0]);
	play->leash[0] = -1;
}

static char *trace(const struct play *play)
{
	char *text = children_slurp(play->folder, "trace", NULL);

	return text != NULL ? text : strdup("");
}

int play_count(const struct play *play, const char *file, const char *text)
{
	char *all = children_slurp(play->folder, file, NULL);
	int count = 0;

	for (const char *at = all != NULL ? strstr(all, text) : NULL; at != NULL; at = strstr(at + 1, text))
		count++;
	free(all);
	return count;
}

bool play_traced(const struct play *play, const char *text, int times)
{
	return play_count(play, "trace", text) >= times;
}

void play_await_in(const struct play *play, const char *file, const char *text, int times)
{
	int64_t deadline = children_now_ms() + CHILDREN_DEADLINE_MS;
	int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	char events[4096];

	assert_true(inotify_add_watch(fd, play->folder, IN_MODIFY | IN_CREATE) >= 0);
	while (play_count(play, file, text) < times) {
		struct pollfd poll_fd = {.fd = fd, .events = POLLIN};

		if (children_now_ms() > deadline)
			fail_msg("never said: %s", text);
		poll(&poll_fd, 1, 1000);
		while (read(fd, events, sizeof events) > 0)
			;
	}
	close(fd);
}

void play_await(const struct play *play, const char *text, int times)
{
	play_await_in(play, "trace", text, times);
}

void play_assert_trace(const struct play *play, const char *wanted)
{
	char *text = trace(play);

	if (strcmp(text, wanted) != 0)
		fail_msg("the trace is\n%s\nwanted\n%s", text, wanted);
	free(text);
}

int play_end(struct play *play)
{
	struct proc_list list = {0};
	int code = children_wait(play->pid);

	play->pid = 0;
	assert_int_equal(descendants_find(0, play->mark, &list), 0);
	if (list.count != 0)
		fail_msg("%zu processes are left", list.count);
	proc_list_finish(&list);
	assert_int_not_equal(access(play->socket_path, F_OK), 0);
	return code;
}

void play_down(struct play *play)
{
	ctl_ask_post(play->socket_path, "/v1/stack/down", "", "HTTP/1.1 202");
	assert_int_equal(play_end(play), 0);
}

int play_teardown(void **state)
{
	struct play *play = *state;

	if (play->pid > 0)
		kill(play->pid, SIGKILL);
	guard_sweep(NULL, 5000);
	for (size_t i = 0; i < play->stack.service_count; i++) {
		strmap_finish(&play->services[i].environment);
		free((char *)play->argv[i][2]);
	}
	for (int i = 0; i < 2; i++) {
		if (play->leash[i] >= 0)
			close(play->leash[i]);
	}
	if (play->listen_fd >= 0)
		close(play->listen_fd);
	strmap_finish(&play->environment);
	children_remove_folder(play->folder);
	free(play);
	return 0;
}

void play_assert_said(const struct play *play, const char *text)
{
	char *errors = children_slurp(play->folder, "errors", NULL);

	if (errors == NULL || strstr(errors, text) == NULL)
		fail_msg("\"%s\" is not in \"%s\"", text, errors != NULL ? errors : "");
	free(errors);
}

void play_listen(struct play *play)
{
	play->listen_fd = ctl_listen(play->socket_path, NULL);
	assert_true(play->listen_fd >= 0);
}
