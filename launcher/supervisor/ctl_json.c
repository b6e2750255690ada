/* SPDX-License-Identifier: MIT */
#include "launcher/supervisor/ctl_json.h"

#include "config/clock.h"
#include "config/err.h"
#include "config/secrets.h"
#include "config/stack.h"
#include "config/utf8.h"
#include "launcher/process/output.h"
#include "launcher/supervisor/supervisor.h"
#include "launcher/supervisor/unit_start.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void ctl_json_add_text(cJSON *object, const char *name, const char *text)
{
	char *clean, *to;

	if (text == NULL) {
		cJSON_AddNullToObject(object, name);
		return;
	}
	clean = malloc(strlen(text) * 3 + 1);
	if (clean == NULL)
		return;
	to = clean;
	for (const char *from = text, *end = text + strlen(text); from < end;) {
		size_t length = utf8_length(from, (size_t)(end - from));

		if (length > 0) {
			memcpy(to, from, length);
			to += length;
			from += length;
		} else {
			memcpy(to, "\xef\xbf\xbd", 3);
			to += 3;
			from++;
		}
	}
	*to = '\0';
	cJSON_AddStringToObject(object, name, clean);
	free(clean);
}

void ctl_json_add_masked(cJSON *object, const char *name, const char *text, const struct secrets *secrets)
{
	char *masked = text != NULL ? secrets_mask(secrets, text) : NULL;

	ctl_json_add_text(object, name, masked != NULL ? masked : text);
	free(masked);
}

void ctl_json_add_time(cJSON *object, const char *name, bool known, int64_t value_ms)
{
	char text[32];

	if (!known) {
		cJSON_AddNullToObject(object, name);
		return;
	}
	/* cJSON would print it as a double and read it back, which takes longer than the rest of the object. */
	snprintf(text, sizeof text, "%lld", (long long)value_ms);
	cJSON_AddRawToObject(object, name, text);
}

void ctl_json_add_signal(cJSON *object, const char *name, int signal)
{
	const char *abbreviation = sigabbrev_np(signal);
	char text[32];

	snprintf(text, sizeof text, "SIG%s", abbreviation != NULL ? abbreviation : "?");
	if (abbreviation == NULL) /* real-time ones have numbers only */
		snprintf(text, sizeof text, "%d", signal);
	cJSON_AddStringToObject(object, name, text);
}

static void add_exit(cJSON *object, const struct svc *svc)
{
	cJSON *how;

	if (!svc->has_exited) {
		cJSON_AddNullToObject(object, "exit");
		return;
	}
	how = cJSON_AddObjectToObject(object, "exit");
	if (svc->last_exit.signaled) {
		ctl_json_add_signal(how, "signal", svc->last_exit.signal);
		cJSON_AddBoolToObject(how, "core", svc->last_exit.core);
		cJSON_AddBoolToObject(how, "oom", svc->last_exit.oom);
	} else {
		cJSON_AddNumberToObject(how, "code", svc->last_exit.code);
	}
}

static void add_probe_target(cJSON *probe, const struct probe_spec *spec, const struct secrets *secrets)
{
	switch (spec->kind) {
	case PROBE_HTTP:
		ctl_json_add_masked(probe, "target", spec->url, secrets);
		break;
	case PROBE_TCP:
		ctl_json_add_masked(probe, "target", spec->host, secrets);
		cJSON_AddNumberToObject(probe, "port", spec->port);
		break;
	case PROBE_UNIX:
		ctl_json_add_masked(probe, "target", spec->path, secrets);
		break;
	case PROBE_LOG:
		ctl_json_add_masked(probe, "target", spec->regex, secrets);
		break;
	case PROBE_EXEC:
		ctl_json_add_masked(probe, "target", probe_exec_text(spec), secrets);
		break;
	case PROBE_NONE:
	case PROBE_NOTIFY:
	case PROBE_ENGINE:
		cJSON_AddNullToObject(probe, "target");
		break;
	}
}

cJSON *ctl_json_add_probe(cJSON *object, const struct svc *svc, const struct secrets *secrets)
{
	const struct probe_spec *spec = svc_probe(svc);
	cJSON *probe;

	if (spec == NULL) {
		cJSON_AddNullToObject(object, "probe");
		return NULL;
	}
	probe = cJSON_AddObjectToObject(object, "probe");
	cJSON_AddStringToObject(probe, "kind", probe_kind_name(spec->kind));
	add_probe_target(probe, spec, secrets);
	return probe;
}

static void add_probe(cJSON *object, const struct svc *svc, const struct secrets *secrets)
{
	cJSON *probe = ctl_json_add_probe(object, svc, secrets);

	if (probe == NULL)
		return;
	cJSON_AddNumberToObject(probe, "attempts", svc->probe_attempts);
	cJSON_AddNumberToObject(probe, "failures", svc->probe_failures);
}

static void add_ports(cJSON *object, const struct service *service, const struct secrets *secrets)
{
	cJSON *ports = cJSON_AddArrayToObject(object, "ports");

	for (size_t i = 0; i < service->port_count; i++) {
		const struct service_port *port = &service->ports[i];
		cJSON *item = cJSON_CreateObject();

		ctl_json_add_masked(item, "host", port->host, secrets);
		cJSON_AddNumberToObject(item, "published", port->published);
		cJSON_AddNumberToObject(item, "published_end", port->published_end);
		cJSON_AddNumberToObject(item, "target", port->target);
		ctl_json_add_text(item, "protocol", port->protocol);
		cJSON_AddItemToArray(ports, item);
	}
}

static void add_crash_loop(cJSON *object, const struct svc *svc)
{
	int64_t left_ms = svc->start_deadline_ms - clock_monotonic_ms();
	cJSON *loop;

	if (!svc_is_crash_loop(svc)) {
		cJSON_AddNullToObject(object, "crash_loop");
		return;
	}
	loop = cJSON_AddObjectToObject(object, "crash_loop");
	cJSON_AddNumberToObject(loop, "exits", svc->failures_in_row);
	cJSON_AddNumberToObject(loop, "within_ms", (double)(svc->ended_ms - svc->row_began_ms));
	/* By its engine: nobody says when. */
	ctl_json_add_time(loop, "next_try_in_ms", svc->start_deadline_ms > 0, left_ms > 0 ? left_ms : 0);
}

static void add_kill(cJSON *object, const struct svc *svc)
{
	const int64_t left_ms = svc->stop_deadline_ms - clock_monotonic_ms();

	ctl_json_add_time(object, "kill_in_ms", svc->state == SVC_STOPPING && svc->stop_deadline_ms > 0,
			  left_ms > 0 ? left_ms : 0);
}

static void add_svc(cJSON *object, const struct svc *svc, const struct secrets *secrets)
{
	const bool ready = svc->ready_ms > 0 && svc->ready_ms >= svc->started_ms;

	cJSON_AddStringToObject(object, "state", svc_state_name(svc->state));
	cJSON_AddBoolToObject(object, "wanted", svc->wanted);
	cJSON_AddBoolToObject(object, "settled", svc_is_settled(svc));
	cJSON_AddBoolToObject(object, "one_shot", svc->policy.one_shot);
	cJSON_AddNumberToObject(object, "restarts", svc->restarts);
	ctl_json_add_time(object, "uptime_ms", svc->has_process && svc->started_ms > 0 && svc->state != SVC_BACKOFF,
			  clock_monotonic_ms() - svc->started_ms);
	ctl_json_add_time(object, "ready_after_ms", ready, svc->ready_ms - svc->started_ms);
	/* In a back-off of its engine's there is a process still, and nobody knows how long it takes. */
	ctl_json_add_time(object, "backoff_ms", svc->state == SVC_BACKOFF && !svc->has_process, svc->backoff_ms);
	add_crash_loop(object, svc);
	add_kill(object, svc);
	add_exit(object, svc);
	add_probe(object, svc, secrets);
}

static const char *trouble_text(int error)
{
	return error == ENOSPC ? "disk full" : error == EDQUOT ? "disk quota used up" : strerror(error);
}

/* What stands in the way of its log file now, and what that has cost. */
static void add_loss(cJSON *object, const struct supervisor_unit *unit)
{
	cJSON_AddNumberToObject(object, "log_bytes_lost", (double)unit->log_bytes_lost);
	ctl_json_add_text(object, "log_trouble", unit->log_error != 0 ? trouble_text(unit->log_error) : NULL);
}

static void add_waiting(cJSON *object, const struct dependency *awaited)
{
	cJSON *waits;

	if (awaited == NULL) {
		cJSON_AddNullToObject(object, "waits_for");
		return;
	}
	waits = cJSON_AddObjectToObject(object, "waits_for");
	ctl_json_add_text(waits, "service", awaited->service);
	cJSON_AddStringToObject(waits, "condition", depend_condition_name(awaited->condition));
}

static void add_start(cJSON *object, const struct supervisor_unit *unit)
{
	static const struct unit_start none = UNIT_START_INIT;
	const struct unit_start *times = unit->start != NULL ? unit->start : &none;
	cJSON *start = cJSON_AddObjectToObject(object, "start");

	ctl_json_add_time(start, "launched_ms", times->launched_ms >= 0, times->launched_ms);
	ctl_json_add_time(start, "probed_ms", times->probed_ms >= 0, times->probed_ms);
	ctl_json_add_time(start, "ready_ms", times->ready_ms >= 0, times->ready_ms);
	ctl_json_add_time(start, "ended_ms", times->ended_ms >= 0, times->ended_ms);
	ctl_json_add_text(start, "waited_for", unit->waited_for);
}

static const char *work_name(enum engine_work work)
{
	static const char *const names[] = {
		[ENGINE_PULLING] = "pulling", [ENGINE_BUILDING] = "building", [ENGINE_CREATING] = "creating"};

	return (size_t)work < sizeof names / sizeof names[0] ? names[work] : "unknown";
}

static void add_progress(cJSON *object, const struct engine_progress *progress, const struct secrets *secrets)
{
	cJSON *item;

	if (progress == NULL) {
		cJSON_AddNullToObject(object, "progress");
		return;
	}
	item = cJSON_AddObjectToObject(object, "progress");
	cJSON_AddStringToObject(item, "work", work_name(progress->work));
	ctl_json_add_time(item, "done", true, progress->done);
	ctl_json_add_time(item, "total", true, progress->total);
	ctl_json_add_masked(item, "text", progress->text, secrets);
}

cJSON *ctl_json_unit(const struct supervisor *supervisor, const struct supervisor_unit *unit)
{
	const struct secrets *secrets = &supervisor_stack(supervisor)->secrets;
	cJSON *object = cJSON_CreateObject();

	if (object == NULL)
		return NULL;
	cJSON_AddNumberToObject(object, "id", unit->id);
	ctl_json_add_text(object, "name", unit->name);
	ctl_json_add_text(object, "service", unit->service->name);
	cJSON_AddNumberToObject(object, "replica", unit->replica);
	cJSON_AddStringToObject(object, "kind", service_kind_name(unit->service->kind));
	/* One that is built need not name an image. */
	if (unit->service->kind == SERVICE_CONTAINER) {
		ctl_json_add_masked(object, "image", unit->service->image, secrets);
		ctl_json_add_text(object, "container", unit->container);
		add_progress(object, unit->progress, secrets);
	}
	if (unit->pid > 0)
		cJSON_AddNumberToObject(object, "pid", unit->pid);
	else
		cJSON_AddNullToObject(object, "pid");
	cJSON_AddBoolToObject(object, "tty", unit->service->tty);
	cJSON_AddBoolToObject(object, "stdin_open", unit->service->stdin_open);
	add_svc(object, unit->svc, secrets);
	cJSON_AddBoolToObject(object, "passed_over", unit->passed_over);
	cJSON_AddNumberToObject(object, "changed_ms", (double)unit->changed_ms);
	add_ports(object, unit->service, secrets);
	ctl_json_add_masked(object, "open", unit->service->open, secrets);
	ctl_json_add_masked(object, "why", unit->why, secrets);
	ctl_json_add_masked(object, "status", unit->status, secrets);
	add_loss(object, unit);
	add_waiting(object, unit->waits_for);
	add_start(object, unit);
	return object;
}

cJSON *ctl_json_units(const struct supervisor *supervisor)
{
	cJSON *list = cJSON_CreateArray();

	for (size_t i = 0; list != NULL && i < supervisor_unit_count(supervisor); i++) {
		struct supervisor_unit unit;

		supervisor_unit(supervisor, i, &unit);
		cJSON_AddItemToArray(list, ctl_json_unit(supervisor, &unit));
	}
	return list;
}

static void add_texts(cJSON *object, const char *name, const char *const *texts)
{
	cJSON *list = cJSON_AddArrayToObject(object, name);

	for (; list != NULL && *texts != NULL; texts++)
		cJSON_AddItemToArray(list, cJSON_CreateString(*texts));
}

cJSON *ctl_json_changes(const struct supervisor_changes *changes)
{
	cJSON *object = cJSON_CreateObject();
	cJSON *changed;

	if (object == NULL)
		return NULL;
	add_texts(object, "added", changes->added);
	add_texts(object, "removed", changes->removed);
	changed = cJSON_AddArrayToObject(object, "changed");
	for (size_t i = 0; i < changes->changed_count; i++) {
		cJSON *item = cJSON_CreateObject();

		cJSON_AddStringToObject(item, "service", changes->changed[i].service);
		add_texts(item, "keys", changes->changed[i].keys);
		cJSON_AddItemToArray(changed, item);
	}
	cJSON_AddNumberToObject(object, "unchanged", (double)changes->unchanged_count);
	if (changes->telemetry)
		cJSON_AddStringToObject(object, "telemetry", "next start");
	return object;
}

static cJSON *error_object(const struct err *err, const struct secrets *secrets)
{
	cJSON *object = cJSON_CreateObject();
	cJSON *messages;

	if (object == NULL)
		return NULL;
	cJSON_AddNumberToObject(object, "code", err->code);
	messages = cJSON_AddArrayToObject(object, "messages");
	for (size_t i = 0; i < err->count; i++) {
		const struct err_item *item = &err->items[i];
		cJSON *message = cJSON_CreateObject();

		ctl_json_add_text(message, "file", item->file);
		cJSON_AddNumberToObject(message, "line", item->line);
		cJSON_AddNumberToObject(message, "column", item->column);
		ctl_json_add_masked(message, "message", item->message, secrets);
		ctl_json_add_masked(message, "hint", item->hint, secrets);
		cJSON_AddItemToArray(messages, message);
	}
	return object;
}

cJSON *ctl_json_error(const struct err *err)
{
	static const struct secrets none = {NULL, 0, 0}; /* what the client said comes back as it was */
	cJSON *object = cJSON_CreateObject();

	if (object == NULL)
		return NULL;
	cJSON_AddNumberToObject(object, "version", CTL_JSON_VERSION);
	cJSON_AddItemToObject(object, "error", error_object(err, &none));
	return object;
}

cJSON *ctl_json_consent(const struct consent_decision *consent)
{
	cJSON *object = cJSON_CreateObject();

	cJSON_AddStringToObject(object, "state", consent->state == CONSENT_ON ? "on" : "off");
	cJSON_AddStringToObject(object, "reason", consent_reason_word(consent->reason));
	cJSON_AddStringToObject(object, "text", consent_reason_text(consent->reason));
	return object;
}

static void add_starts(cJSON *object, const struct supervisor *supervisor)
{
	struct supervisor_starts starts;
	cJSON *list;

	supervisor_show_starts(supervisor, &starts);
	ctl_json_add_time(object, "begin_ms", true, starts.begin_ms);
	ctl_json_add_time(object, "up_after_ms", starts.up_after_ms >= 0, starts.up_after_ms);
	list = cJSON_AddArrayToObject(object, "starts");
	for (size_t i = 0; i < starts.count; i++)
		cJSON_AddItemToArray(list, cJSON_CreateNumber((double)starts.took_ms[i]));
}

void ctl_json_add_engine(cJSON *object, const struct supervisor *supervisor)
{
	struct supervisor_engine shown;
	char compose[128];
	cJSON *engine;

	if (!supervisor_show_engine(supervisor, &shown)) {
		cJSON_AddNullToObject(object, "engine");
		return;
	}
	snprintf(compose, sizeof compose, "%s %s", shown.compose, shown.compose_version);
	engine = cJSON_AddObjectToObject(object, "engine");
	cJSON_AddStringToObject(engine, "name", shown.name);
	ctl_json_add_text(engine, "version", shown.version);
	ctl_json_add_text(engine, "address", shown.address);
	ctl_json_add_text(engine, "compose", compose);
	cJSON_AddBoolToObject(engine, "reachable", shown.reachable);
	ctl_json_add_text(engine, "why", shown.why);
	ctl_json_add_text(engine, "untold_why", shown.untold_why);
}

cJSON *ctl_json_stack(const struct supervisor *supervisor)
{
	const struct stack *stack = supervisor_stack(supervisor);
	const struct err *failure = supervisor_failure(supervisor);
	const struct output *output = supervisor_output((struct supervisor *)supervisor);
	cJSON *object = cJSON_CreateObject();

	if (object == NULL)
		return NULL;
	ctl_json_add_text(object, "project", stack->name);
	ctl_json_add_text(object, "app", stack->app);
	ctl_json_add_masked(object, "app_version", stack->version, &stack->secrets);
	ctl_json_add_text(object, "dir", stack->dir);
	ctl_json_add_masked(object, "open", stack->open, &stack->secrets);
	cJSON_AddNumberToObject(object, "supervisor_pid", getpid());
	cJSON_AddStringToObject(object, "phase", stack_phase_name(supervisor_phase(supervisor)));
	if (failure != NULL)
		cJSON_AddItemToObject(object, "failure", error_object(failure, &stack->secrets));
	else
		cJSON_AddNullToObject(object, "failure");
	ctl_json_add_text(object, "failed_unit", supervisor_failed_unit(supervisor));
	cJSON_AddItemToObject(object, "consent", ctl_json_consent(supervisor_consent(supervisor)));
	cJSON_AddNumberToObject(object, "log_bytes_lost", output != NULL ? (double)output_lost_bytes(output) : 0);
	ctl_json_add_engine(object, supervisor);
	add_starts(object, supervisor);
	return object;
}

static cJSON *need_object(const struct dependency *dependency)
{
	cJSON *object = cJSON_CreateObject();

	ctl_json_add_text(object, "service", dependency->service);
	cJSON_AddStringToObject(object, "condition", depend_condition_name(dependency->condition));
	cJSON_AddBoolToObject(object, "required", dependency->required);
	return object;
}

cJSON *ctl_json_graph(const struct stack *stack)
{
	cJSON *object = cJSON_CreateObject();
	cJSON *services = cJSON_AddArrayToObject(object, "services");

	for (size_t i = 0; i < stack->service_count; i++) {
		const struct service *service = &stack->services[i];
		cJSON *item = cJSON_CreateObject();
		cJSON *needs;

		ctl_json_add_text(item, "name", service->name);
		needs = cJSON_AddArrayToObject(item, "needs");
		for (size_t j = 0; j < service->depends_on_count; j++)
			cJSON_AddItemToArray(needs, need_object(&service->depends_on[j]));
		cJSON_AddItemToArray(services, item);
	}
	return object;
}
