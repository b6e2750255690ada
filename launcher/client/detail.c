/* SPDX-License-Identifier: MIT */
#include "launcher/client/detail.h"

#include "config/err.h"
#include "launcher/client/json_member.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void detail_init(struct detail *self)
{
	*self = (struct detail){.log_bytes = 0};
}

void detail_finish(struct detail *self)
{
	for (size_t i = 0; i < self->need_count; i++) {
		free(self->needs[i].service);
		free(self->needs[i].condition);
		free(self->needs[i].state);
	}
	for (size_t i = 0; i < self->needed_by_count; i++)
		free(self->needed_by[i]);
	for (size_t i = 0; i < self->answer_count; i++)
		free(self->answers[i].text);
	for (size_t i = 0; i < self->exit_count; i++)
		free(self->exits[i].signal);
	for (size_t i = 0; i < self->process_count; i++)
		free(self->processes[i].name);
	for (size_t i = 0; i < self->variable_count; i++) {
		free(self->variables[i].name);
		free(self->variables[i].value);
	}
	free(self->needs);
	free(self->needed_by);
	free(self->answers);
	free(self->exits);
	free(self->processes);
	free(self->variables);
	free(self->name);
	free(self->service);
	free(self->service_version);
	free(self->command);
	free(self->dir);
	free(self->user);
	free(self->file);
	free(self->restart);
	free(self->stop_signal);
	free(self->probe_kind);
	free(self->probe_target);
	free(self->log_path);
	detail_init(self);
}

static int64_t amount(const cJSON *object, const char *name)
{
	const int64_t value = json_number(object, name, 0);

	return value > 0 ? value : 0;
}

/* ---- Lists ---- */

/* Room for as many as there are, but no more than `max`; what is beyond is left out. NULL: there are none, or no memory. */
static void *room_for(const cJSON *list, size_t max, size_t size_bytes)
{
	const int count = cJSON_IsArray(list) ? cJSON_GetArraySize(list) : 0;
	const size_t wanted = count > 0 ? (size_t)count : 0;

	return wanted > 0 ? calloc(wanted < max ? wanted : max, size_bytes) : NULL;
}

static void read_needs(struct detail *self, const cJSON *list)
{
	const cJSON *item;

	self->needs = room_for(list, DETAIL_NEEDS_MAX, sizeof(*self->needs));
	cJSON_ArrayForEach(item, list)
	{
		if (self->needs == NULL || self->need_count == DETAIL_NEEDS_MAX)
			break;
		if (json_text(item, "service") == NULL)
			continue;
		self->needs[self->need_count++] = (struct detail_need){.service = json_copy(item, "service"),
								       .condition = json_copy(item, "condition"),
								       .state = json_copy(item, "state"),
								       .met = json_truth(item, "met")};
	}
}

static void read_needed_by(struct detail *self, const cJSON *list)
{
	const cJSON *item;

	self->needed_by = room_for(list, DETAIL_NEEDED_BY_MAX, sizeof(*self->needed_by));
	cJSON_ArrayForEach(item, list)
	{
		const char *name = cJSON_GetStringValue(item);

		if (self->needed_by == NULL || self->needed_by_count == DETAIL_NEEDED_BY_MAX)
			break;
		if (name != NULL)
			self->needed_by[self->needed_by_count++] = strdup(name);
	}
}

static void read_answers(struct detail *self, const cJSON *list)
{
	const cJSON *item;

	self->answers = room_for(list, DETAIL_ANSWERS_MAX, sizeof(*self->answers));
	cJSON_ArrayForEach(item, list)
	{
		const int count = json_int(item, "count");

		if (self->answers == NULL || self->answer_count == DETAIL_ANSWERS_MAX)
			break;
		if (!cJSON_IsObject(item))
			continue;
		self->answers[self->answer_count++] = (struct detail_answer){.time_ms = amount(item, "time_ms"),
									     .ok = json_truth(item, "ok"),
									     .text = json_copy(item, "text"),
									     .count = count > 0 ? count : 1};
	}
}

static void read_exits(struct detail *self, const cJSON *list)
{
	const cJSON *item;

	self->exits = room_for(list, DETAIL_EXITS_MAX, sizeof(*self->exits));
	cJSON_ArrayForEach(item, list)
	{
		const bool signaled = json_text(item, "signal") != NULL;

		if (self->exits == NULL || self->exit_count == DETAIL_EXITS_MAX)
			break;
		if (!cJSON_IsObject(item))
			continue;
		self->exits[self->exit_count++] = (struct detail_exit){.time_ms = amount(item, "time_ms"),
								       .code = signaled ? -1 : json_int(item, "code"),
								       .signal = json_copy(item, "signal"),
								       .ran_ms = amount(item, "ran_ms")};
	}
}

static void read_processes(struct detail *self, const cJSON *list)
{
	const cJSON *item;

	self->processes = room_for(list, DETAIL_PROCESSES_MAX, sizeof(*self->processes));
	cJSON_ArrayForEach(item, list)
	{
		const int64_t rss_bytes = json_number(item, "rss_bytes", -1);

		if (self->processes == NULL || self->process_count == DETAIL_PROCESSES_MAX)
			break;
		if (json_int(item, "pid") == 0)
			continue;
		self->processes[self->process_count++] =
			(struct detail_process){.pid = json_int(item, "pid"),
						.name = json_copy(item, "name"),
						.rss_bytes = rss_bytes >= 0 ? rss_bytes : -1};
	}
}

static void read_variables(struct detail *self, const cJSON *list)
{
	const cJSON *item;

	self->variables = room_for(list, DETAIL_VARIABLES_MAX, sizeof(*self->variables));
	cJSON_ArrayForEach(item, list)
	{
		if (self->variables == NULL || self->variable_count == DETAIL_VARIABLES_MAX)
			break;
		if (json_text(item, "name") == NULL)
			continue;
		self->variables[self->variable_count++] =
			(struct detail_variable){.name = json_copy(item, "name"),
						 .value = json_copy(item, "value"),
						 .secret = json_truth(item, "secret"),
						 .telemetry = json_truth(item, "telemetry"),
						 .declared = json_truth(item, "declared")};
	}
}

/* ---- The whole ---- */

static void read_probe(struct detail *self, const cJSON *probe)
{
	const char *target = json_text(probe, "target");
	const int port = json_int(probe, "port");

	self->probe_kind = json_copy(probe, "kind");
	if (target != NULL && port > 0 && asprintf(&self->probe_target, "%s:%d", target, port) < 0)
		self->probe_target = NULL;
	else if (target != NULL && port == 0)
		self->probe_target = strdup(target);
	self->probe_interval_ms = amount(probe, "interval_ms");
	read_answers(self, json_member(probe, "history"));
}

static void read_definition(struct detail *self, const cJSON *object)
{
	const cJSON *place = json_member(object, "place");
	const cJSON *restart = json_member(object, "restart"), *stop = json_member(object, "stop");

	self->id = (unsigned)json_int(object, "id");
	self->name = json_copy(object, "name");
	self->service = json_copy(object, "service");
	self->service_version = json_copy(object, "service_version");
	self->command = json_copy(object, "command");
	self->dir = json_copy(object, "dir");
	self->user = json_copy(object, "user");
	self->file = json_copy(place, "file");
	self->line = json_int(place, "line");
	self->restart = json_copy(restart, "policy");
	self->restart_limit = json_int(restart, "limit");
	self->stop_signal = json_copy(stop, "signal");
	self->stop_grace_ms = amount(stop, "grace_ms");
}

/* A text that memory was wanting for must not be taken for one that is not there: only malloc tells. */
static int read_all(struct detail *self, const cJSON *object)
{
	const cJSON *log = json_member(object, "log");

	errno = 0;
	read_definition(self, object);
	read_needs(self, json_member(object, "needs"));
	read_needed_by(self, json_member(object, "needed_by"));
	read_probe(self, json_member(object, "probe"));
	read_exits(self, json_member(object, "exits"));
	read_processes(self, json_member(object, "processes"));
	self->more_processes = json_int(object, "more");
	read_variables(self, json_member(object, "environment"));
	self->log_path = json_copy(log, "path");
	self->log_bytes = amount(log, "size_bytes");
	return errno == ENOMEM ? -ENOMEM : 0;
}

int detail_read(struct detail *self, const char *answer, size_t size_bytes, struct err *err)
{
	cJSON *object = size_bytes <= DETAIL_ANSWER_MAX ? cJSON_ParseWithLength(answer, size_bytes) : NULL;
	int result = -EPROTO;

	detail_init(self);
	if (json_text(object, "name") != NULL && json_text(object, "service") != NULL)
		result = read_all(self, object);
	if (result < 0)
		detail_finish(self);
	if (result == -EPROTO)
		err_set(err, ERR_FAILED, "the supervisor's answer is not understood");
	else if (result < 0)
		err_set(err, ERR_FAILED, "out of memory");
	cJSON_Delete(object);
	return result;
}
