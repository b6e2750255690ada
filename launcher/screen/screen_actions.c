/* SPDX-License-Identifier: MIT */
#include "config/clock.h"
#include "config/err.h"
#include "launcher/client/ctl_client.h"
#include "launcher/client/view.h"
#include "launcher/screen/screen_detail.h"
#include "launcher/screen/screen_model.h"
#include "launcher/screen/screen_private.h"
#include "launcher/screen/screen_reload.h"
#include "launcher/screen/screen_telemetry.h"
#include "ui/dash.h"
#include "ui/model.h"
#include "ui/term.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TELEMETRY_PAUSE_MS 1000

/* ---- Units ---- */

/* {"services":[...], ...}; the caller frees. NULL when out of memory. */
static char *make_body(const struct act_request *request, bool dry_run)
{
	cJSON *body = cJSON_CreateObject();
	cJSON *names = cJSON_AddArrayToObject(body, "services");
	char *text;

	for (size_t i = 0; request->names[i] != NULL; i++)
		cJSON_AddItemToArray(names, cJSON_CreateString(request->names[i]));
	if (request->act == ACT_KILL)
		cJSON_AddNumberToObject(body, "signal", request->number);
	if (dry_run)
		cJSON_AddTrueToObject(body, "dry_run");
	text = cJSON_PrintUnformatted(body);
	cJSON_Delete(body);
	return text;
}

static const char *target_of(enum unit_act act)
{
	switch (act) {
	case ACT_START:
		return "/v1/stack/start";
	case ACT_STOP:
		return "/v1/stack/stop";
	case ACT_KILL:
		return "/v1/stack/kill";
	default:
		return "/v1/stack/restart";
	}
}

static void scale(struct screen *self, const struct act_request *request)
{
	char target[512], body[64];

	snprintf(target, sizeof(target), "/v1/services/%s/scale", request->names[0]);
	snprintf(body, sizeof(body), "{\"replicas\":%d}", request->number);
	ctl_calls_begin(&self->calls, CALL_ACT, "POST", target, body);
}

static void act(void *context, const struct act_request *request)
{
	struct screen *self = context;
	char *body;

	if (request->act == ACT_SCALE) {
		scale(self, request);
		return;
	}
	body = make_body(request, false);
	if (body != NULL)
		ctl_calls_begin(&self->calls, CALL_ACT, "POST", target_of(request->act), body);
	free(body);
}

static void ask_along(void *context, const struct act_request *request)
{
	static const char *const nobody[] = {NULL};
	struct screen *self = context;
	char *body;

	if (request->act == ACT_SCALE) {
		screen_take_along(self, nobody);
		return;
	}
	screen_names_take(&self->asked, request->names);
	body = make_body(request, true);
	if (body != NULL)
		ctl_calls_begin(&self->calls, CALL_ALONG, "POST", target_of(request->act), body);
	else
		screen_drop_along(self);
	free(body);
}

/* Whoever is acted on without having been named goes along. */
static void take_along(struct screen *self, const char *answer)
{
	cJSON *root = cJSON_Parse(answer);
	const cJSON *services = cJSON_GetObjectItemCaseSensitive(root, "services"), *item;
	const char **names = calloc((size_t)cJSON_GetArraySize(services) + 1, sizeof(*names));
	size_t count = 0;

	cJSON_ArrayForEach(item, services)
	{
		const char *name = cJSON_GetStringValue(item);

		if (names != NULL && name != NULL && !screen_names_has(&self->asked, name))
			names[count++] = name;
	}
	if (names != NULL)
		screen_take_along(self, names);
	else
		screen_drop_along(self);
	free(names);
	cJSON_Delete(root);
}

/* ---- Leaving ---- */

static void leave(void *context, enum leave_how how)
{
	struct screen *self = context;

	self->leaves = true;
	self->how = how;
}

static void suspend(void *context)
{
	struct screen *self = context;

	screen_give_terminal(self);
	signals_stop();
	/* In a terminal window of its own, say, where no shell could continue it, it was never stopped. */
	self->continued = true;
}

/* ---- Looking ---- */

void screen_ask_detail(struct screen *self)
{
	char target[512];

	/* What is under way was asked before this change, or about another one. */
	self->detail_again = self->watched != NULL && ctl_calls_has(&self->calls, CALL_DETAIL);
	if (self->watched == NULL || self->detail_again)
		return;
	snprintf(target, sizeof(target), DETAIL_PATH, self->watched);
	ctl_calls_begin(&self->calls, CALL_DETAIL, "GET", target, NULL);
}

static void look_at_unit(void *context, const char *name)
{
	struct screen *self = context;

	free(self->watched);
	self->watched = name[0] != '\0' ? strdup(name) : NULL;
	screen_ask_detail(self);
}

static void take_detail(struct screen *self, const struct ctl_call_end *end)
{
	const struct view_unit *unit = view_find_name(self->options.view, self->watched);
	struct err err = ERR_INIT;
	const struct detail_model *detail;

	if (self->detail_again)
		screen_ask_detail(self);
	if (unit == NULL)
		return;
	detail = screen_detail_take(self->detail, unit, self->options.logs, end->answer, end->size_bytes, &err);
	if (detail != NULL)
		screen_model_set_detail(self->model, detail);
	self->stale = true;
	err_finish(&err);
}

void screen_ask_telemetry(struct screen *self)
{
	if (self->watches_telemetry && !ctl_calls_has(&self->calls, CALL_TELEMETRY))
		ctl_calls_begin(&self->calls, CALL_TELEMETRY, "GET", "/v1/telemetry", NULL);
}

/* What the sender writes down is told by nobody: while somebody looks it is read again, a moment later. */
static void ask_again_soon(struct screen *self, const struct telemetry_model *shown)
{
	if (self->watches_telemetry && self->lines == NULL && shown != NULL && shown->on)
		self->telemetry_due_ms = clock_monotonic_ms() + TELEMETRY_PAUSE_MS;
}

void screen_ask_telemetry_again(struct screen *self)
{
	if (self->telemetry_due_ms == 0 || clock_monotonic_ms() < self->telemetry_due_ms)
		return;
	self->telemetry_due_ms = 0;
	screen_ask_telemetry(self);
}

static void look_at_telemetry(void *context, bool on)
{
	struct screen *self = context;

	/* In lines what was told once is asked for anew. */
	if (self->lines != NULL)
		screen_model_set_telemetry(self->model, NULL);
	self->watches_telemetry = on;
	self->telemetry_due_ms = 0;
	screen_ask_telemetry(self);
}

static void take_telemetry(struct screen *self, const char *answer)
{
	const struct view *view = self->options.view;
	struct err err = ERR_INIT;
	const char *app = view->app != NULL ? view->app : self->options.app;
	const struct telemetry_model *telemetry =
		screen_telemetry_take(self->telemetry, app, view->begin_ms, answer, &err);

	if (telemetry != NULL)
		screen_model_set_telemetry(self->model, telemetry);
	ask_again_soon(self, telemetry);
	self->stale = true;
	err_finish(&err);
}

static void withdraw(void *context)
{
	struct screen *self = context;

	ctl_calls_begin(&self->calls, CALL_WITHDRAW, "POST", "/v1/telemetry/withdraw", NULL);
}

/* ---- The stack file ---- */

void screen_ask_graph(struct screen *self)
{
	if (!ctl_calls_has(&self->calls, CALL_GRAPH))
		ctl_calls_begin(&self->calls, CALL_GRAPH, "GET", "/v1/graph", NULL);
}

void screen_ask_changes(struct screen *self)
{
	if (!ctl_calls_has(&self->calls, CALL_CHANGED))
		ctl_calls_begin(&self->calls, CALL_CHANGED, "POST", "/v1/stack/reload", "{\"dry_run\":true}");
}

static void reload(void *context, bool dry_run)
{
	struct screen *self = context;

	ctl_calls_begin(&self->calls, dry_run ? CALL_RELOAD_DRY : CALL_RELOAD, "POST", "/v1/stack/reload",
			dry_run ? "{\"dry_run\":true}" : NULL);
}

static void take_difference(struct screen *self, const char *answer, bool ask)
{
	char *text = screen_reload_text(answer), *brief = screen_reload_brief(answer);

	if (ask && text != NULL)
		screen_ask_reload(self, text);
	else if (ask)
		screen_tell(self, "the stack runs as its file says: there is nothing to apply");
	screen_model_set_changed(self->model, brief);
	self->stale = true;
	free(text);
	free(brief);
}

/* ---- Answers ---- */

static void take_failure(struct screen *self, const struct ctl_call_end *end)
{
	const char *message = err_is_set(end->err) ? end->err->items[0].message : "it could not be done";
	const char *hint = err_is_set(end->err) ? end->err->items[0].hint : NULL;

	/* Nobody asked for these in so many words. */
	if (end->number == CALL_DETAIL && self->detail_again) {
		screen_ask_detail(self);
		return;
	}
	if (end->number == CALL_GRAPH ||
	    (self->lines == NULL && (end->number == CALL_DETAIL || end->number == CALL_TELEMETRY)))
		return;
	if (end->number == CALL_ALONG)
		screen_drop_along(self);
	/* Only of a file that was read can it be said what is wrong with it. */
	if (end->number == CALL_CHANGED && end->err->code != ERR_CONFIG)
		return;
	if (end->number == CALL_CHANGED) {
		screen_model_set_changed(self->model, "it has an error, so nothing of it is applied");
		self->stale = true;
		return;
	}
	screen_tell_format(self, "%s%s%s", message, hint != NULL ? "; " : "", hint != NULL ? hint : "");
}

void screen_take_answer(void *context, const struct ctl_call_end *end)
{
	struct screen *self = context;

	self->pressed = true;
	/* That it took too long is no word from it; all else is. */
	if (end->err == NULL || end->err->code != ERR_TIMEOUT)
		screen_hear(self);
	if (end->err != NULL) {
		take_failure(self, end);
		return;
	}
	switch ((enum screen_call)end->number) {
	case CALL_ACT:
		break;
	case CALL_ALONG:
		take_along(self, end->answer);
		break;
	case CALL_DETAIL:
		take_detail(self, end);
		break;
	case CALL_WITHDRAW:
		screen_tell(self, "usage statistics: off from now on, nothing more is sent");
		take_telemetry(self, end->answer);
		break;
	case CALL_TELEMETRY:
		take_telemetry(self, end->answer);
		break;
	case CALL_RELOAD:
		screen_tell(self, "the stack file is applied");
		take_difference(self, end->answer, false);
		screen_model_set_changed(self->model, NULL);
		screen_ask_graph(self);
		break;
	case CALL_RELOAD_DRY:
		take_difference(self, end->answer, true);
		break;
	case CALL_CHANGED:
		take_difference(self, end->answer, false);
		break;
	case CALL_GRAPH:
		screen_model_take_graph(self->model, end->answer);
		self->stale = true;
		break;
	}
}

/* ---- The table ---- */

static void take_mouse(void *context, bool on)
{
	struct screen *self = context;

	term_take_mouse(self->term, on);
}

void screen_fill_actions(struct screen *self)
{
	self->actions = (struct actions){
		.context = self,
		.act = act,
		.ask_along = ask_along,
		.leave = leave,
		.suspend = suspend,
		.look_at_unit = look_at_unit,
		.look_at_telemetry = look_at_telemetry,
		.withdraw = withdraw,
		.reload = reload,
		.take_mouse = take_mouse,
	};
	screen_fill_log_actions(self);
	screen_fill_outside_actions(self);
}
