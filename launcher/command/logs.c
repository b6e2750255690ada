/* SPDX-License-Identifier: MIT */
#include "config/clock.h"
#include "config/err.h"
#include "config/stack.h"
#include "launcher/cli.h"
#include "launcher/command/command.h"
#include "launcher/command/command_report.h"
#include "launcher/command/logs.h"
#include "launcher/logs/log_archive.h"
#include "launcher/client/news.h"
#include "launcher/command/since.h"
#include "launcher/command/signal_end.h"
#include "launcher/client/view.h"
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
#define READS_MAX 16

struct logs_options {
	bool follow, timestamps, no_prefix;
	const char *tail, *since;
};

#define AT(member) .offset = offsetof(struct logs_options, member)

static const struct cli_option logs_table[] = {
	{'f', "follow", CLI_FLAG, NULL, "go on with what is written from now on", NULL, AT(follow)},
	{'n', "tail", CLI_TEXT, "N|all", "only the last N lines of each service", NULL, AT(tail)},
	{0, "since", CLI_TEXT, "TIME", "only lines from TIME on: 2026-01-31T09:00:00Z, or 10m for ten minutes ago",
	 NULL, AT(since)},
	{'t', "timestamps", CLI_FLAG, NULL, "the time in front of every line", NULL, AT(timestamps)},
	{0, "no-log-prefix", CLI_FLAG, NULL, "no service name in front", NULL, AT(no_prefix)},
	{.name = NULL},
};

struct logs {
	const struct cli_context *context;
	const struct logs_options *options;
	char *dir; /* <state>/logs */
	struct log_archive_query query;
	struct plain plain;
	struct view view; /* of a running stack */
	bool caught_up; /* what was there at the beginning has been shown */
	struct signal_end end;
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
	cJSON_AddNumberToObject(object, "version", 1);
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

struct plain_line logs_plain_line(const struct view *view, const struct log_archive_line *taken)
{
	const struct view_unit *unit = view_find_name(view, taken->unit);

	return (struct plain_line){
		.service = taken->unit,
		.index = unit != NULL ? unit->id : (unsigned)taken->index,
		.bytes = taken->bytes,
		.size_bytes = taken->size_bytes,
		.time_ms = taken->time_ms,
		.partial = taken->partial,
	};
}

static void take_line(void *context, const struct log_archive_line *taken)
{
	struct logs *self = context;
	const struct plain_line line = logs_plain_line(&self->view, taken);

	if (!ferror(stdout))
		print_line(self, taken->unit, &line, taken->stream);
}

/* What was rotated away before anybody asked is no news. */
static void say_gap(void *context, const char *unit, uint64_t size_bytes)
{
	const struct logs *self = context;
	char size[32];

	news_size((double)size_bytes, size, sizeof(size));
	if (self->caught_up && !self->context->globals.quiet)
		fprintf(stderr, "upfront: %s of %s were left out here: they came faster than they could be shown\n",
			size, unit);
}

/* ---- Of the running stack ---- */

static char *make_target(const struct logs *self)
{
	char *target = NULL;
	size_t size;
	FILE *out = open_memstream(&target, &size);

	if (out == NULL)
		return NULL;
	fprintf(out, "/v1/logs?wake=%d&tail=0", self->options->follow ? 1 : 0);
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

/*
 * The stream only tells that there is something new: the lines themselves come from the files, where each stands once, in order, and
 * stays until it has been read - a stream that is read too slowly leaves lines out. Files are written before the stream is.
 */
static int follow(struct logs *self, const struct ctl_client *client, struct ctl_stream *stream,
		  struct log_archive *archive, struct err *err)
{
	char buffer[65536];
	ssize_t count = 1;
	int status = 0;

	do {
		if (count == -EAGAIN)
			signal_end_wait(&self->end, ctl_stream_fd(stream));
		if (self->end.signal != 0)
			return 0;
		/* A service that floods must not keep us from showing what it writes. */
		for (int i = 0; i < READS_MAX && (i == 0 || count > 0); i++) {
			count = ctl_stream_read(stream, buffer, sizeof(buffer));
			status = ctl_stream_status(stream);
			if (count > 0 && status != 200)
				return refuse(stream, buffer, (size_t)count, err);
		}
		if (status == 200)
			log_archive_next(archive, take_line, self);
		self->caught_up = status == 200;
		fflush(stdout);
	} while ((count > 0 || count == -EAGAIN) && !ferror(stdout));
	if (status == 0 && ctl_client_is_gone(client))
		return err_set(err, ERR_NOT_RUNNING, "project '%s' is not running any more", client->project);
	if (status != 200)
		return err_set(err, ERR_FAILED, "the log stream broke off");
	/* A stack that is killed cuts the stream off; what came before was well. */
	log_archive_next(archive, take_line, self);
	log_archive_rest(archive, take_line, self);
	return 0;
}

static void fit_names(struct logs *self)
{
	const char **names = calloc(self->view.count + 1, sizeof(*names));
	size_t count = 0;

	for (size_t i = 0; names != NULL && i < self->view.count; i++) {
		bool wanted = self->context->arg_count == 0;

		for (size_t j = 0; j < self->context->arg_count; j++)
			wanted = wanted || strcmp(self->view.units[i].name, self->context->args[j]) == 0 ||
				 strcmp(self->view.units[i].service, self->context->args[j]) == 0;
		if (wanted)
			names[count++] = self->view.units[i].name;
	}
	if (names != NULL)
		plain_fit(&self->plain, names);
	free(names);
}

/* What is missing in the files is missing here. */
static void say_lost(const struct ctl_client *client)
{
	struct err trouble = ERR_INIT;
	char *answer = NULL;
	const cJSON *lost;
	cJSON *object;
	int status;

	if (ctl_client_call(client, "GET", "/v1/stack", NULL, CALL_TIMEOUT_MS, &status, &answer, &trouble) == 0) {
		object = cJSON_Parse(answer);
		lost = cJSON_GetObjectItemCaseSensitive(object, "log_bytes_lost");
		if (cJSON_IsNumber(lost) && lost->valuedouble > 0)
			fprintf(stderr,
				"upfront: %.0f bytes of output could not be written to disk and are missing here\n",
				lost->valuedouble);
		cJSON_Delete(object);
	}
	free(answer);
	err_finish(&trouble);
}

/* Asked first, so that a name nobody has is refused, and nothing is missed between files and stream. */
static int open_stream(struct logs *self, const struct ctl_client *client, struct ctl_stream **stream, struct err *err)
{
	char *answer = NULL, *target = make_target(self);
	int status, result;

	if (target == NULL)
		return err_set(err, ERR_INTERNAL, "out of memory");
	result = ctl_client_call(client, "GET", "/v1/services", NULL, CALL_TIMEOUT_MS, &status, &answer, err);
	if (result == 0)
		result = view_take_services(&self->view, answer, err);
	if (result == 0) {
		fit_names(self);
		result = ctl_stream_open(client, target, stream, err);
	}
	free(answer);
	free(target);
	return result;
}

static int read_running(struct logs *self, const struct ctl_client *client, struct err *err)
{
	struct log_archive *archive = NULL;
	struct ctl_stream *stream = NULL;
	int result = open_stream(self, client, &stream, err);

	if (result < 0)
		goto out;
	archive = log_archive_open(&self->query, &result);
	if (archive == NULL)
		err_set(err, ERR_FAILED, "cannot read the logs in %s: %s", self->dir, strerror(-result));
	else
		result = follow(self, client, stream, archive, err);
	if (result == 0 && !self->context->globals.quiet)
		say_lost(client);
out:
	log_archive_close(archive);
	ctl_stream_close(stream);
	return result;
}

/* ---- Of the last run ---- */

/* Each `up` writes this file anew, or gives it a new time. */
int64_t logs_last_run_ms(const struct project *project)
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

static int check_names(const struct logs *self, const struct project *project, const struct log_archive *archive,
		       struct err *err)
{
	for (size_t i = 0; i < self->context->arg_count; i++) {
		const char *name = self->context->args[i];

		if (!log_archive_knows(archive, name) &&
		    (project->stack == NULL || stack_find_service(project->stack, name) == NULL))
			return err_set(err, ERR_USAGE, "no such service: '%s'", name);
	}
	return 0;
}

static int read_archive(struct logs *self, const struct project *project, struct err *err)
{
	struct log_archive *archive;
	int result;

	/* One that cannot be reached may still write: its records are only late. */
	self->query.over = !project_is_running(project);
	archive = log_archive_open(&self->query, &result);
	if (archive == NULL) {
		err_set(err, ERR_NOT_RUNNING, "project '%s' is not running and has no logs", project->name);
		err_hint(err, "start it with: upfront%s up", project_option(project));
		return result;
	}
	fit_archived(self, project);
	result = check_names(self, project, archive, err);
	if (result == 0) {
		log_archive_next(archive, take_line, self);
		log_archive_rest(archive, take_line, self);
	}
	log_archive_close(archive);
	return result;
}

/* ---- The command ---- */

static int parse_since(struct logs *self, struct err *err)
{
	const char *since = self->options->since;

	if (since == NULL || since_parse(since, clock_wall_ms(), &self->query.since_ms))
		return 0;
	err_set(err, ERR_USAGE,
		"--since: wanted a time such as 2026-01-31T09:00:00Z or a duration such as 10m, found '%s'", since);
	return -EINVAL;
}

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
	self->query.has_tail = true;
	self->query.tail = (size_t)value;
	return 0;
}

static int make_query(struct logs *self, const struct project *project, struct err *err)
{
	if (asprintf(&self->dir, "%s/logs", project->state_dir) < 0) {
		self->dir = NULL;
		return err_set(err, ERR_INTERNAL, "out of memory");
	}
	self->query.dir = self->dir;
	self->query.run_ms = logs_last_run_ms(project);
	self->query.gap = say_gap;
	self->query.services = (const char *const *)self->context->args;
	return 0;
}

static int logs_run(struct cli_context *context, struct err *err)
{
	struct logs self = {.context = context, .options = context->options};
	struct ctl_client client = {0};
	struct err absent = ERR_INIT;
	struct project project;

	project_init(&project);
	view_init(&self.view);
	signal_end_init(&self.end);
	self.plain = (struct plain){
		.out = stdout,
		.color = ui_color_wanted(&context->ui, STDOUT_FILENO),
		.terminal = isatty(STDOUT_FILENO) == 1,
		.timestamps = self.options->timestamps,
		.prefix = !self.options->no_prefix,
	};
	if (parse_tail(&self, err) < 0 || parse_since(&self, err) < 0 || project_find(&project, context, err) < 0 ||
	    make_query(&self, &project, err) < 0)
		goto out;
	/* A stack that ends may still take the connection, but no longer answer. */
	if (project_connect(&project, &client, &absent) == 0 && read_running(&self, &client, &absent) == 0)
		goto out;
	if (absent.code == ERR_NOT_RUNNING)
		read_archive(&self, &project, err);
	else
		err_move(err, &absent);
out:
	err_finish(&absent);
	view_finish(&self.view);
	free(self.dir);
	ctl_client_close(&client);
	project_finish(&project);
	signal_end_finish(&self.end);
	if (self.end.signal != 0) {
		fflush(stdout);
		command_report_end(context->report, context, 128 + self.end.signal, NULL);
		signal_end_die(self.end.signal);
	}
	return (int)err->code;
}

const struct cli_command command_logs = {
	.name = "logs",
	.args = "[SERVICE...]",
	.summary = "show what the services wrote, now or in the last run",
	.text = "Of a running stack what this run has written so far, with -f and what comes; else what the last run "
		"wrote.\n"
		"With --json one object a line: version, service, stream, time_ms, partial, text.",
	.options = logs_table,
	.options_size = sizeof(struct logs_options),
	.args_max = -1,
	.run = logs_run,
};
