/* SPDX-License-Identifier: MIT */
#include "launcher/engine/native.h"

#include "launcher/process/strays.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

void native_remember(struct native_unit *unit)
{
	/* A look into /proc for each unit, and the kernel's forgetting of it, would be half of what a stop costs. */
	if (unit->engine->ending)
		return;
	proc_list_finish(&unit->seen);
	unit->seen = (struct proc_list){0};
	(void)strays_below(unit->pid, &unit->seen);
}

static bool belongs(const struct native_unit *unit, const struct proc_id *id, pid_t session, pid_t group)
{
	return session == unit->leader || group == unit->leader || strays_contain(&unit->seen, id) ||
	       proc_has_marker(id->pid, unit->mark);
}

static int keep_left(struct native_unit *unit, const struct proc_id *id)
{
	struct proc_id *items = realloc(unit->left.items, (unit->left.count + 1) * sizeof *items);

	if (items == NULL)
		return -ENOMEM;
	items[unit->left.count++] = *id;
	unit->left.items = items;
	return 0;
}

static bool is_due(const struct native_unit *unit)
{
	return unit->exit_due || unit->has_leftovers;
}

static bool is_other(const struct engine *self, pid_t pid)
{
	const struct engine_events *events = self->options.events;

	return events->is_other != NULL && events->is_other(self->options.context, pid);
}

static struct native_unit *find_owner(struct engine *self, const struct proc_id *id)
{
	const pid_t session = getsid(id->pid), group = getpgid(id->pid);
	struct native_unit *last = NULL;

	for (struct native_unit *unit = self->due; unit != NULL; unit = unit->next_due) {
		if (!is_due(unit))
			continue;
		last = unit;
		if (belongs(last, id, session, group))
			return last;
	}
	/* It hides where it comes from. Probes do not, nor does what a unit that still runs has let go. */
	if (!self->ending || strays_contain(&self->others, id) || is_other(self, id->pid) ||
	    (self->options.marker != NULL && proc_has_marker(id->pid, self->options.marker)))
		return NULL;
	return last;
}

int native_find_leftovers(struct engine *self)
{
	struct proc_list children = {0};
	int rc = strays_children(&children);

	for (struct native_unit *unit = self->due; unit != NULL; unit = unit->next_due)
		unit->left.count = 0;
	for (size_t i = 0; i < children.count; i++) {
		struct proc_id *id = &children.items[i];
		struct native_unit *owner;

		if (native_find_main(self, id->pid) != NULL || !strays_identify(id))
			continue;
		owner = find_owner(self, id);
		if (owner != NULL && keep_left(owner, id) < 0)
			rc = -ENOMEM;
	}
	proc_list_finish(&children);
	return rc;
}

void native_ending(struct engine *self)
{
	struct proc_list children = {0};
	size_t kept = 0;

	if (self->ending || strays_children(&children) < 0) {
		proc_list_finish(&children);
		return;
	}
	for (size_t i = 0; i < children.count; i++) {
		if (native_find_main(self, children.items[i].pid) == NULL && strays_identify(&children.items[i]))
			children.items[kept++] = children.items[i];
	}
	children.count = kept;
	self->others = children;
	self->ending = true;
}

/* Children of ours cannot be mistaken: only we reap them. For those below them, pid and start time must fit. */
void native_kill_leftovers(struct native_unit *unit)
{
	struct proc_list below = {0};
	size_t kept = 0;

	for (size_t i = 0; i < unit->left.count; i++)
		(void)strays_below(unit->left.items[i].pid, &below);
	/* One that has become another user would be waited for in vain: the others are ended all the same. */
	for (size_t i = 0; i < unit->left.count; i++) {
		if (proc_signal(&unit->left.items[i], SIGKILL) != -EPERM)
			unit->left.items[kept++] = unit->left.items[i];
	}
	unit->left.count = kept;
	for (size_t i = 0; i < below.count; i++)
		(void)proc_signal(&below.items[i], SIGKILL);
	proc_list_finish(&below);
}
