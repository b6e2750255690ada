/* SPDX-License-Identifier: MIT */
/* What is done to units, and to the rest of the world: who is meant, whether it can be, who is asked before. */
#include "ui/dash_private.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REPLICAS_MAX 1000
/* Names told in a sentence; then how many more. */
#define NAMED_MAX 4u

/* ---- Names ---- */

/* The marked ones or the selected one in the list and in their log; elsewhere the one that is looked at. */
size_t dash_meant(const struct dash *self, const char *names[SERVICES_MARKS_MAX + 1])
{
	const struct unit_model *unit = screen_unit(self->context.model, self->context.unit);

	if (dash_place(self) == KEY_SCREEN_SERVICES ||
	    (dash_place(self) == KEY_SCREEN_LOG && self->log_of == LOG_OF_MARKED))
		return services_chosen(&self->services, &self->context, names);
	names[0] = unit != NULL ? unit->name : NULL;
	names[1] = NULL;
	return unit != NULL ? 1 : 0;
}

const struct unit_model *dash_unit_named(const struct stack_model *model, const char *name)
{
	for (size_t i = 0; i < model->unit_count; i++)
		if (strcmp(model->units[i].name, name) == 0)
			return &model->units[i];
	return NULL;
}

/* "api, db and 3 more" */
void dash_list_names(const char *const *names, char *text, size_t size_bytes)
{
	size_t count = 0, used = 0;

	text[0] = '\0';
	for (; names[count] != NULL; count++) {
		if (count >= NAMED_MAX || used >= size_bytes)
			continue;
		used += (size_t)snprintf(text + used, size_bytes - used, "%s%s", count > 0 ? ", " : "", names[count]);
	}
	if (count > NAMED_MAX && used < size_bytes)
		snprintf(text + used, size_bytes - used, " and %zu more", count - NAMED_MAX);
}

/* ---- Whether it can be done ---- */

/* Of a NULL function: why it cannot be asked for here. */
void dash_say_cannot(struct dash *self, const char *what)
{
	const struct stack_model *model = self->context.model;

	if (model->state == STACK_LOST)
		screen_say(&self->context, "%s cannot be done: the supervisor does not answer.", what);
	else if (model->state == STACK_OVER)
		screen_say(&self->context, "%s cannot be done: the stack has ended.", what);
	else
		screen_say(&self->context, "%s cannot be done from here.", what);
}

static bool has_process(const struct unit_model *unit)
{
	switch (unit->state) {
	case UNIT_READY:
	case UNIT_RUNNING:
	case UNIT_STARTING:
	case UNIT_UNHEALTHY:
	case UNIT_STOPPING:
		return true;
	default:
		return unit->pid > 0;
	}
}

/* Why an act is of no use to a unit as it is; NULL: it is. */
static const char *refusal(enum unit_act act, const struct unit_model *unit)
{
	switch (act) {
	case ACT_START:
		if (unit->state == UNIT_DONE)
			return "has ended; r runs it again";
		if (unit->state == UNIT_WAITING)
			return "starts as soon as it can";
		return has_process(unit) && unit->state != UNIT_STOPPING ? "runs already" : NULL;
	case ACT_STOP:
		if (unit->state == UNIT_STOPPED)
			return "is stopped already";
		if (unit->state == UNIT_STOPPING)
			return "is stopping already";
		return unit->state == UNIT_DONE ? "has ended already" : NULL;
	case ACT_KILL:
		return has_process(unit) ? NULL : "has no process to send a signal to";
	default:
		return NULL;
	}
}

/* Leaves those that can; says why when none of them can. */
size_t dash_sift(struct dash *self, enum unit_act act, const char *names[SERVICES_MARKS_MAX + 1], size_t count)
{
	size_t kept = 0;
	const char *name = NULL, *why = NULL;

	for (size_t i = 0; i < count; i++) {
		const struct unit_model *unit = dash_unit_named(self->context.model, names[i]);
		const char *no = unit != NULL ? refusal(act, unit) : "is not there any more";
		if (no == NULL) {
			names[kept++] = names[i];
		} else if (why == NULL) {
			name = names[i];
			why = no;
		}
	}
	names[kept] = NULL;
	if (kept > 0)
		return kept;
	if (name == NULL)
		screen_say(&self->context, "There is no service to do that to.");
	else if (count > 1)
		screen_say(&self->context, "%s %s; nor can it be done to the others.", name, why);
	else
		screen_say(&self->context, "%s %s", name, why);
	return 0;
}

/* ---- Doing it ---- */

static const char *signal_name(int number)
{
	const char *name = sigabbrev_np(number);

	return name != NULL ? name : "a signal";
}

static void say_done(struct dash *self, const struct act_request *request)
{
	char names[256];

	dash_list_names(request->names, names, sizeof(names));
	switch (request->act) {
	case ACT_START:
		screen_say(&self->context, "starting %s", names);
		break;
	case ACT_STOP:
		screen_say(&self->context, "stopping %s", names);
		break;
	case ACT_RESTART:
		screen_say(&self->context, "restarting %s", names);
		break;
	case ACT_RESTART_ALL:
		screen_say(&self->context, "restarting %s, with what needs it", names);
		break;
	case ACT_KILL:
		screen_say(&self->context, "%s sent to %s", signal_name(request->number), names);
		break;
	case ACT_SCALE:
		screen_say(&self->context, "%s: %d %s", names, request->number,
			   request->number == 1 ? "replica" : "replicas");
		break;
	}
}

void dash_do_request(struct dash *self, const struct act_request *request)
{
	const struct actions *actions = self->context.actions;

	say_done(self, request);
	actions->act(actions->context, request);
}

void dash_drop_request(struct dash *self)
{
	for (size_t i = 0; self->request.names != NULL && self->request.names[i] != NULL; i++)
		free(self->request.names[i]);
	free(self->request.names);
	self->request = (struct dash_request){.names = NULL};
}

static int keep_request(struct dash *self, const struct act_request *request, size_t count)
{
	dash_drop_request(self);
	char **names = calloc(count + 1, sizeof(*names));
	if (names == NULL)
		return -ENOMEM;
	self->request = (struct dash_request){.act = request->act, .number = request->number, .names = names};
	for (size_t i = 0; i < count; i++) {
		names[i] = strdup(request->names[i]);
		if (names[i] == NULL) {
			dash_drop_request(self);
			return -ENOMEM;
		}
	}
	return 0;
}

static bool takes_along(const struct act_request *request)
{
	return request->act == ACT_STOP || request->act == ACT_RESTART || request->act == ACT_RESTART_ALL ||
	       (request->act == ACT_KILL && request->number == SIGKILL);
}

static void ask_or_do(struct dash *self, const struct act_request *request, size_t count)
{
	const struct actions *actions = self->context.actions;
	char names[256];

	if (!takes_along(request) || actions->ask_along == NULL) {
		dash_do_request(self, request);
		return;
	}
	/* An answer is to one question: of two, the second would be done by what is true of the first. */
	if (self->request.names != NULL) {
		dash_list_names((const char *const *)self->request.names, names, sizeof(names));
		screen_say(&self->context, "Not done: whom %s takes along is still being looked up.", names);
		return;
	}
	if (keep_request(self, request, count) != 0)
		screen_say(&self->context, "Not enough memory for that.");
	else
		actions->ask_along(actions->context, request);
}

/* In the log of all services nobody sees which one is selected: nothing is done to it unseen. */
bool dash_is_clear_who(struct dash *self)
{
	char open[KEY_NAME_MAX], list[KEY_NAME_MAX];

	if (dash_place(self) != KEY_SCREEN_LOG || self->log_of != LOG_OF_ALL || self->context.model->unit_count == 1)
		return true;
	if (keymap_key(self->context.keys, KEY_SCREEN_LOG, ACTION_CHOOSE, open) &&
	    keymap_key(self->context.keys, KEY_SCREEN_LOG, ACTION_SHOW_SERVICES, list))
		screen_say(&self->context, "To which one? %s opens the service of this line, %s lists all.", open,
			   list);
	else
		screen_say(&self->context, "To which one? This is the log of all services.");
	return false;
}

bool dash_can_act(struct dash *self, const char *what)
{
	const struct stack_model *model = self->context.model;

	if (self->context.actions->act == NULL || model->state == STACK_LOST || model->state == STACK_OVER) {
		dash_say_cannot(self, what);
		return false;
	}
	if (model->state == STACK_STOPPING) {
		screen_say(&self->context, "%s is stopping.", model->app);
		return false;
	}
	return dash_is_clear_who(self);
}

void dash_act_on_meant(struct dash *self, enum unit_act act, int number, const char *what)
{
	const char *names[SERVICES_MARKS_MAX + 1];

	if (!dash_can_act(self, what))
		return;
	size_t count = dash_sift(self, act, names, dash_meant(self, names));
	if (count > 0)
		ask_or_do(self, &(struct act_request){.act = act, .names = names, .number = number}, count);
}

/* ---- Replicas ---- */

const struct unit_model *dash_scaled_unit(struct dash *self)
{
	const char *names[SERVICES_MARKS_MAX + 1];

	if (!dash_can_act(self, "That"))
		return NULL;
	size_t count = dash_meant(self, names);
	const struct unit_model *unit = count > 0 ? dash_unit_named(self->context.model, names[0]) : NULL;
	if (count > 1) {
		screen_say(&self->context, "One service at a time: several are marked.");
		return NULL;
	}
	if (unit == NULL)
		screen_say(&self->context, "There is no service to do that to.");
	return unit;
}

/* How many there are, or will be once what was asked for last is done. */
int dash_replicas_of(const struct dash *self, const struct unit_model *unit)
{
	if (self->scaled_unit == unit->id && self->scaled_from == unit->replicas)
		return self->scaled_to;
	return unit->replicas;
}

void dash_scale_to(struct dash *self, const struct unit_model *unit, int number)
{
	const char *names[] = {unit->service, NULL};

	self->scaled_unit = unit->id;
	self->scaled_from = unit->replicas;
	self->scaled_to = number;
	dash_do_request(self, &(struct act_request){.act = ACT_SCALE, .names = names, .number = number});
}

static void scale_by(struct dash *self, int step)
{
	const struct unit_model *unit = dash_scaled_unit(self);

	if (unit == NULL)
		return;
	int number = dash_replicas_of(self, unit) + step;
	if (number < 1)
		screen_say(&self->context, "%s has one replica; x stops it", unit->name);
	else if (number <= REPLICAS_MAX)
		dash_scale_to(self, unit, number);
}

/* ---- Everything else ---- */

static void type_into(struct dash *self)
{
	const struct actions *actions = self->context.actions;
	const struct unit_model *unit = screen_unit(self->context.model, self->context.unit);

	if (!dash_is_clear_who(self))
		return;
	if (unit == NULL)
		screen_say(&self->context, "There is no service to type into.");
	else if (!unit->takes_input)
		screen_say(&self->context, "%s has no terminal to type into", unit->name);
	else if (!has_process(unit))
		screen_say(&self->context, "%s does not run: nobody would read it", unit->name);
	else if (actions->type_into == NULL)
		dash_say_cannot(self, "Typing into a service");
	else
		actions->type_into(actions->context, unit->name);
}

static void turn_mouse(struct dash *self)
{
	const struct actions *actions = self->context.actions;

	if (actions->take_mouse == NULL) {
		screen_say(&self->context, "The mouse is the terminal's.");
		return;
	}
	self->mouse = !self->mouse;
	self->mouse_in_log = false;
	actions->take_mouse(actions->context, self->mouse);
	if (self->mouse)
		screen_say(&self->context, "The mouse acts here again.");
	else
		screen_say(&self->context, "The mouse is the terminal's now; %% takes it back.");
}

/* From anywhere: the view that shows what holds then does it, and says so. */
static void withdraw(struct dash *self)
{
	dash_push(self, KEY_SCREEN_TELEMETRY);
	if (dash_step(self, KEY_SCREEN_TELEMETRY, ACTION_WITHDRAW) == GO_UNTAKEN)
		dash_say_cannot(self, "That");
}

/* Actions that are a function without anything to it. */
static void call(struct dash *self, void (*function)(void *context), const char *what)
{
	if (function != NULL)
		function(self->context.actions->context);
	else
		dash_say_cannot(self, what);
}

static bool act_on_units(struct dash *self, enum key_action action, uint32_t key)
{
	switch (action) {
	case ACTION_START:
		dash_act_on_meant(self, ACT_START, 0, "Starting");
		return true;
	case ACTION_STOP:
		dash_act_on_meant(self, ACT_STOP, 0, "Stopping");
		return true;
	case ACTION_RESTART:
		dash_act_on_meant(self, ACT_RESTART, 0, "Restarting");
		return true;
	case ACTION_RESTART_ALL:
		dash_act_on_meant(self, ACT_RESTART_ALL, 0, "Restarting");
		return true;
	case ACTION_KILL:
		dash_kill_menu(self);
		return true;
	case ACTION_SCALE:
		if (key == '+' || key == '-')
			scale_by(self, key == '+' ? 1 : -1);
		else
			dash_scale_menu(self);
		return true;
	case ACTION_OPEN_URL:
		dash_open_meant(self);
		return true;
	case ACTION_TYPE_INTO:
		type_into(self);
		return true;
	default:
		return false;
	}
}

bool dash_act(struct dash *self, enum key_action action, uint32_t key)
{
	const struct actions *actions = self->context.actions;

	if (act_on_units(self, action, key))
		return true;
	switch (action) {
	case ACTION_SORT:
		dash_sort_menu(self);
		return true;
	case ACTION_EDIT:
		call(self, actions->edit_stack, "Editing");
		return true;
	case ACTION_RELOAD:
		if (actions->reload != NULL)
			actions->reload(actions->context, true);
		else
			dash_say_cannot(self, "That");
		return true;
	case ACTION_MOUSE:
		turn_mouse(self);
		return true;
	case ACTION_WITHDRAW:
		withdraw(self);
		return true;
	case ACTION_ASK_AGAIN:
		if (self->context.model->telemetry == NULL)
			screen_say(&self->context, "This stack has nothing to report: there is no question.");
		else
			call(self, actions->show_question, "That");
		return true;
	default:
		return false;
	}
}
