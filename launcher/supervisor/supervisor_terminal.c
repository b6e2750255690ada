/* SPDX-License-Identifier: MIT */
#include "launcher/supervisor/supervisor_private.h"

#include "config/err.h"
#include "config/stack.h"

#include <errno.h>
#include <string.h>

static const struct unit *find(const struct supervisor *self, size_t id, struct err *err)
{
	if (id < self->id_limit && self->by_id[id] != NULL)
		return self->by_id[id];
	err_set(err, ERR_USAGE, "no such service");
	return NULL;
}

static int refuse_idle(const struct unit *unit, struct err *err)
{
	return err_set(err, ERR_FAILED, "service '%s' does not run: it is %s", unit->name,
		       svc_state_name(unit->svc.state));
}

static int check_has_terminal(const struct unit *unit, struct err *err)
{
	const struct service *service = unit_service(unit);
	int result;

	if (service->tty)
		return 0;
	result = err_at(err, ERR_MISSING, service->place, "service '%s' has no terminal of its own", unit->name);
	err_hint(err, "add 'tty: true' to it there, and 'stdin_open: true' to type into it");
	return result;
}

int supervisor_check_terminal(const struct supervisor *self, size_t id, struct err *err)
{
	const struct unit *unit = find(self, id, err);
	int result = unit != NULL ? check_has_terminal(unit, err) : -EINVAL;

	if (result == 0 && svc_has_ended(&unit->svc)) {
		result = refuse_idle(unit, err);
		err_hint(err, "start it first");
	}
	return result;
}

const struct terminal_modes *supervisor_terminal_modes(const struct supervisor *self, size_t id)
{
	const struct unit *unit = find(self, id, NULL);

	return unit != NULL ? &unit->modes : NULL;
}

static int refuse(const struct unit *unit, int result, struct err *err)
{
	switch (result) {
	case -ENOTTY:
		return check_has_terminal(unit, err);
	case -EACCES:
		err_at(err, ERR_MISSING, unit_service(unit)->place, "service '%s' takes no input", unit->name);
		err_hint(err, "add 'stdin_open: true' to it there");
		break;
	case -ESRCH:
		refuse_idle(unit, err);
		break;
	case -EIO:
		err_set(err, ERR_FAILED, "service '%s' has closed its terminal", unit->name);
		break;
	case -ENOBUFS:
		err_set(err, ERR_FAILED, "service '%s' has not read what was typed before", unit->name);
		break;
	default:
		err_set(err, ERR_FAILED, "the terminal of service '%s' cannot be used: %s", unit->name,
			strerror(-result));
		break;
	}
	return result;
}

int supervisor_type(struct supervisor *self, size_t id, const char *bytes, size_t size_bytes, struct err *err)
{
	const struct unit *unit = find(self, id, err);
	int result = unit != NULL ? check_has_terminal(unit, err) : -EINVAL;

	if (result < 0)
		return result;
	result = unit_engine_type(unit, bytes, size_bytes);
	return result < 0 ? refuse(unit, result, err) : 0;
}

int supervisor_resize(struct supervisor *self, size_t id, unsigned rows, unsigned columns, struct err *err)
{
	const struct unit *unit = find(self, id, err);
	int result = unit != NULL ? check_has_terminal(unit, err) : -EINVAL;

	if (result < 0)
		return result;
	result = unit_engine_resize(unit, rows, columns);
	return result < 0 ? refuse(unit, result, err) : 0;
}
