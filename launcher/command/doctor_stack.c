/* SPDX-License-Identifier: MIT */
#include "config/err.h"
#include "config/paths.h"
#include "config/setup.h"
#include "config/stack.h"
#include "config/strmap.h"
#include "launcher/cli.h"
#include "launcher/command/consent_sources.h"
#include "launcher/command/doctor.h"
#include "launcher/process/ports.h"
#include "launcher/process/spawn.h"
#include "launcher/process/spawn_users.h"
#include "telemetry/telemetry.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- Setup answers ---- */

void doctor_check_setup(struct doctor *self, struct err *err)
{
	struct setup *setup = NULL;
	size_t missing = 0;

	if (setup_read(self->project.source, &setup, err) < 0)
		return;
	for (size_t i = 0; i < setup->count; i++) {
		if (!setup_is_missing(setup, i))
			continue;
		doctor_add(self, "setup", setup->questions[i].key, DOCTOR_MISSING,
			   "upfront setup asks for it, and so does up at a terminal", "has no answer in %s: %s",
			   setup->env_shown, setup->questions[i].ask);
		missing++;
	}
	if (setup->count > 0 && missing == 0)
		doctor_add(self, "setup", NULL, DOCTOR_OK, NULL, "every question has an answer");
	setup_destroy(setup);
}

/* ---- Native services: what spawning each would say ---- */

/* `argv`: what it runs, or a command in its place. */
static int check_spawn(struct doctor *self, const struct service *service, const char *const *argv,
		       struct spawn_users *users, struct err *err)
{
	struct strmap base, telemetry, environment;
	char **environ_text = NULL;
	int result;

	strmap_init(&base);
	strmap_init(&telemetry);
	strmap_init(&environment);
	result = stack_environment(self->project.source, &self->context->environment, &base);
	if (result == 0)
		result = service_environment(service, &base, &telemetry, &environment);
	if (result == 0)
		environ_text = strmap_to_environ(&environment);
	if (environ_text != NULL) {
		const struct spawn_options options = {
			.argv = argv,
			.environment = environ_text,
			.cwd = service->working_dir,
			.user = service->user,
			.users = users,
			.ulimits = service->ulimits,
			.ulimit_count = service->ulimit_count,
			.stdin_fd = -1,
			.stdout_fd = -1,
			.stderr_fd = -1,
			.keep_fd = -1,
		};
		result = spawn_check(&options, err);
	} else if (!err_is_set(err)) {
		result = err_set(err, ERR_INTERNAL, "out of memory");
	}
	free(environ_text);
	strmap_finish(&environment);
	strmap_finish(&telemetry);
	strmap_finish(&base);
	return result;
}

/* The line that a shell is given to run; NULL: it runs none. */
static const char *shell_line(const struct service *service)
{
	const char *const *argv = service->argv;
	const char *slash = argv != NULL && argv[0] != NULL ? strrchr(argv[0], '/') : NULL;
	const char *name = slash != NULL ? slash + 1 : argv != NULL ? argv[0] : NULL;
	const bool shell = name != NULL && (strcmp(name, "sh") == 0 || strcmp(name, "bash") == 0);

	return shell && argv[1] != NULL && strcmp(argv[1], "-c") == 0 ? argv[2] : NULL;
}

/* What a line begins with, where that is the name of a program and nothing of the shell's own. */
static bool first_command(const char *line, char *word, size_t size_bytes)
{
	static const char *const own[] = {
		".",    "[",      "alias",  "break", "case",   "cd",   "command", "continue", "echo",   "eval",
		"exec", "exit",   "export", "false", "for",    "if",   "kill",    "local",    "printf", "pwd",
		"read", "return", "set",    "shift", "source", "test", "time",    "times",    "trap",   "true",
		"type", "ulimit", "umask",  "unset", "until",  "wait", "while",   NULL};
	size_t size;

	for (line += strspn(line, " \t"); strncmp(line, "exec ", 5) == 0;)
		line += 5 + strspn(line + 5, " \t");
	size = strspn(line, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./+-");
	if (size == 0 || size >= size_bytes || line[0] == '-' || strchr(" \t;&|<>\n", line[size]) == NULL)
		return false;
	memcpy(word, line, size);
	word[size] = '\0';
	for (size_t i = 0; own[i] != NULL; i++)
		if (strcmp(word, own[i]) == 0)
			return false;
	return true;
}

/* Only a guess at what the shell will do, and so no more than a warning. */
static void check_line(struct doctor *self, const struct service *service, struct spawn_users *users)
{
	const char *line = shell_line(service);
	char word[128];
	const char *argv[] = {word, NULL};
	struct err err = ERR_INIT;

	if (line != NULL && first_command(line, word, sizeof(word)) &&
	    check_spawn(self, service, argv, users, &err) < 0)
		doctor_take(self, "service", service->name, DOCTOR_WARN, &err);
	else
		doctor_add(self, "service", service->name, DOCTOR_OK, NULL, "%s%s%s%s",
			   line != NULL ? "a line for " : "", service->argv[0], service->user != NULL ? ", as " : "",
			   service->user != NULL ? service->user : "");
	err_finish(&err);
}

static void check_services(struct doctor *self)
{
	const struct stack *stack = self->project.stack;
	struct spawn_users users = {NULL};

	for (size_t i = 0; i < stack->service_count; i++) {
		const struct service *service = &stack->services[i];
		struct err err = ERR_INIT;

		if (service->kind != SERVICE_NATIVE || !doctor_means(self, i))
			continue;
		if (check_spawn(self, service, service->argv, &users, &err) < 0)
			doctor_take(self, "service", service->name, DOCTOR_MISSING, &err);
		else
			check_line(self, service, &users);
		err_finish(&err);
	}
	spawn_users_finish(&users);
}

static void check_ports(struct doctor *self)
{
	const struct stack *stack = self->project.stack;
	struct err err = ERR_INIT;
	size_t count = 0;

	for (size_t i = 0; i < stack->service_count; i++)
		if (doctor_means(self, i) && stack->services[i].kind == SERVICE_NATIVE)
			count += stack->services[i].port_count;
	if (count == 0)
		return;
	if (ports_check(stack, self->member, self->runs ? stack : NULL, &err) < 0)
		doctor_take(self, "port", NULL, DOCTOR_MISSING, &err);
	else
		doctor_add(self, "port", NULL, DOCTOR_OK, NULL, "%s",
			   self->runs ? "declared by this stack, which runs" : "all that are declared are free");
	err_finish(&err);
}

/* ---- x-upfront.files ---- */

static void check_template(struct doctor *self, const struct stack_template *template)
{
	const char *dir = self->project.stack->dir;
	char *from = NULL, *to = NULL;
	struct stat status;

	if (asprintf(&from, "%s/%s", dir, template->from) < 0)
		from = NULL;
	if (asprintf(&to, "%s/%s", dir, template->to) < 0)
		to = NULL;
	if (from == NULL || to == NULL)
		self->failed = true;
	else if (lstat(to, &status) == 0)
		doctor_add(self, "file", template->to, DOCTOR_OK, NULL, "is there");
	else if (access(from, R_OK) < 0)
		doctor_add(self, "file", template->to, DOCTOR_MISSING,
			   "correct x-upfront.files, or put the template there", "its template %s cannot be read: %s",
			   template->from, strerror(errno));
	else
		doctor_add(self, "file", template->to, DOCTOR_OK, NULL, "is made from %s by up", template->from);
	free(from);
	free(to);
}

/* ---- Telemetry ---- */

static void check_settings(struct doctor *self, struct consent_sources *sources)
{
	struct err wrong = ERR_INIT;

	err_move(&wrong, &sources->trouble);
	err_move(&wrong, &sources->user.screen.trouble);
	if (err_is_set(&wrong))
		doctor_take(self, "settings", NULL, DOCTOR_WARN, &wrong);
	else if (sources->user.exists)
		doctor_add(self, "settings", NULL, DOCTOR_OK, NULL, "%s", sources->user_path);
	else
		doctor_add(self, "settings", NULL, DOCTOR_OK, NULL, "none: everything is as it comes");
	err_finish(&wrong);
}

static void check_telemetry(struct doctor *self)
{
	const struct stack *stack = self->project.stack;
	struct consent_sources sources;
	struct consent_decision decision;
	struct err err = ERR_INIT;
	char *sender = NULL;

	if (consent_sources_read(&sources, self->context, stack, NULL, &err) < 0) {
		doctor_take(self, "telemetry", NULL, DOCTOR_WARN, &err);
		goto out;
	}
	check_settings(self, &sources);
	decision = consent_decide(&sources.inputs);
	doctor_add(self, "telemetry", NULL, DOCTOR_OK, NULL, "%s%s%s",
		   decision.state == CONSENT_ASK ? "is asked for at each start" : "off: ",
		   decision.state == CONSENT_ASK ? "" : consent_reason_text(decision.reason), "");
	sender = decision.reason != CONSENT_BY_NO_ENDPOINT ? telemetry_sender_path() : NULL;
	/* Nobody's start fails for it: that is why it is no more than a warning. */
	if (sender == NULL && decision.reason != CONSENT_BY_NO_ENDPOINT)
		doctor_add(self, "sender", NULL, DOCTOR_WARN, "install upfront-telemetry beside upfront",
			   "upfront-telemetry is not there: after a yes nothing can be sent");
	else if (sender != NULL)
		doctor_add(self, "sender", NULL, DOCTOR_OK, NULL, "%s", sender);
out:
	free(sender);
	consent_sources_finish(&sources);
	err_finish(&err);
}

/* ---- ---- */

void doctor_check_stack(struct doctor *self)
{
	const struct stack *stack = self->project.stack;

	check_services(self);
	check_ports(self);
	for (size_t i = 0; i < stack->template_count; i++)
		check_template(self, &stack->templates[i]);
	check_telemetry(self);
}
