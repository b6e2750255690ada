/* SPDX-License-Identifier: MIT */
#include "launcher/engine/container_state.h"

#include "launcher/engine/docker_api.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

static bool read_bool(const cJSON *object, const char *key)
{
	return cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(object, key));
}

static const char *read_text(const cJSON *object, const char *key)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);

	return cJSON_IsString(item) ? item->valuestring : "";
}

static int read_int(const cJSON *object, const char *key)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);

	return cJSON_IsNumber(item) && item->valuedouble >= 0 && item->valuedouble <= INT_MAX ? (int)item->valuedouble
											      : 0;
}

/* What never was is told as the year 1. */
static int64_t read_time(const cJSON *object, const char *key)
{
	const char *text = read_text(object, key);
	int64_t time_ns = docker_time_ns(text, strlen(text));

	return time_ns > 0 ? time_ns : 0;
}

static void read_detail(const char *text, char detail[CONTAINER_DETAIL_BYTES])
{
	size_t size;

	text += strspn(text, " \t\r\n");
	size = strcspn(text, "\r\n");
	if (size >= CONTAINER_DETAIL_BYTES) {
		size = CONTAINER_DETAIL_BYTES - 1;
		while (size > 0 && ((unsigned char)text[size] & 0xc0u) == 0x80u)
			size--;
	}
	memcpy(detail, text, size);
	detail[size] = '\0';
}

static void read_health(const cJSON *state, struct container_state *self)
{
	const cJSON *health = cJSON_GetObjectItemCaseSensitive(state, "Health");
	const char *status;
	const cJSON *log;
	int code;

	/* Podman called it so before it spoke Docker's words. */
	if (!cJSON_IsObject(health))
		health = cJSON_GetObjectItemCaseSensitive(state, "Healthcheck");
	status = read_text(health, "Status");
	if (strcmp(status, "starting") == 0)
		self->health = CONTAINER_STARTING;
	else if (strcmp(status, "healthy") == 0)
		self->health = CONTAINER_HEALTHY;
	else if (strcmp(status, "unhealthy") == 0)
		self->health = CONTAINER_UNHEALTHY;
	else
		return;
	log = cJSON_GetObjectItemCaseSensitive(health, "Log");
	if (!cJSON_IsArray(log) || log->child == NULL)
		return;
	read_detail(read_text(log->child->prev, "Output"), self->detail);
	code = read_int(log->child->prev, "ExitCode");
	if (self->detail[0] == '\0' && code != 0)
		snprintf(self->detail, sizeof self->detail, "exited with code %d", code);
}

int container_state_read(const cJSON *body, struct container_state *self)
{
	const cJSON *state = cJSON_GetObjectItemCaseSensitive(body, "State");
	const cJSON *config = cJSON_GetObjectItemCaseSensitive(body, "Config");

	if (!cJSON_IsObject(state))
		return -EPROTO;
	*self = (struct container_state){
		.paused = read_bool(state, "Paused"),
		.restarting = read_bool(state, "Restarting"),
		.oom = read_bool(state, "OOMKilled"),
		.started_ns = read_time(state, "StartedAt"),
		.finished_ns = read_time(state, "FinishedAt"),
		.code = read_int(state, "ExitCode"),
		.pid = read_int(state, "Pid"),
		.error = read_text(state, "Error"),
		.tty = read_bool(config, "Tty"),
		.stdin_open = read_bool(config, "OpenStdin"),
	};
	/* Docker calls one that waits for its next run running, too; Podman does not call one that is paused so. */
	self->running = (read_bool(state, "Running") || self->paused) && !self->restarting;
	read_health(state, self);
	return 0;
}
