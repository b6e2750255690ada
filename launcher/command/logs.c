/* SPDX-License-Identifier: MIT */
#include "config/err.h"
#include "config/stack.h"
#include "launcher/cli.h"
#include "launcher/command/command.h"
#include "launcher/command/log_archive.h"
#include "launcher/command/log_reader.h"
#include "launcher/command/view.h"
#include "launcher/project.h"
#include "launcher/supervisor/ctl_json.h"
#include "ui/model.h"
#include "ui/plain.h"

#include <cjson/cJSON.h>
#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CALL_TIMEOUT_MS 10000

struct logs_options {
	bool follow, timestamps, no_prefix;
	const char *tail;
};

#define AT(member) .offset = offsetof(struct logs_options, member)

static const struct cli_option logs_table[] = {
	{'f', "follow", CLI_FLAG, NULL, "go on with what is written from now on", NULL, AT(follow)},
	{'n', "tail", CLI_TEXT, "N|all", "only the last N lines of each service", NULL, AT(tail)},
	{'t', "timestamps", CLI_FLAG, NULL, "the time in front of every line", NULL, AT(timestamps)},
	{0, "no-log-prefix", CLI_FLAG, NULL, "no service name in front", NULL, AT(no_prefix)},
	{.name = NULL},
};

struct logs {
	const struct cli_context *context;
	const struct logs_options *options;
	bool has_tail;
	size_t tail;
	struct plain plain;
	struct view view;
	struct log_reader *reader;
};

/* One line of output, wherever it came from. */
static void print_line(struct logs *self, const char *name, const struct plain_line *line, int stream)
{
	cJSON *object;
	char *text, *json;

	if (!self->context->globals.json) {
		plain_write(&self->plain, line);
		return;
	}
	text = strndup(line->bytes, line->size_bytes);
	object = cJSON_CreateObject();
	ctl_json_add_text(object, "service", name);
	cJSON_AddStringToObject(object, "stream", stream == 2 ? "stderr" : "stdout");
	cJSON_AddNumberToObject(object, "time_ms", (double)line->time_ms);
	cJSON_AddBoolToObject(object, "partial", line->partial);
	ctl_json_add_text(object, "text", text);
	json = cJSON_PrintUnformatted(object);
	if (json != NULL)
		puts(json);
	free(json);
	free(text);
	cJSON_Delete(object);
}

/* ---- Of the running stack ---- */

static void take_frame(void *context, const struct log_frame *frame)
{
	struct logs *self = context;
	const struct view_unit *unit = view_find(&self->view, frame->unit);
	const char *name = unit != NULL ? unit->name : "?";
	const struct plain_line line = {
		.service = name,
		.index = frame->unit,
		.bytes = frame->bytes,
		.size_bytes = frame->size_bytes,
		.time_ms = frame->time_ms,
		.partial = frame->partial,
	};

	if (frame->dropped) {
		fflush(stdout);
		fprintf(stderr, "upfront: %.*s lines were left out here: they came faster than they were read\n",
			(int)(frame->size_bytes < 20 ? frame->size_bytes : 20), frame->bytes);
		return;
	}
	print_line(self, name, &line, frame->stream + 1);
}

static char *make_target(const struct logs *self)
{
	char *target = NULL;
	size_t size;
	FILE *out = open_memstream(&target, &size);

	if (out == NULL)
		return NULL;
	fprintf(out, "/v1/logs?follow=%d", self->options->follow ? 1 : 0);
	if (self->has_tail)
		fprintf(out, "&tail=%zu", self->tail);
	for (size_t i = 0; i < self->context->arg_count; i++) {
		fputs("&service=", out);
		for (const char *at = self->context->args[i]; *at != '\0'; at++) {
			if (isalnum((unsigned char)*at) || strchr("-_.", *at) != NULL)
				fputc(*at, out);
			else
				fprintf(out, "%%%02X", (unsigned char)*at);
		}
	}
	if (fclose(out) != 0) {
		free(target);
		return NULL;
	}
	return target;
}

/* An answer that is no stream: the error it carries, read as far as it has come. */
static int refuse(struct ctl_stream *stream, const char *begin, size_t size_bytes, struct err *err)
{
	char text[4096];

	if (size_bytes >= sizeof(text))
		size_bytes = sizeof(text) - 1;
	memcpy(text, begin, size_bytes);
	text[size_bytes] = '\0';
	view_take_error(text, ctl_stream_status(stream), err);
	return -EINVAL;
}

static int read_stream(struct logs *self, struct ctl_stream *stream, struct err *err)
{
	struct pollfd pollfd = {.fd = ctl_stream_fd(stream), .events = POLLIN};
	char buffer[16384];
	ssize_t count;

	for (;;) {
		count = ctl_stream_read(stream, buffer, sizeof(buffer));
		if (count == -EAGAIN) {
			fflush(stdout);
			if (ferror(stdout) || (poll(&pollfd, 1, -1) < 0 && errno != EINTR))
				return 0;
			continue;
		}
		if (count == 0)
			return 0;
		if (count > 0 && ctl_stream_status(stream) != 200)
			return refuse(stream, buffer, (size_t)count, err);
		/* A stack that is killed cuts the stream off; what came before was well. */
		if (count < 0)
			return self->options->follow ? 0 : err_set(err, ERR_FAILED, "the log stream broke off");
		if (log_reader_feed(self->reader, buffer, (size_t)count, take_frame, self) < 0)
			return err_set(err, ERR_FAILED, "the log stream is not understood");
		if (ferror(stdout))
			return 0;
	}
}

static void fit_names(struct logs *self)
{
	const char **names = calloc(self->view.count + 1, sizeof(*names));
	size_t count = 0;

	for (size_t i = 0; names != NULL && i < self->view.count; i++) {
		bool wanted = self->context->arg_count == 0;

		for (size_t j = 0; j < self->context->arg_count; j++)
			wanted = wanted || log_unit_is_of(self->view.units[i].name, self->context->args[j]);
		if (wanted)
			names[count++] = self->view.units[i].name;
	}
	if (names != NULL)
		plain_fit(&self->plain, names);
	free(names);
}

static int read_running(struct logs *self, const struct ctl_client *client, struct err *err)
{
	struct ctl_stream *stream = NULL;
	char *answer = NULL, *target = make_target(self);
	int status, result = -ENOMEM;

	self->reader = malloc(sizeof(*self->reader));
	if (target == NULL || self->reader == NULL) {
		err_set(err, ERR_INTERNAL, "out of memory");
		goto out;
	}
	log_reader_init(self->reader);
	result = ctl_client_call(client, "GET", "/v1/services", NULL, CALL_TIMEOUT_MS, &status, &answer, err);
	if (result == 0)
		result = view_take_services(&self->view, answer, err);
	if (result == 0) {
		fit_names(self);
		result = ctl_stream_open(client, target, &stream, err);
	}
	if (result == 0)
		result = read_stream(self, stream, err);
out:
	ctl_stream_close(stream);
	free(self->reader);
	free(answer);
	free(target);
	return result;
}

/* ---- Of the last run ---- */

static void take_archived(void *context, const struct log_archive_line *archived)
{
	const struct plain_line line = {
		.service = archived->unit,
		.index = (unsigned)archived->index,
		.bytes = archived->bytes,
		.size_bytes = archived->size_bytes,
		.time_ms = archived->time_ms,
		.partial = archived->partial,
	};

	if (!ferror(stdout))
		print_line(context, archived->unit, &line, archived->stream);
}

/* When the last run began: each `up` writes this file anew. */
static int64_t last_run_ms(const struct project *project)
{
	struct stat status;
	char *path = NULL;
	int64_t began_ms = 0;

	if (asprintf(&path, "%s/folder", project->state_dir) < 0)
		return 0;
	if (stat(path, &status) == 0)
		began_ms = (int64_t)status.st_mtim.tv_sec * 1000 + status.st_mtim.tv_nsec / 1000000;
	free(path);
	return began_ms;
}

static void fit_archived(struct logs *self, const struct project *project)
{
	const struct stack *stack = project->stack;
	const char **names = calloc(stack != NULL ? stack->service_count + 1 : 1, sizeof(*names));

	for (size_t i = 0; names != NULL && stack != NULL && i < stack->service_count; i++)
		names[i] = stack->services[i].name;
	if (names != NULL)
		plain_fit(&self->plain, names);
	free(names);
}

static bool has_logs(const char *dir, const char *service)
{
	char *path = NULL;
	bool has;

	if (strchr(service, '/') != NULL || asprintf(&path, "%s/%s.log", dir, service) < 0)
		return false;
	has = access(path, F_OK) == 0;
	free(path);
	return has;
}

static int check_names(const struct logs *self, const struct project *project, const char *dir, struct err *err)
{
	for (size_t i = 0; i < self->context->arg_count; i++) {
		const char *name = self->context->args[i];

		if (!has_logs(dir, name) &&
		    (project->stack == NULL || stack_find_service(project->stack, name) == NULL))
			return err_set(err, ERR_USAGE, "no such service: '%s'", name);
	}
	return 0;
}

static int read_archive(struct logs *self, const struct project *project, struct err *err)
{
	const char *const *services = (const char *const *)self->context->args;
	struct log_archive_query query = {
		.since_ms = last_run_ms(project),
		.services = self->context->arg_count > 0 ? services : NULL,
		.has_tail = self->has_tail,
		.tail = self->tail,
	};
	char *dir = NULL;
	int result;

	if (asprintf(&dir, "%s/logs", project->state_dir) < 0)
		return err_set(err, ERR_INTERNAL, "out of memory");
	query.dir = dir;
	fit_archived(self, project);
	result = access(dir, F_OK) == 0 ? check_names(self, project, dir, err) : -ENOENT;
	if (result == 0)
		result = log_archive_read(&query, take_archived, self);
	free(dir);
	if (result == -ENOENT) {
		err_set(err, ERR_NOT_RUNNING, "project '%s' is not running and has no logs", project->name);
		err_hint(err, "start it with: upfront up");
	}
	return result;
}

/* ---- The command ---- */

static int parse_tail(struct logs *self, struct err *err)
{
	const char *tail = self->options->tail;
	char *end;
	unsigned long long value;

	if (tail == NULL || strcmp(tail, "all") == 0)
		return 0;
	errno = 0;
	value = strtoull(tail, &end, 10);
	if (!isdigit((unsigned char)tail[0]) || errno != 0 || *end != '\0' || value > 1000000000)
		return err_set(err, ERR_USAGE, "--tail: wanted a number or 'all', found '%s'", tail);
	self->has_tail = true;
	self->tail = (size_t)value;
	return 0;
}

static int logs_run(struct cli_context *context, struct err *err)
{
	struct logs self = {.context = context, .options = context->options};
	struct ctl_client client = {NULL};
	struct err absent = ERR_INIT;
	struct project project;

	project_init(&project);
	view_init(&self.view);
	self.plain = (struct plain){
		.out = stdout,
		.color = ui_color_wanted(&context->ui, STDOUT_FILENO),
		.terminal = isatty(STDOUT_FILENO) == 1,
		.timestamps = self.options->timestamps,
		.prefix = !self.options->no_prefix,
	};
	if (parse_tail(&self, err) < 0 || project_find(&project, context, err) < 0)
		goto out;
	if (project_connect(&project, &client, &absent) == 0)
		read_running(&self, &client, err);
	else if (absent.code == ERR_NOT_RUNNING)
		read_archive(&self, &project, err);
	else
		err_move(err, &absent);
out:
	err_finish(&absent);
	view_finish(&self.view);
	ctl_client_close(&client);
	project_finish(&project);
	return (int)err->code;
}

const struct cli_command command_logs = {
	.name = "logs",
	.args = "[SERVICE...]",
	.summary = "show what the services wrote, now or in the last run",
	.text = "With --json one object a line: service, stream, time_ms, partial, text.",
	.options = logs_table,
	.options_size = sizeof(struct logs_options),
	.args_max = -1,
	.run = logs_run,
};
