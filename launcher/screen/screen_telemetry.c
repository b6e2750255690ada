/* SPDX-License-Identifier: MIT */
#include "launcher/screen/screen_telemetry.h"

#include "config/err.h"
#include "telemetry/records.h"
#include "ui/model.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct kept_sent {
	char *name, *bytes, *endpoint, result[48];
};

struct screen_telemetry {
	struct telemetry_model model;
	struct sent_event events[SCREEN_SENT_MAX]; /* newest first */
	struct kept_sent kept[SCREEN_SENT_MAX]; /* a ring; `count` were put in */
	int64_t times_ms[SCREEN_SENT_MAX];
	enum telemetry_result results[SCREEN_SENT_MAX];
	size_t count;
	char why[256];
	char *endpoint, *ledger_path;
	struct telemetry_source_row source;
};

struct screen_telemetry *screen_telemetry_create(void)
{
	return calloc(1, sizeof(struct screen_telemetry));
}

static void forget(struct screen_telemetry *self)
{
	for (size_t i = 0; i < SCREEN_SENT_MAX; i++) {
		free(self->kept[i].name);
		free(self->kept[i].bytes);
		free(self->kept[i].endpoint);
		self->kept[i] = (struct kept_sent){0};
	}
	free(self->endpoint);
	free(self->ledger_path);
	self->endpoint = self->ledger_path = NULL;
	self->count = 0;
}

void screen_telemetry_destroy(struct screen_telemetry *self)
{
	if (self == NULL)
		return;
	forget(self);
	free(self);
}

static enum telemetry_result result_of(const char *result)
{
	if (strcmp(result, "delivered") == 0)
		return TELEMETRY_SENT;
	return strcmp(result, "refused") == 0 || strcmp(result, "deleted") == 0 ? TELEMETRY_REFUSED : TELEMETRY_WAITING;
}

static void say_result(const struct telemetry_sent *sent, char *text, size_t size_bytes)
{
	if (sent->status > 0)
		snprintf(text, size_bytes, "%s, %d", sent->result, sent->status);
	else
		snprintf(text, size_bytes, "%s%s%s", sent->result, sent->reason != NULL ? ", " : "",
			 sent->reason != NULL ? sent->reason : "");
}

/* The ledger tells the oldest first; the newest are what is kept. */
static bool keep_sent(void *context, const struct telemetry_sent *sent)
{
	struct screen_telemetry *self = context;
	const size_t place = self->count++ % SCREEN_SENT_MAX;
	struct kept_sent *kept = &self->kept[place];
	cJSON *event = cJSON_Parse(sent->event);
	const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(event, "event"));

	free(kept->name);
	free(kept->bytes);
	free(kept->endpoint);
	kept->name = strdup(name != NULL ? name : "?");
	kept->bytes = strdup(sent->event);
	kept->endpoint = sent->endpoint != NULL ? strdup(sent->endpoint) : NULL;
	say_result(sent, kept->result, sizeof(kept->result));
	self->times_ms[place] = sent->time_ms;
	self->results[place] = result_of(sent->result);
	cJSON_Delete(event);
	return true;
}

static void fill_events(struct screen_telemetry *self)
{
	const size_t count = self->count < SCREEN_SENT_MAX ? self->count : SCREEN_SENT_MAX;

	for (size_t i = 0; i < count; i++) {
		const size_t place = (self->count - 1 - i) % SCREEN_SENT_MAX;
		const struct kept_sent *kept = &self->kept[place];

		self->events[i] = (struct sent_event){
			.time_wall_ms = self->times_ms[place],
			.name = kept->name != NULL ? kept->name : "",
			.result = self->results[place],
			.result_text = kept->result,
			.bytes = kept->bytes != NULL ? kept->bytes : "",
		};
	}
	if (count > 0 && self->kept[(self->count - 1) % SCREEN_SENT_MAX].endpoint != NULL)
		self->endpoint = strdup(self->kept[(self->count - 1) % SCREEN_SENT_MAX].endpoint);
	self->model.events = self->events;
	self->model.event_count = count;
	self->model.endpoint = self->endpoint;
}

static int64_t count_of(const cJSON *object, const char *name)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);

	return cJSON_IsNumber(item) && item->valuedouble > 0 && item->valuedouble < 9e15 ? (int64_t)item->valuedouble
											 : 0;
}

const struct telemetry_model *screen_telemetry_take(struct screen_telemetry *self, const char *app, int64_t since_ms,
						    const char *answer, struct err *err)
{
	cJSON *root = cJSON_Parse(answer);
	const char *state = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(root, "state"));
	const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(root, "text"));
	struct err trouble = ERR_INIT;

	if (state == NULL) {
		err_set(err, ERR_FAILED, "the supervisor's answer about usage statistics cannot be read");
		cJSON_Delete(root);
		return NULL;
	}
	forget(self);
	telemetry_ledger_each(app, since_ms, keep_sent, self, &trouble);
	snprintf(self->why, sizeof(self->why), "%s", text != NULL ? text : "");
	self->source = (struct telemetry_source_row){
		.source = self->why,
		.says = strcmp(state, "on") == 0 ? "on" : "off",
		.decides = true,
	};
	self->model = (struct telemetry_model){
		.on = strcmp(state, "on") == 0,
		.why = self->why,
		.sources = &self->source,
		.source_count = 1,
		.waiting = count_of(cJSON_GetObjectItemCaseSensitive(root, "counts"), "queued"),
		.dropped = count_of(root, "dropped"),
	};
	fill_events(self);
	/* After a no there may be none, and there will be none. */
	if (self->model.on || self->model.event_count > 0)
		self->ledger_path = telemetry_ledger_path(app);
	self->model.ledger_path = self->ledger_path;
	err_finish(&trouble);
	cJSON_Delete(root);
	return &self->model;
}
