/* SPDX-License-Identifier: MIT */
/* What is done to units and to the stack in line mode, and what is asked before. */
#include "config/signal_name.h"
#include "ui/line_private.h"
#include "ui/screen.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

void line_act_drop(struct line_dash *self)
{
	for (size_t i = 0; self->names[i] != NULL; i++) {
		free(self->names[i]);
		self->names[i] = NULL;
	}
	self->question = LINE_ASKS_NOTHING;
}

static bool can_act(struct line_dash *self)
{
	const struct stack_model *model = self->model;

	if (self->options.actions->act == NULL || model->state == STACK_LOST || model->state == STACK_OVER)
		line_add(self, "Nothing can be done to %s any more.", model->app);
	else if (model->state == STACK_STOPPING)
		line_add(self, "%s is stopping.", model->app);
	else
		return true;
	return false;
}

static void keep_request(struct line_dash *self, enum unit_act act, int number, const char *const *names)
{
	line_act_drop(self);
	for (size_t i = 0; names[i] != NULL && (self->names[i] = strdup(names[i])) != NULL; i++)
		;
	self->request = (struct act_request){.act = act, .names = (const char *const *)self->names, .number = number};
}

static const char *verb_of(enum unit_act act)
{
#define VERB(act, verb, title) [act] = verb,
	static const char *const verbs[] = {UNIT_ACTS(VERB)};
#undef VERB

	return verbs[act];
}

static void list_names(const char *const *names, char *text, size_t size_bytes)
{
	size_t used = 0;

	text[0] = '\0';
	for (; *names != NULL && used < size_bytes; names++)
		used += (size_t)snprintf(text + used, size_bytes - used, "%s%s", used > 0 ? ", " : "", *names);
}

static const char *signal_name(int number)
{
	const char *name = sigabbrev_np(number);

	return name != NULL ? name : "RT";
}

static void do_request(struct line_dash *self)
{
	const struct actions *actions = self->options.actions;
	char names[512];

	list_names(self->request.names, names, sizeof(names));
	if (self->request.act == ACT_SCALE)
		line_add(self, "scale %s to %d: asked for.", names, self->request.number);
	else if (self->request.act == ACT_KILL)
		line_add(self, "SIG%s to %s: asked for.", signal_name(self->request.number), names);
	else
		line_add(self, "%s %s: asked for.", verb_of(self->request.act), names);
	actions->act(actions->context, &self->request);
	line_act_drop(self);
}

static void ask_or_do(struct line_dash *self)
{
	const struct actions *actions = self->options.actions;
	const enum unit_act act = self->request.act;

	if (actions->ask_along == NULL || act == ACT_START || act == ACT_SCALE ||
	    (act == ACT_KILL && self->request.number != SIGKILL)) {
		do_request(self);
		return;
	}
	self->question = LINE_ASKS_ACT;
	self->wanted |= LINE_WANTS_ANSWER;
	actions->ask_along(actions->context, &self->request);
}

void line_act(struct line_dash *self, enum unit_act act, int number, char *const *words)
{
	const char *names[LINE_ARGUMENTS_MAX + 1];

	if (!can_act(self) || !line_find_names(self, words, names))
		return;
	keep_request(self, act, number, names);
	ask_or_do(self);
}

void line_act_kill(struct line_dash *self, char *const *words)
{
	int number = SIGKILL;

	/* A service may be called "term". */
	if (words[1] != NULL && signal_parse(words[0], &number))
		words++;
	else
		number = SIGKILL;
	line_act(self, ACT_KILL, number, words);
}

void line_act_scale(struct line_dash *self, const char *name, const char *count)
{
	const struct unit_model *unit;
	long number;

	if (!can_act(self) || (unit = line_find_unit(self, name)) == NULL ||
	    !line_read_count(self, count, 1000, &number))
		return;
	keep_request(self, ACT_SCALE, (int)number, (const char *const[]){unit->service, NULL});
	do_request(self);
}

void line_dash_take_along(struct line_dash *self, const char *const *names)
{
	char along[512], meant[512];

	if (self->question != LINE_ASKS_ACT)
		return;
	self->wanted &= ~(unsigned)LINE_WANTS_ANSWER;
	if (names[0] == NULL) {
		do_request(self);
		return;
	}
	list_names(self->request.names, meant, sizeof(meant));
	list_names(names, along, sizeof(along));
	line_add(self, "To %s %s takes along: %s. Type yes to do it.",
		 self->request.act == ACT_KILL ? "kill" : verb_of(self->request.act), meant, along);
}

void line_dash_drop_along(struct line_dash *self)
{
	if (self->question != LINE_ASKS_ACT)
		return;
	self->question = LINE_ASKS_NOTHING;
	self->wanted &= ~(unsigned)LINE_WANTS_ANSWER;
	line_act_drop(self);
}

void line_act_open(struct line_dash *self, const char *name)
{
	const struct actions *actions = self->options.actions;
	const struct unit_model *unit = name != NULL ? line_find_unit(self, name) : NULL;

	for (size_t i = 0; name == NULL && unit == NULL && i < self->model->unit_count; i++)
		unit = self->model->units[i].open != NULL ? &self->model->units[i] : NULL;
	if (name != NULL && unit == NULL)
		return;
	if (unit == NULL || unit->open == NULL)
		line_add(self, "There is nothing to open: %s has no address.", unit != NULL ? unit->name : "the stack");
	else if (actions->open_url == NULL)
		line_add(self, "%s", unit->open);
	else
		actions->open_url(actions->context, unit->open);
}

/* ---- Leaving ---- */

void line_act_stop_all(struct line_dash *self)
{
	char *const all[] = {(char[]){"all"}, NULL};
	const char *names[LINE_ARGUMENTS_MAX + 1];

	if (!can_act(self))
		return;
	if (self->model->attached && !line_find_names(self, all, names))
		return;
	if (self->model->attached)
		keep_request(self, ACT_STOP, 0, names);
	self->question = self->model->attached ? LINE_ASKS_ACT : LINE_ASKS_STOP_ALL;
	line_add(self, "This stops all %zu services of %s%s. Type yes to do it.", self->model->unit_count,
		 self->model->app, self->model->attached ? "; the stack itself stays" : ", and ends it");
}

void line_act_leave(struct line_dash *self)
{
	const struct actions *actions = self->options.actions;

	if (actions->leave == NULL)
		return;
	if (self->model->attached) {
		actions->leave(actions->context, LEAVE_ATTACHED);
		return;
	}
	self->question = LINE_ASKS_LEAVE;
	line_add(self, "Type stop to stop %s, leave to leave it running (come back with: upfront%s attach), or stay.",
		 self->model->app, self->options.project_option);
}

void line_act_detach(struct line_dash *self)
{
	const struct actions *actions = self->options.actions;

	if (actions->leave != NULL)
		actions->leave(actions->context, self->model->attached ? LEAVE_ATTACHED : LEAVE_DETACH);
}

static bool is_answer(const char *answer, const char *word)
{
	return answer[0] != '\0' && strncasecmp(word, answer, strlen(answer)) == 0;
}

static void answer_leave(struct line_dash *self, const char *answer)
{
	const struct actions *actions = self->options.actions;

	if (is_answer(answer, "leave") || is_answer(answer, "detach"))
		actions->leave(actions->context, LEAVE_DETACH);
	/* "st" could be stay as well. */
	else if (strlen(answer) > 2 && is_answer(answer, "stop"))
		actions->leave(actions->context, LEAVE_STOP);
	else
		line_add(self, "Staying.");
}

void line_act_answer(struct line_dash *self, const char *answer)
{
	const struct actions *actions = self->options.actions;
	const enum line_question question = self->question;
	const bool yes = strcasecmp(answer, "yes") == 0 || strcasecmp(answer, "y") == 0;

	self->question = LINE_ASKS_NOTHING;
	if (question == LINE_ASKS_LEAVE)
		answer_leave(self, answer);
	else if (!yes)
		line_add(self, "Nothing was done.");
	else if (question == LINE_ASKS_ACT)
		do_request(self);
	else if (question == LINE_ASKS_STOP_ALL && actions->leave != NULL)
		actions->leave(actions->context, LEAVE_STOP);
	else if (question == LINE_ASKS_RELOAD) {
		self->wanted |= LINE_WANTS_ANSWER;
		actions->reload(actions->context, false);
	}
	if (self->question == LINE_ASKS_NOTHING)
		line_act_drop(self);
}
