/* SPDX-License-Identifier: MIT */
#include "launcher/command/up_abort.h"

#include "config/err.h"
#include "config/stack.h"
#include "launcher/client/view.h"
#include "launcher/command/watch.h"

#include <errno.h>
#include <string.h>

static int refuse_service(const char *name, const struct stack *stack, struct err *err)
{
	const char *nearest = stack_nearest_service(stack, name);

	err_set(err, ERR_USAGE, "--exit-code-from: no such service: '%s'", name);
	if (nearest != NULL)
		err_hint(err, "did you mean '%s'?", nearest);
	return -EINVAL;
}

int up_abort_check(const struct up_abort *self, bool detach, const struct stack *stack, const bool *member,
		   struct err *err)
{
	const struct service *service;

	if (!self->on)
		return 0;
	if (detach) {
		err_set(err, ERR_USAGE, "%s: with -d or --wait nobody stays to see a service end",
			self->from != NULL ? "--exit-code-from" : "--abort-on-exit");
		err_hint(err, "leave -d and --wait away, or use: upfront wait SERVICE");
		return -EINVAL;
	}
	if (self->from == NULL)
		return 0;
	service = stack_find_service(stack, self->from);
	if (service == NULL)
		return refuse_service(self->from, stack, err);
	if (member != NULL && !member[service - stack->services])
		return err_set(err, ERR_USAGE, "--exit-code-from: service '%s' is not among those to be started",
			       self->from);
	return 0;
}

bool up_abort_take(struct up_abort *self, const struct view_unit *unit)
{
	const bool asked = self->from != NULL && strcmp(unit->service, self->from) == 0;
	const int code = view_unit_exit_code(unit);
	const bool done = unit->one_shot && code == 0 && !asked;

	if (!self->on || !view_unit_has_ended(unit))
		return false;
	/* Nobody has started it. */
	if (strcmp(unit->state, "stopped") == 0 && !unit->has_exited)
		return false;
	/* Of several replicas the first that ended badly. */
	if (asked && (!self->has_code || self->code == 0)) {
		self->has_code = true;
		self->code = code;
	}
	if (self->begun || done)
		return false;
	self->begun = true;
	if (self->from == NULL) {
		self->has_code = true;
		self->code = code != 0 ? ERR_FAILED : 0;
	}
	return true;
}

bool up_abort_never_ran(const struct up_abort *self)
{
	return self->on && self->from != NULL && !self->has_code;
}

int up_abort_code(const struct up_abort *self, int otherwise)
{
	if (up_abort_never_ran(self) && otherwise == 0)
		return ERR_FAILED;
	return self->on && self->has_code ? self->code : otherwise;
}
