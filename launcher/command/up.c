/* SPDX-License-Identifier: MIT */
#include "config/clock.h"
#include "config/err.h"
#include "config/paths.h"
#include "config/pool.h"
#include "config/stack.h"
#include "launcher/cli.h"
#include "launcher/cli_table.h"
#include "launcher/command/command.h"
#include "launcher/command/command_report.h"
#include "launcher/command/dashboard.h"
#include "launcher/command/setup_set.h"
#include "launcher/command/setup_steps.h"
#include "launcher/command/up_abort.h"
#include "launcher/command/up_consent.h"
#include "launcher/command/up_engine.h"
#include "launcher/command/up_follow.h"
#include "launcher/command/up_open.h"
#include "launcher/command/up_running.h"
#include "launcher/engine/containers_end.h"
#include "launcher/engine/engine.h"
#include "launcher/process/descendants.h"
#include "launcher/process/fd.h"
#include "launcher/process/guard.h"
#include "launcher/process/kernel.h"
#include "launcher/process/output.h"
#include "launcher/process/ports.h"
#include "launcher/process/spawn_users.h"
#include "launcher/project.h"
#include "launcher/supervisor/ctl.h"
#include "launcher/supervisor/order.h"
#include "launcher/supervisor/supervisor.h"
#include "telemetry/sanitize.h"
#include "telemetry/telemetry.h"

#include <errno.h>
#include <malloc.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct up_options {
	bool detach, wait, no_deps, timestamps, no_dashboard, abort_on_exit, open, no_open;
	const char *exit_code_from;
	int64_t wait_timeout_ms;
	const char **telemetry;
	bool no_telemetry, disable_telemetry;
	const char *engine;
	const char **set;
};

static const char *const telemetry_words[] = {"ask", "on", "off", "on@N", NULL};
static const char *const engine_words[] = {"auto", "native", "compose", NULL};

#define AT(member) .offset = offsetof(struct up_options, member)

static const struct cli_option up_table[] = {
	{'d', "detach", CLI_FLAG, NULL, "return once everything is started; the stack runs on", NULL, AT(detach)},
	{0, "wait", CLI_FLAG, NULL, "return once everything is ready (implies -d)", NULL, AT(wait)},
	{0, "wait-timeout", CLI_SECONDS, "SECONDS", "take the stack down if it is not ready by then: exit code 5", NULL,
	 AT(wait_timeout_ms)},
	{0, "telemetry", CLI_WORDS, "ask|on|off", "answer the question about usage statistics for this run",
	 telemetry_words, AT(telemetry)},
	{0, "no-telemetry", CLI_FLAG, NULL, "the same as --telemetry=off", NULL, AT(no_telemetry),
	 .ends_telemetry = true},
	{0, "disable-telemetry", CLI_FLAG, NULL, "the same as --telemetry=off", NULL, AT(disable_telemetry),
	 .ends_telemetry = true},
	{0, "engine", CLI_WORD, UP_ENGINE_WORDS, "what runs the services", engine_words, AT(engine)},
	{0, "set", CLI_LIST, "KEY=VALUE", SETUP_SET_HELP, NULL, AT(set)},
	{0, "no-deps", CLI_FLAG, NULL, "start the named services without those they need", NULL, AT(no_deps)},
	{0, "abort-on-exit", CLI_FLAG, NULL, "take the stack down when the first service ends", NULL,
	 AT(abort_on_exit)},
	{0, "exit-code-from", CLI_TEXT, "SERVICE", "the same, and end with this service's exit code", NULL,
	 AT(exit_code_from)},
	{0, "timestamps", CLI_FLAG, NULL, "the time in front of every line of output", NULL, AT(timestamps)},
	{0, "no-dashboard", CLI_FLAG, NULL, "plain stream of output", NULL, AT(no_dashboard)},
	{0, "open", CLI_FLAG, NULL, "open the stack's page in a browser once it is ready", NULL, AT(open)},
	{0, "no-open", CLI_FLAG, NULL, "open no page, whatever the stack file says", NULL, AT(no_open)},
	{.name = NULL},
};

/* One `up` on its way. */
struct up {
	const struct cli_context *context;
	const struct up_options *options;
	struct project project;
	bool *member; /* NULL: all services */
	struct consent_said said; /* on the command line */
	struct up_abort abort;
	enum up_open open;
	struct consent_decision consent;
	bool was_running; /* and is as the stack file says now: there is nothing to launch */
	bool dashboard; /* is shown, here */
	int64_t begin_ms;
	char *socket_path, *marker, *logs;
	struct log_index_mark logs_from; /* where this run's output begins */
	char *sender_path; /* NULL without consent */
	int listen_fd;
	int leash[2]; /* read end for the supervisor, write end ours */
	int guard_fd; /* in the supervisor: set by guard_start */
	int print_fd; /* our stderr, for a detached supervisor that is to print its events; -1: none */
	struct child guard;
	struct proc_list strangers; /* descendants from before the guard */
	struct spawn_users users; /* whom services run as */
	struct up_engine engine; /* of containers */
	struct pool *pool; /* of `commands` */
	const struct command_table *commands; /* upfront's own; NULL without consent */
	struct sanitized line; /* what was typed for this `up` */
};

/* Before anything is started: two notices cannot both be meant. */
static int fold_telemetry(const struct up_options *options, struct consent_said *said, struct err *err)
{
	static const char *const off[] = {"off", NULL};
	const bool switched_off = options->no_telemetry || options->disable_telemetry;

	if (consent_fold(switched_off ? off : (const char *const *)options->telemetry, said) == 0)
		return 0;
	err_set(err, ERR_USAGE, "--telemetry: two different notices are given");
	err_hint(err, "name the one you have read; upfront telemetry status shows the current one");
	return -EINVAL;
}

/* ---- What can be checked before anybody is asked ---- */

static int select_services(struct up *self, struct err *err)
{
	const struct stack *stack = self->project.stack;

	if (self->context->arg_count == 0)
		return 0;
	self->member = calloc(stack->service_count + 1, sizeof(*self->member));
	if (self->member == NULL)
		return err_set(err, ERR_INTERNAL, "out of memory");
	return order_select(stack, (const char *const *)self->context->args, self->options->no_deps, self->member, err);
}

static int check_services(const struct up *self, struct err *err)
{
	const struct stack *stack = self->project.stack;

	if (stack->service_count == 0)
		return err_set(err, ERR_CONFIG, "project '%s' has no services", stack->name);
	return up_engine_check(self->options->engine, stack, self->member, err);
}

/* Name services may take their time: asked now, while Ctrl-C still ends us, and not when services are to be started. */
static int check_users(struct up *self, struct err *err)
{
	const struct stack *stack = self->project.stack;

	for (size_t i = 0; i < stack->service_count; i++) {
		const struct service *service = &stack->services[i];
		int result;

		if (self->member != NULL && !self->member[i])
			continue;
		result = supervisor_note_user(&self->users, service, err);
		if (result < 0)
			return result;
	}
	return 0;
}

static void say_loaded(const struct up *self)
{
	if (!self->context->globals.verbose)
		return;
	for (const char *const *file = self->project.stack->files; *file != NULL; file++)
		fprintf(stderr, "upfront: read %s\n", *file);
	fprintf(stderr, "upfront: project '%s'\n", self->project.name);
}

/*
 * This project runs from this very folder: it is brought to what the file says. False when there is nothing of the kind to do, and
 * the lock has the last word.
 */
static bool bring_running(struct up *self, struct err *err)
{
	const struct up_running_options options = {
		.context = self->context,
		.project = &self->project,
		.said = &self->said,
		.stay = !self->options->detach && !self->options->wait,
		.wait = self->options->wait,
		.no_deps = self->options->no_deps,
		.wait_timeout_ms = self->options->wait_timeout_ms,
		.open = self->open,
	};
	enum up_running_end end;

	if (self->abort.on || !project_is_running(&self->project) || project_is_asked(&self->project) ||
	    !project_is_from_here(&self->project))
		return false;
	end = up_running(&options, err);
	self->was_running = end == UP_RUNNING_DONE;
	if (end == UP_RUNNING_GONE) {
		err_finish(err);
		err_init(err);
	}
	return self->was_running;
}

/* A log folder that cannot be used is heard of now, and not from a supervisor that ends at once. */
static int check_logs(const struct up *self, struct err *err)
{
	struct output *output;
	char *path = NULL;

	if (asprintf(&path, "%s/logs", self->project.state_dir) < 0)
		return err_set(err, ERR_INTERNAL, "out of memory");
	output = output_create(path, err);
	free(path);
	if (output == NULL)
		return -EIO;
	output_destroy(output);
	return 0;
}

static int find_engine(struct up *self, struct err *err)
{
	int result = up_engine_find(&self->engine, self->project.stack, self->project.source, self->member,
				    &self->context->environment, self->project.state_dir, err);

	if (result == 0 && self->context->globals.verbose)
		up_engine_tell(&self->engine);
	if (result == 0 && !self->context->globals.quiet)
		up_engine_warn(&self->engine);
	return result;
}

/* 0, -errno, or the exit code of somebody who was asked and quit. */
static int prepare(struct up *self, struct err *err)
{
	size_t *order = NULL;
	int result;

	self->project.named = (const char *const *)self->context->args;
	result = setup_steps_up(self->context, &self->project, (const char *const *)self->options->set, err);
	if (result == 0)
		result = project_load(&self->project, self->context, err);
	if (result == 0)
		result = order_make(self->project.stack, &order, NULL, err);
	free(order);
	if (result == 0)
		say_loaded(self);
	if (result == 0)
		result = select_services(self, err);
	if (result == 0)
		result = up_abort_check(&self->abort, self->options->detach || self->options->wait, self->project.stack,
					self->member, err);
	if (result == 0)
		result = check_services(self, err);
	if (result == 0)
		result = check_users(self, err);
	if (result == 0)
		result = paths_socket(self->project.name, &self->socket_path, err);
	if (result == 0 && bring_running(self, err))
		return err_is_set(err) ? -EBUSY : 0;
	if (result == 0)
		result = project_lock(&self->project, self->socket_path, err);
	if (result == 0)
		result = find_engine(self, err);
	if (result == 0)
		result = check_logs(self, err);
	if (result == 0)
		result = ports_check(self->project.stack, self->member, NULL, err);
	return result;
}

/* ---- The supervisor ---- */

static int supervise(void *context)
{
	struct up *self = context;
	const struct supervisor_options options = {
		.source = self->project.source,
		.stack = self->project.stack,
		.environment = &self->context->environment,
		.member = self->member,
		.state_dir = self->project.state_dir,
		.listen_fd = self->listen_fd,
		.socket_path = self->socket_path,
		.leash_fd = self->leash[0],
		.lock_fd = self->project.lock_fd,
		.consent = self->consent,
		.print_fd = self->print_fd,
		.marker_value = self->marker,
		.begin_ms = self->begin_ms,
		.settle_ms = self->options->wait ? SUPERVISOR_SETTLE_MS : 0,
		.guard_fd = self->guard_fd,
		.users = &self->users,
		.commands = self->commands,
		.command_count = self->commands != NULL ? 1 : 0,
		.watched = self->dashboard,
		.command = self->commands != NULL && self->line.tracked ? &self->line : NULL,
		.compose = self->engine.found ? &self->engine.setup : NULL,
		.compose_ops = self->engine.found ? &engine_compose : NULL,
	};

	return supervisor_run(&options);
}

/* In the guard: what a supervisor that could not do it itself has left with the container engine. */
static void end_containers(void *context)
{
	const struct up *self = context;
	size_t ended;

	if (!self->engine.found)
		return;
	supervisor_remove_files(self->socket_path, self->project.name);
	(void)containers_sweep(self->project.state_dir, &self->context->environment, UP_SWEEP_CONTAINERS_MS, &ended,
			       NULL);
}

static bool answer_counts(const struct stack *stack, bool on)
{
	struct strmap told;
	bool counts;

	/* The values do not matter here, only which there are. */
	strmap_init(&told);
	counts = telemetry_environment(stack, on, "x", "x", "x", &told) < 0 || stack_depends_on(stack, &told);
	strmap_finish(&told);
	return counts;
}

/*
 * What the files say is only wanted by a supervisor that has to fill it in anew, with what is known of telemetry by then. Most stacks
 * do not ask for that; then what reading took goes back before three processes have it.
 */
static void forget_source(struct up *self)
{
	struct project *project = &self->project;

	/* A Compose program reads the files themselves, where they say it all. */
	if (!self->engine.found && !answer_counts(project->stack, true) && !answer_counts(project->stack, false))
		stack_source_forget(project->source);
	malloc_trim(0);
}

/* What the supervisor may be told of commands, and this one among them: it ends with the stack, and then cannot tell by itself. */
static void take_commands(struct up *self)
{
	const struct command_report *report = self->context->report;

	if (self->consent.state != CONSENT_ON || report == NULL)
		return;
	self->pool = pool_create();
	self->commands = cli_table_make(self->pool);
	sanitize_command_line(self->commands, report->arg_count, report->args, &self->line);
}

static int launch(struct up *self, bool detach, struct err *err)
{
	char *running = NULL;
	int keep[5];
	size_t count = 0;
	int result;

	take_commands(self);
	forget_source(self);
	self->marker = project_marker(&self->project);
	if (asprintf(&self->logs, "%s/logs", self->project.state_dir) < 0)
		self->logs = NULL;
	if (self->marker == NULL || self->logs == NULL)
		return err_set(err, ERR_INTERNAL, "out of memory");
	if (self->consent.state == CONSENT_ON)
		self->sender_path = telemetry_sender_path();
	if (!detach && pipe2(self->leash, O_CLOEXEC) < 0)
		return err_set(err, ERR_FAILED, "cannot make a pipe: %s", strerror(errno));
	if (detach && self->consent.state == CONSENT_ON && telemetry_is_printed(&self->context->environment))
		self->print_fd = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	self->listen_fd = ctl_listen(self->socket_path, err);
	if (self->listen_fd < 0)
		return self->listen_fd;
	result = project_mark_running(&self->project, &running, err);
	if (result < 0) {
		unlink(self->socket_path);
		return result;
	}
	self->logs_from = log_index_end(self->logs);
	keep[count++] = self->listen_fd;
	keep[count++] = self->project.lock_fd;
	if (self->leash[0] >= 0)
		keep[count++] = self->leash[0];
	if (self->print_fd >= 0)
		keep[count++] = self->print_fd;
	keep[count] = -1;
	const struct guard_options options = {
		.socket_path = self->socket_path,
		.keep = keep,
		.supervise = supervise,
		.finish = end_containers,
		.context = self,
		.detached = detach,
		.guard_fd = &self->guard_fd,
		.spared_program = self->sender_path,
		.running_path = running,
		.strangers = &self->strangers,
		.lock_fd = self->project.lock_fd,
	};
	result = guard_start(&options, &self->guard, err);
	if (result < 0)
		unlink(self->socket_path);
	free(running);
	/* From here on these belong to the others: the lock and the socket end with them, not with us. */
	fd_close(&self->listen_fd);
	fd_close(&self->leash[0]);
	fd_close(&self->print_fd);
	fd_close(&self->project.lock_fd);
	return result;
}

/* Whoever waits for the end of a service reads its output, which a screen would take along. */
static bool wants_dashboard(const struct up *self, bool detach)
{
	return !detach && !self->options->no_dashboard && !self->options->timestamps && !self->abort.on &&
	       dashboard_is_wanted(self->context);
}

static int follow(struct up *self, bool detach, const sigset_t *signals, struct err *err)
{
	struct up_follow_options options = {
		.context = self->context,
		.project = &self->project,
		.client = {.socket_path = self->socket_path, .screen = true},
		.guard = self->guard,
		.strangers = &self->strangers,
		.detach = detach,
		.wait = self->options->wait,
		.timestamps = self->options->timestamps,
		.abort = self->abort,
		.open = self->open,
		.named = (const char *const *)self->context->args,
		.logs = self->logs,
		.logs_from = self->logs_from,
		.wait_timeout_ms = self->options->wait_timeout_ms,
		.begin_ms = self->begin_ms,
		.signals = signals,
	};

	struct dashboard dashboard;
	int code;

	if (self->project.report != NULL)
		ctl_client_listen(&options.client, &self->project.report->heard);
	if (!self->dashboard)
		return up_follow(&options, err);
	dashboard_init(&dashboard, self->context, &self->project, self->project.stack);
	options.screen = &dashboard.options;
	code = up_follow(&options, err);
	dashboard_finish(&dashboard);
	return code;
}

static int ask_and_run(struct up *self, struct err *err)
{
	const bool detach = self->options->detach || self->options->wait;
	sigset_t signals;
	int result;

	result = up_consent(self->context, self->project.stack, &self->said, &self->consent, err);
	if (result != 0)
		return result < 0 ? (int)err->code : result;
	self->begin_ms = clock_monotonic_ms();
	self->dashboard = wants_dashboard(self, detach);
	/* Blocked before there is anything to end, so that no signal falls between start and the loop that takes them. */
	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGHUP);
	sigaddset(&signals, SIGQUIT);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	if (launch(self, detach, err) < 0)
		return (int)err->code;
	result = follow(self, detach, &signals, err);
	if (result == 0 && detach && self->context->globals.json)
		up_running_print_json(self->context);
	return result;
}

static int decide_open(struct up *self, struct err *err)
{
	const struct up_options *options = self->options;
	const struct up_open_options open = {
		.open = options->open,
		.no_open = options->no_open,
		.leaves = options->detach && !options->wait,
	};

	return up_open_decide(self->context, &open, &self->open, err);
}

static int up_run(struct cli_context *context, struct err *err)
{
	struct up self = {.context = context,
			  .options = context->options,
			  .listen_fd = -1,
			  .leash = {-1, -1},
			  .guard_fd = -1,
			  .print_fd = -1,
			  .guard = {.pid = -1, .pidfd = -1}};
	int code;

	project_init(&self.project);
	self.abort.from = self.options->exit_code_from;
	self.abort.on = self.options->abort_on_exit || self.abort.from != NULL;
	code = kernel_check(err);
	if (code == 0)
		code = fold_telemetry(self.options, &self.said, err);
	if (code == 0)
		code = decide_open(&self, err);
	if (code == 0)
		code = prepare(&self, err);
	if (code < 0 || self.was_running)
		code = (int)err->code;
	else if (code == 0)
		code = ask_and_run(&self, err);
	if (self.project.stack != NULL)
		secrets_mask_err(&self.project.stack->secrets, err);
	fd_close(&self.listen_fd);
	fd_close(&self.leash[0]);
	fd_close(&self.leash[1]);
	fd_close(&self.guard.pidfd);
	project_finish(&self.project);
	free(self.member);
	free(self.socket_path);
	free(self.marker);
	free(self.logs);
	free(self.sender_path);
	pool_destroy(self.pool);
	proc_list_finish(&self.strangers);
	spawn_users_finish(&self.users);
	up_engine_finish(&self.engine);
	return code;
}

const struct cli_command command_up = {
	.name = "up",
	.args = "[SERVICE...]",
	.summary = "ask, start, wait, show; ends when the stack ends or you quit",
	.text = "Starts the named services and those they need, or all. Ctrl-C stops the stack in order, a second "
		"Ctrl-C at\n"
		"once. If the product reports usage statistics, up asks first, at every start; --telemetry=off or\n"
		"'upfront telemetry off' answers no. In scripts nothing is asked and nothing is sent.\n"
		"\n"
		"Exit codes: 0 the stack was stopped; 1 a service failed; 2 usage; 3 configuration; 4 something needed "
		"is\n"
		"missing or taken; 5 not ready in time; 129, 130, 143 ended by SIGHUP, SIGINT, SIGTERM before it was "
		"up.",
	.options = up_table,
	.options_size = sizeof(struct up_options),
	.args_max = -1,
	.run = up_run,
};
