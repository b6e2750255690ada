/* SPDX-License-Identifier: MIT */
#include "tests/chaos/chaos.h"

#include "config/err.h"

#include <cjson/cJSON.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define CALL_MS 5000

/* ---- The API ---- */

bool chaos_call(struct chaos *self, const char *method, const char *target, const char *body)
{
	struct err err = ERR_INIT;
	int status = 0;
	char *answer = NULL;
	int result = ctl_client_call(&self->client, method, target, body, CALL_MS, &status, &answer, &err);

	if (result < 0 &&
	    asprintf(&answer, "%s %s: %s", method, target, err.count > 0 ? err.items[0].message : "?") < 0)
		answer = NULL;
	free(self->answer);
	self->answer = answer;
	err_finish(&err);
	return result == 0 && status >= 200 && status < 300;
}

static void copy_text(const cJSON *object, const char *name, char *to, size_t size)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);

	snprintf(to, size, "%s", cJSON_IsString(item) ? item->valuestring : "");
}

static int number_of(const cJSON *object, const char *name)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);

	return cJSON_IsNumber(item) ? item->valueint : 0;
}

static void read_unit(const cJSON *object, struct chaos_unit *unit)
{
	unit->id = (unsigned)number_of(object, "id");
	copy_text(object, "name", unit->name, sizeof(unit->name));
	copy_text(object, "service", unit->service, sizeof(unit->service));
	copy_text(object, "state", unit->state, sizeof(unit->state));
	unit->pid = number_of(object, "pid");
	unit->restarts = number_of(object, "restarts");
	unit->wanted = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(object, "wanted"));
	unit->settled = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(object, "settled"));
}

static void read_stack(const cJSON *object, struct chaos_api *api)
{
	copy_text(object, "phase", api->phase, sizeof(api->phase));
	api->supervisor = number_of(object, "supervisor_pid");
}

static void read_units(const cJSON *list, struct chaos_api *api)
{
	const cJSON *item;

	api->count = 0;
	cJSON_ArrayForEach(item, list)
	{
		if (api->count < CHAOS_UNITS_MAX)
			read_unit(item, &api->units[api->count++]);
	}
}

bool chaos_look(struct chaos *self, struct chaos_api *api)
{
	cJSON *object;

	memset(api, 0, sizeof(*api));
	if (!chaos_call(self, "GET", "/v1/stack", NULL))
		return false;
	object = cJSON_Parse(self->answer);
	read_stack(object, api);
	cJSON_Delete(object);
	if (!chaos_call(self, "GET", "/v1/services", NULL))
		return false;
	object = cJSON_Parse(self->answer);
	read_units(cJSON_GetObjectItemCaseSensitive(object, "services"), api);
	cJSON_Delete(object);
	return api->count > 0;
}

void chaos_connect(struct chaos *self)
{
	int64_t began_ms = world_now_ms();
	bool connected = false;

	while (!connected) {
		struct err err = ERR_INIT;
		char *path = world_read(&self->world, "../state/upfront/chaos/socket");

		if (path != NULL)
			path[strcspn(path, "\n")] = '\0';
		connected = path != NULL && ctl_client_open_at(&self->client, path, "chaos", &err) == 0;
		if (connected && ctl_stream_open(&self->client, "/v1/events", &self->events, &err) < 0) {
			ctl_client_close(&self->client);
			connected = false;
		}
		err_finish(&err);
		free(path);
		if (!connected)
			world_pause(began_ms, CHAOS_DEADLINE_MS, "the control socket");
	}
	self->has_client = true;
}

void chaos_disconnect(struct chaos *self)
{
	for (size_t i = 0; i < CHAOS_STREAMS_MAX; i++) {
		if (self->streams[i] != NULL)
			ctl_stream_close(self->streams[i]);
		self->streams[i] = NULL;
	}
	if (self->events != NULL)
		ctl_stream_close(self->events);
	self->events = NULL;
	if (self->has_client)
		ctl_client_close(&self->client);
	self->has_client = false;
}

/* ---- The event stream ---- */

/* The unit of this id; one that is new is added. */
static struct chaos_unit *unit_of(struct chaos_api *api, unsigned id)
{
	for (size_t i = 0; i < api->count; i++)
		if (api->units[i].id == id)
			return &api->units[i];
	assert_true(api->count < CHAOS_UNITS_MAX);
	api->units[api->count] = (struct chaos_unit){.id = id};
	return &api->units[api->count++];
}

static void forget_unit(struct chaos_api *api, unsigned id)
{
	*unit_of(api, id) = api->units[api->count - 1];
	api->count--;
}

static bool is_state(const struct chaos_unit *unit, const char *state)
{
	return strcmp(unit->state, state) == 0;
}

static bool is_as_promised(const struct chaos_unit *unit, const char *condition)
{
	if (strcmp(condition, "service_healthy") == 0)
		return is_state(unit, "ready");
	if (strcmp(condition, "service_completed_successfully") == 0)
		return is_state(unit, "completed");
	return is_state(unit, "running") || is_state(unit, "ready") || is_state(unit, "unhealthy") ||
	       is_state(unit, "completed") || (is_state(unit, "starting") && unit->pid > 0);
}

static void check_start(const struct chaos *self, const struct chaos_unit *unit)
{
	const struct chaos_service *service = chaos_service_find(unit->service);

	assert_non_null(service);
	for (const struct chaos_dependency *on = service->depends_on; on->service != NULL; on++) {
		for (size_t i = 0; i < self->followed.count; i++) {
			const struct chaos_unit *other = &self->followed.units[i];

			if (!on->optional && strcmp(other->service, on->service) == 0 &&
			    !is_as_promised(other, on->condition))
				fail_msg("%s began while %s was '%s', not %s", unit->name, other->name, other->state,
					 on->condition);
		}
	}
}

static void take_event(struct chaos *self, const char *line)
{
	cJSON *object = cJSON_Parse(line);
	const cJSON *kind = cJSON_GetObjectItemCaseSensitive(object, "event");

	if (!cJSON_IsString(kind))
		fail_msg("the event stream says: %s", line);
	if (strcmp(kind->valuestring, "snapshot") == 0) {
		read_stack(cJSON_GetObjectItemCaseSensitive(object, "stack"), &self->followed);
		read_units(cJSON_GetObjectItemCaseSensitive(object, "services"), &self->followed);
	} else if (strcmp(kind->valuestring, "service") == 0) {
		struct chaos_unit now = {0}, *before;

		read_unit(cJSON_GetObjectItemCaseSensitive(object, "service"), &now);
		before = unit_of(&self->followed, now.id);
		if (is_state(&now, "starting") && !is_state(before, "starting"))
			check_start(self, &now);
		*before = now;
	} else if (strcmp(kind->valuestring, "removed") == 0) {
		forget_unit(&self->followed,
			    (unsigned)number_of(cJSON_GetObjectItemCaseSensitive(object, "unit"), "id"));
	} else {
		read_stack(cJSON_GetObjectItemCaseSensitive(object, "stack"), &self->followed);
	}
	cJSON_Delete(object);
}

void chaos_follow(struct chaos *self)
{
	ssize_t got;

	while (self->events != NULL) {
		char *line = self->events_text, *end;
		size_t room = sizeof(self->events_text) - self->events_bytes - 1;

		got = ctl_stream_read(self->events, self->events_text + self->events_bytes, room);
		if (got <= 0)
			break;
		self->events_bytes += (size_t)got;
		self->events_text[self->events_bytes] = '\0';
		for (; (end = strchr(line, '\n')) != NULL; line = end + 1) {
			*end = '\0';
			take_event(self, line);
		}
		self->events_bytes -= (size_t)(line - self->events_text);
		memmove(self->events_text, line, self->events_bytes + 1);
		assert_true(self->events_bytes < sizeof(self->events_text) / 2);
	}
}

/* ---- What must hold ---- */

#define flaw(self, ...) (snprintf((self)->flaw, sizeof((self)->flaw), __VA_ARGS__), false)

static bool is_idle(const struct chaos_unit *unit)
{
	static const char *const states[] = {"stopped", "waiting", "back-off", "completed", "failed"};

	for (size_t i = 0; i < sizeof(states) / sizeof(*states); i++)
		if (is_state(unit, states[i]))
			return true;
	return false;
}

static bool units_hold(struct chaos *self, const struct chaos_api *api)
{
	int64_t age_ms = world_now_ms() - self->began_ms;

	for (size_t i = 0; i < api->count; i++) {
		const struct chaos_unit *unit = &api->units[i];
		bool restless = chaos_service_find(unit->service)->restless;
		int64_t bound = 5 + 3 * (int64_t)self->upsets + (restless ? age_ms / 5 : 0);

		if (is_idle(unit) && unit->pid > 0)
			return flaw(self, "%s is '%s' and has process %d", unit->name, unit->state, (int)unit->pid);
		if ((is_state(unit, "running") || is_state(unit, "ready") || is_state(unit, "unhealthy")) &&
		    unit->pid <= 0)
			return flaw(self, "%s is '%s' and has no process", unit->name, unit->state);
		if (unit->pid > 0 && stack_process_parent(unit->pid) != api->supervisor)
			return flaw(self, "process %d of %s is no living child of the supervisor %d (its parent: %d)",
				    (int)unit->pid, unit->name, (int)api->supervisor,
				    (int)stack_process_parent(unit->pid));
		if (unit->restarts > bound)
			return flaw(self, "%s was restarted %d times in %lld ms, at most %lld are explained",
				    unit->name, unit->restarts, (long long)age_ms, (long long)bound);
	}
	return true;
}

static bool process_holds(struct chaos *self, const struct chaos_api *api, const struct stack_process *process)
{
	bool active = false, named = false;

	for (size_t i = 0; i < api->count; i++) {
		const struct chaos_unit *unit = &api->units[i];

		if (strcmp(unit->service, process->service) != 0)
			continue;
		active = active || !is_idle(unit);
		named = named || unit->pid == process->pid;
	}
	if (!active)
		return flaw(self, "process %d (%s) of '%s' lives, and the API says that nothing of it does",
			    (int)process->pid, process->name, process->service);
	if (strcmp(process->name, "part-main") == 0 && !named)
		return flaw(self, "main process %d of '%s' is none that the API names", (int)process->pid,
			    process->service);
	return true;
}

static bool is_same(const struct chaos_api *a, const struct chaos_api *b)
{
	for (size_t i = 0; i < a->count; i++)
		if (a->units[i].pid != b->units[i].pid || strcmp(a->units[i].state, b->units[i].state) != 0 ||
		    a->units[i].restarts != b->units[i].restarts)
			return false;
	return a->count == b->count;
}

/* What is seen between two equal answers of the API is seen at one moment. */
static bool look_whether_holds(struct chaos *self)
{
	struct stack_process processes[CHAOS_PROCESSES_MAX];
	struct chaos_api before, after;
	size_t count;

	if (!chaos_look(self, &before))
		return flaw(self, "the API does not answer: %s", self->answer != NULL ? self->answer : "");
	if (strcmp(before.phase, "starting") != 0 && strcmp(before.phase, "up") != 0)
		return flaw(self, "nobody asked for it, and the stack is '%s'", before.phase);
	count = stack_processes(&self->world, processes, CHAOS_PROCESSES_MAX);
	if (!units_hold(self, &before))
		return false;
	for (size_t i = 0; i < count; i++)
		if (!process_holds(self, &before, &processes[i]))
			return false;
	if (!chaos_look(self, &after) || !is_same(&before, &after))
		return flaw(self, "the API never said the same twice");
	return true;
}

void chaos_holds(struct chaos *self)
{
	int64_t began_ms = world_now_ms();

	for (;;) {
		chaos_follow(self);
		if (look_whether_holds(self))
			break;
		if (world_now_ms() - began_ms > CHAOS_DEADLINE_MS)
			fail_msg("%s", self->flaw);
		world_pause(began_ms, CHAOS_DEADLINE_MS * 2, "what must hold");
	}
}

void chaos_until(struct chaos *self, bool (*pred)(struct chaos *self, const struct chaos_api *api, const void *context),
		 const void *context, const char *waited_for)
{
	int64_t began_ms = world_now_ms();
	struct chaos_api api;

	for (;;) {
		chaos_follow(self);
		if (chaos_look(self, &api) && pred(self, &api, context))
			return;
		world_pause(began_ms, CHAOS_DEADLINE_MS, waited_for);
	}
}
