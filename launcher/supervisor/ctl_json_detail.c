/* SPDX-License-Identifier: MIT */
/* One unit's story: asked for when somebody looks at it, so it may take a walk through /proc. */
#include "launcher/supervisor/ctl_json.h"

#include "config/clock.h"
#include "config/secrets.h"
#include "config/stack.h"
#include "launcher/process/descendants.h"
#include "launcher/process/output.h"
#include "launcher/process/proc_table.h"
#include "launcher/supervisor/supervisor.h"
#include "launcher/supervisor/unit_story.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PROCESSES_MAX 64u

/* ---- What it is ---- */

/* A word as a shell would have to be given it. */
static void put_word(FILE *out, const char *word)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+=:,./-";

	if (*word != '\0' && word[strspn(word, plain)] == '\0') {
		fputs(word, out);
		return;
	}
	putc('\'', out);
	for (; *word != '\0'; word++) {
		if (*word == '\'')
			fputs("'\\''", out);
		else
			putc(*word, out);
	}
	putc('\'', out);
}

/* The caller frees; NULL: there is none, or no memory. */
static char *command_text(const struct service *service)
{
	char *text = NULL;
	size_t size;
	FILE *out;

	if (service->argv == NULL)
		return NULL;
	if (service->shell && service->argv[0] != NULL && service->argv[1] != NULL && service->argv[2] != NULL)
		return strdup(service->argv[2]);
	out = open_memstream(&text, &size);
	if (out == NULL)
		return NULL;
	for (size_t i = 0; service->argv[i] != NULL; i++) {
		if (i > 0)
			putc(' ', out);
		put_word(out, service->argv[i]);
	}
	if (fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}

static void add_definition(cJSON *object, const struct service *service, const struct secrets *secrets)
{
	char *command = command_text(service);
	cJSON *place, *restart, *stop;

	ctl_json_add_masked(object, "service_version", service->version.text, secrets);
	ctl_json_add_masked(object, "command", command, secrets);
	ctl_json_add_masked(object, "dir", service->working_dir, secrets);
	ctl_json_add_text(object, "user", service->user);
	place = cJSON_AddObjectToObject(object, "place");
	ctl_json_add_text(place, "file", service->place.file);
	cJSON_AddNumberToObject(place, "line", service->place.line);
	restart = cJSON_AddObjectToObject(object, "restart");
	cJSON_AddStringToObject(restart, "policy", restart_when_name(service->restart.when));
	cJSON_AddNumberToObject(restart, "limit", service->restart.limit);
	stop = cJSON_AddObjectToObject(object, "stop");
	ctl_json_add_signal(stop, "signal", service->stop.signal);
	ctl_json_add_time(stop, "grace_ms", true, service->stop.grace_ms);
	free(command);
}

/* ---- What it needs, and who needs it ---- */

static void add_needs(cJSON *object, const struct supervisor *supervisor, unsigned id)
{
	cJSON *list = cJSON_AddArrayToObject(object, "needs");
	struct supervisor_need need;

	for (size_t i = 0; supervisor_unit_need(supervisor, id, i, &need); i++) {
		cJSON *item = cJSON_CreateObject();

		ctl_json_add_text(item, "service", need.dependency->service);
		cJSON_AddStringToObject(item, "condition", depend_condition_name(need.dependency->condition));
		cJSON_AddBoolToObject(item, "met", need.met);
		ctl_json_add_text(item, "state", need.state);
		cJSON_AddItemToArray(list, item);
	}
}

static void add_needed_by(cJSON *object, const struct stack *stack, const struct service *service)
{
	cJSON *list = cJSON_AddArrayToObject(object, "needed_by");

	for (size_t i = 0; i < stack->service_count; i++) {
		const struct service *other = &stack->services[i];

		for (size_t d = 0; d < other->depends_on_count; d++) {
			if (strcmp(other->depends_on[d].service, service->name) == 0)
				cJSON_AddItemToArray(list, cJSON_CreateString(other->name));
		}
	}
}

/* ---- What happened to it ---- */

static void add_answer(cJSON *list, const struct story_answer *answer, const struct secrets *secrets)
{
	cJSON *item = cJSON_CreateObject();

	ctl_json_add_time(item, "time_ms", true, answer->time_ms);
	cJSON_AddBoolToObject(item, "ok", answer->ok);
	ctl_json_add_masked(item, "text", answer->text, secrets);
	cJSON_AddNumberToObject(item, "count", answer->count);
	cJSON_AddItemToArray(list, item);
}

/* One that was always well has no story; what is known without one is that it is, and since when. */
static void add_history(cJSON *probe, const struct supervisor_unit *unit, const struct secrets *secrets)
{
	cJSON *list = cJSON_AddArrayToObject(probe, "history");
	const struct unit_story *story = unit->story;
	const struct svc *svc = unit->svc;

	for (unsigned i = 0; story != NULL && i < story->answer_count; i++)
		add_answer(list, &story->answers[i], secrets);
	if ((story == NULL || story->answer_count == 0) && svc->state == SVC_READY) {
		const struct story_answer well = {
			.time_ms = clock_wall_ms() - (clock_monotonic_ms() - svc->ready_ms),
			.text = (char *)unit->why,
			.count = svc->probe_attempts > 0 ? (unsigned)svc->probe_attempts : 1,
			.ok = true,
		};
		add_answer(list, &well, secrets);
	}
}

static void add_probe(cJSON *object, const struct supervisor_unit *unit, const struct secrets *secrets)
{
	cJSON *probe = ctl_json_add_probe(object, unit->svc, secrets);

	if (probe == NULL)
		return;
	ctl_json_add_time(probe, "interval_ms", true, svc_probe(unit->svc)->interval_ms);
	add_history(probe, unit, secrets);
}

static void add_exits(cJSON *object, const struct unit_story *story)
{
	cJSON *list = cJSON_AddArrayToObject(object, "exits");

	for (unsigned i = 0; story != NULL && i < story->exit_count; i++) {
		const struct story_exit *end = &story->exits[i];
		cJSON *item = cJSON_CreateObject();

		ctl_json_add_time(item, "time_ms", true, end->time_ms);
		ctl_json_add_time(item, "code", !end->signaled, end->value);
		if (end->signaled)
			ctl_json_add_signal(item, "signal", end->value);
		else
			cJSON_AddNullToObject(item, "signal");
		ctl_json_add_time(item, "ran_ms", true, end->ran_ms);
		cJSON_AddItemToArray(list, item);
	}
}

/* ---- What it is now ---- */

static void add_processes(cJSON *object, pid_t root)
{
	cJSON *list = cJSON_AddArrayToObject(object, "processes");
	size_t members[PROCESSES_MAX], count = 0;
	struct proc_table table = {0};

	if (root > 0 && proc_table_read(&table) == 0)
		count = proc_table_members(&table, root, members, PROCESSES_MAX);
	for (size_t i = 0; i < count && i < PROCESSES_MAX; i++) {
		const struct proc_entry *entry = &table.entries[members[i]];
		cJSON *item = cJSON_CreateObject();
		char name[32];

		proc_name(entry->id.pid, name, sizeof name);
		cJSON_AddNumberToObject(item, "pid", entry->id.pid);
		ctl_json_add_text(item, "name", name);
		cJSON_AddNumberToObject(item, "rss_bytes", (double)entry->rss_pages * (double)sysconf(_SC_PAGESIZE));
		cJSON_AddItemToArray(list, item);
	}
	cJSON_AddNumberToObject(object, "more", count > PROCESSES_MAX ? (double)(count - PROCESSES_MAX) : 0);
	proc_table_finish(&table);
}

/* Where a variable comes from, in the order in which they are told; within one by name. */
enum origin { ORIGIN_FILE, ORIGIN_TOLD, ORIGIN_INHERITED };

struct variable {
	const struct strmap_entry *entry;
	enum origin origin;
};

static int by_origin(const void *a, const void *b)
{
	const struct variable *left = a, *right = b;

	if (left->origin != right->origin)
		return left->origin < right->origin ? -1 : 1;
	return strcmp(left->entry->key, right->entry->key);
}

static cJSON *variable_object(const struct variable *variable, const struct secrets *secrets)
{
	const struct strmap_entry *entry = variable->entry;
	const bool secret = stack_name_is_secret(entry->key) && *entry->value != '\0';
	char *masked = secret ? NULL : secrets_mask(secrets, entry->value);
	cJSON *item = cJSON_CreateObject();

	ctl_json_add_text(item, "name", entry->key);
	ctl_json_add_text(item, "value", secret ? SECRETS_MASK : masked != NULL ? masked : entry->value);
	cJSON_AddBoolToObject(item, "secret", secret || masked != NULL);
	if (variable->origin == ORIGIN_TOLD)
		cJSON_AddBoolToObject(item, "telemetry", true);
	if (variable->origin == ORIGIN_FILE)
		cJSON_AddBoolToObject(item, "declared", true);
	free(masked);
	return item;
}

static void add_environment(cJSON *object, const struct supervisor *supervisor, unsigned id,
			    const struct service *service, const struct secrets *secrets)
{
	cJSON *list = cJSON_AddArrayToObject(object, "environment");
	const struct strmap *told = NULL;
	struct variable *variables = NULL;
	struct strmap environment;
	size_t count = 0;

	strmap_init(&environment);
	if (supervisor_unit_environment(supervisor, id, &environment, &told) < 0)
		goto out;
	variables = calloc(environment.count + 1, sizeof(*variables));
	if (variables == NULL)
		goto out;
	for (size_t i = 0; i < environment.count; i++) {
		const struct strmap_entry *entry = &environment.entries[i];

		if (entry->value != NULL)
			variables[count++] = (struct variable){entry, strmap_has(told, entry->key) ? ORIGIN_TOLD
								      : strmap_has(&service->environment, entry->key)
									      ? ORIGIN_FILE
									      : ORIGIN_INHERITED};
	}
	qsort(variables, count, sizeof(*variables), by_origin);
	for (size_t i = 0; i < count; i++)
		cJSON_AddItemToArray(list, variable_object(&variables[i], secrets));
out:
	free(variables);
	strmap_finish(&environment);
}

static void add_log(cJSON *object, const struct output *output, unsigned id)
{
	char *path = NULL;
	int64_t size_bytes = 0;
	cJSON *log;

	if (output == NULL || !output_where(output, id, &path, &size_bytes)) {
		cJSON_AddNullToObject(object, "log");
		return;
	}
	log = cJSON_AddObjectToObject(object, "log");
	ctl_json_add_text(log, "path", path);
	ctl_json_add_time(log, "size_bytes", true, size_bytes);
	free(path);
}

cJSON *ctl_json_detail(const struct supervisor *supervisor, const struct supervisor_unit *unit)
{
	const struct stack *stack = supervisor_stack(supervisor);
	const struct service *service = unit->definition != NULL ? unit->definition : unit->service;
	cJSON *object = cJSON_CreateObject();

	cJSON_AddNumberToObject(object, "id", unit->id);
	ctl_json_add_text(object, "name", unit->name);
	ctl_json_add_text(object, "service", service->name);
	/* First: what is read there may fail in its own ways, and errno tells of memory that is wanting for the rest. */
	add_processes(object, unit->pid);
	add_definition(object, service, &stack->secrets);
	add_needs(object, supervisor, unit->id);
	add_needed_by(object, stack, service);
	add_probe(object, unit, &stack->secrets);
	add_exits(object, unit->story);
	add_environment(object, supervisor, unit->id, service, &stack->secrets);
	add_log(object, supervisor_output((struct supervisor *)supervisor), unit->id);
	return object;
}
