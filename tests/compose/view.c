/* SPDX-License-Identifier: MIT */
/*
 * What upfront reads of Compose files, for tests/compose/conform.py: one request a line on standard input, one answer a line on
 * standard output, both JSON.
 *
 *   request  {"directory", "files", "env_files", "profiles", "environment"}, and "project" where there is -p
 *   answer   {"name", "tree", "services"}: the tree as `upfront config --json --show-secrets` prints it, and of each service
 *            what is acted upon, times in milliseconds
 *            or {"errors": [{"file", "line", "column", "message"}]}
 */
#include "config/err.h"
#include "config/stack.h"
#include "config/stack_print.h"
#include "config/strmap.h"
#include "launcher/supervisor/order.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>

static void add_argv(cJSON *object, const char *key, const char *const *argv)
{
	cJSON *list;

	if (argv == NULL)
		return;
	list = cJSON_AddArrayToObject(object, key);
	for (; *argv != NULL; argv++)
		cJSON_AddItemToArray(list, cJSON_CreateString(*argv));
}

/* A name without a value is inherited, where there is something to inherit. */
static void add_map(cJSON *object, const char *key, const struct strmap *map, const struct strmap *inherited)
{
	cJSON *out = cJSON_AddObjectToObject(object, key);

	for (size_t i = 0; i < map->count; i++) {
		const struct strmap_entry *entry = &map->entries[i];
		const char *value =
			entry->value == NULL && inherited != NULL ? strmap_find(inherited, entry->key) : entry->value;

		if (value != NULL)
			cJSON_AddStringToObject(out, entry->key, value);
		else
			cJSON_AddNullToObject(out, entry->key);
	}
}

static void add_depends_on(cJSON *object, const struct service *service)
{
	cJSON *out = cJSON_AddObjectToObject(object, "depends_on");

	for (size_t i = 0; i < service->depends_on_count; i++) {
		const struct dependency *dependency = &service->depends_on[i];
		cJSON *one = cJSON_AddObjectToObject(out, dependency->service);

		cJSON_AddStringToObject(one, "condition", depend_condition_name(dependency->condition));
		cJSON_AddBoolToObject(one, "required", dependency->required);
		cJSON_AddBoolToObject(one, "restart", dependency->restart);
	}
}

static void add_ports(cJSON *object, const struct service *service)
{
	cJSON *out = cJSON_AddArrayToObject(object, "ports");

	for (size_t i = 0; i < service->port_count; i++) {
		const struct service_port *port = &service->ports[i];
		cJSON *one = cJSON_CreateObject();

		cJSON_AddItemToArray(out, one);
		if (port->host != NULL)
			cJSON_AddStringToObject(one, "host_ip", port->host);
		cJSON_AddNumberToObject(one, "published", port->published);
		cJSON_AddNumberToObject(one, "published_end", port->published_end);
		cJSON_AddNumberToObject(one, "target", port->target);
		cJSON_AddStringToObject(one, "protocol", port->protocol);
	}
}

static void add_healthcheck(cJSON *object, const struct probe_spec *probe)
{
	cJSON *out;

	if (probe->kind == PROBE_NONE)
		return;
	out = cJSON_AddObjectToObject(object, "healthcheck");
	add_argv(out, "argv", probe->argv);
	cJSON_AddNumberToObject(out, "interval", (double)probe->interval_ms);
	cJSON_AddNumberToObject(out, "timeout", (double)probe->timeout_ms);
	cJSON_AddNumberToObject(out, "start_period", (double)probe->start_period_ms);
	cJSON_AddNumberToObject(out, "retries", probe->retries);
}

static cJSON *service_view(const struct service *service, const struct strmap *environment)
{
	cJSON *object = cJSON_CreateObject();

	cJSON_AddStringToObject(object, "kind", service_kind_name(service->kind));
	add_argv(object, "argv", service->argv);
	add_map(object, "environment", &service->environment, environment);
	add_map(object, "labels", &service->labels, NULL);
	add_depends_on(object, service);
	add_ports(object, service);
	add_healthcheck(object, &service->healthcheck);
	cJSON_AddStringToObject(object, "restart", restart_when_name(service->restart.when));
	cJSON_AddNumberToObject(object, "restart_limit", service->restart.limit);
	cJSON_AddNumberToObject(object, "stop_signal", service->stop.signal);
	cJSON_AddNumberToObject(object, "stop_grace_period", (double)service->stop.grace_ms);
	cJSON_AddNumberToObject(object, "replicas", service->replicas);
	cJSON_AddBoolToObject(object, "tty", service->tty);
	cJSON_AddBoolToObject(object, "stdin_open", service->stdin_open);
	cJSON_AddBoolToObject(object, "init", service->init);
	return object;
}

static cJSON *stack_view(const struct stack *stack, const struct strmap *environment)
{
	cJSON *answer = cJSON_CreateObject(), *services;
	char *tree = stack_print_json(stack);

	cJSON_AddStringToObject(answer, "name", stack->name);
	cJSON_AddItemToObject(answer, "tree", cJSON_Parse(tree));
	services = cJSON_AddObjectToObject(answer, "services");
	for (size_t i = 0; i < stack->service_count; i++)
		cJSON_AddItemToObject(services, stack->services[i].name,
				      service_view(&stack->services[i], environment));
	free(tree);
	return answer;
}

static cJSON *errors_view(const struct err *err)
{
	cJSON *answer = cJSON_CreateObject();
	cJSON *list = cJSON_AddArrayToObject(answer, "errors");

	for (size_t i = 0; i < err->count; i++) {
		const struct err_item *item = &err->items[i];
		cJSON *one = cJSON_CreateObject();

		cJSON_AddItemToArray(list, one);
		cJSON_AddStringToObject(one, "file", item->file != NULL ? item->file : "");
		cJSON_AddNumberToObject(one, "line", item->line);
		cJSON_AddNumberToObject(one, "column", item->column);
		cJSON_AddStringToObject(one, "message", item->message);
	}
	return answer;
}

/* NULL-terminated, the texts are the request's; the caller frees the array. NULL: there are none. */
static const char **texts_of(const cJSON *request, const char *key)
{
	const cJSON *list = cJSON_GetObjectItemCaseSensitive(request, key), *item;
	const char **texts = calloc((size_t)cJSON_GetArraySize(list) + 1, sizeof(*texts));
	size_t count = 0;

	cJSON_ArrayForEach(item, list) if (texts != NULL) texts[count++] = item->valuestring;
	return texts;
}

static cJSON *answer_to(const cJSON *request)
{
	const char **files = texts_of(request, "files"), **env_files = texts_of(request, "env_files"),
		   **profiles = texts_of(request, "profiles");
	struct strmap environment;
	struct stack_options options = {
		.files = files,
		.directory = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(request, "directory")),
		.env_files = env_files,
		.project = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(request, "project")),
		.profiles = profiles,
		.environment = &environment};
	const cJSON *variable;
	struct stack_source *source = NULL;
	struct stack *stack = NULL;
	struct err err = ERR_INIT;
	size_t *order = NULL;
	cJSON *answer;

	strmap_init(&environment);
	cJSON_ArrayForEach(variable, cJSON_GetObjectItemCaseSensitive(request, "environment"))
		strmap_set(&environment, variable->string, variable->valuestring);
	if (stack_source_open(&options, &source, &err) == 0 && stack_resolve(source, NULL, &stack, &err) == 0)
		order_make(stack, &order, NULL, &err);
	answer = err_is_set(&err) ? errors_view(&err) : stack_view(stack, &environment);
	free(order);
	stack_destroy(stack);
	stack_source_destroy(source);
	strmap_finish(&environment);
	err_finish(&err);
	free(files);
	free(env_files);
	free(profiles);
	return answer;
}

int main(void)
{
	char *line = NULL;
	size_t capacity = 0;

	while (getline(&line, &capacity, stdin) > 0) {
		cJSON *request = cJSON_Parse(line);
		cJSON *answer = answer_to(request);
		char *text = cJSON_PrintUnformatted(answer);

		puts(text);
		free(text);
		cJSON_Delete(answer);
		cJSON_Delete(request);
	}
	free(line);
	return 0;
}
