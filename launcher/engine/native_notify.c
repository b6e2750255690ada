/* SPDX-License-Identifier: MIT */
#include "launcher/engine/native.h"

#include "config/stack.h"
#include "launcher/process/notify.h"
#include "launcher/process/spawn_users.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* As many digits as a pid can have: the child writes its own over it. */
#define PID_PLACE "0000000000"
#define PID_NAME "WATCHDOG_PID="

/* A unit that speaks before its start was reported: what it says comes after that. */
static void on_heard(void *context, const struct notify_message *message)
{
	struct native_unit *unit = context;
	struct engine *self = unit->engine;

	native_report_start(unit);
	if (self->options.events->notified != NULL)
		self->options.events->notified(self->options.context, unit->id, message);
}

/* Whom the service runs as; the start itself says what is wrong with the name. */
static uid_t user_of(const struct native_unit *unit)
{
	const char *name = unit->service->user;
	struct spawn_users *users = unit->engine->options.users;
	const struct spawn_user *known = NULL;
	struct spawn_user found = {0};
	uid_t user = geteuid();

	if (name == NULL)
		return user;
	if (users != NULL ? spawn_users_get(users, name, &known, NULL) == 0
			  : spawn_user_find(name, &found, NULL) == 0) {
		const struct spawn_user *is = known != NULL ? known : &found;

		user = is->change ? is->uid : user;
	}
	free(found.groups);
	return user;
}

int native_notify_open(struct native_unit *unit, struct err *err)
{
	struct notify_options options = {
		.base = unit->engine->options.base, .heard = on_heard, .context = unit, .user = 0};

	if (unit->service->ready.kind != PROBE_NOTIFY)
		return 0;
	options.user = user_of(unit);
	unit->notify = notify_create(&options, err);
	return unit->notify == NULL ? -EIO : 0;
}

/* A health check of its own is asked once the service is ready: then nobody waits for its signs of life. */
static bool is_watched(const struct service *service)
{
	return service->ready.watchdog_ms > 0 && service_liveness(service) == NULL;
}

int native_notify_environment(const struct native_unit *unit, struct strmap *map)
{
	char number[24];
	int rc;

	if (unit->notify == NULL)
		return 0;
	rc = strmap_set(map, "NOTIFY_SOCKET", notify_address(unit->notify));
	if (rc < 0 || !is_watched(unit->service))
		return rc;
	snprintf(number, sizeof number, "%" PRId64, unit->service->ready.watchdog_ms * 1000);
	rc = strmap_set(map, "WATCHDOG_USEC", number);
	return rc < 0 ? rc : strmap_set(map, "WATCHDOG_PID", PID_PLACE);
}

char *native_notify_pid_text(const struct native_unit *unit, char **environment)
{
	if (unit->notify == NULL || !is_watched(unit->service))
		return NULL;
	for (; *environment != NULL; environment++) {
		if (strncmp(*environment, PID_NAME, sizeof PID_NAME - 1) == 0)
			return *environment + sizeof PID_NAME - 1;
	}
	return NULL;
}

void native_notify_drain(struct native_unit *unit)
{
	if (unit->notify != NULL)
		notify_drain(unit->notify);
}

void native_notify_close(struct native_unit *unit)
{
	notify_destroy(unit->notify);
	unit->notify = NULL;
}
