/* SPDX-License-Identifier: MIT */
#include "config/stack_diff.h"

#include "config/node.h"
#include "config/stack.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* ---- Values ---- */

static bool same_text(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool same_list(const char *const *a, const char *const *b)
{
	size_t i = 0;

	if (a == NULL || b == NULL)
		return a == b;
	while (a[i] != NULL && same_text(a[i], b[i]))
		i++;
	return a[i] == NULL && b[i] == NULL;
}

static bool same_map(const struct strmap *a, const struct strmap *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++) {
		const char *key = a->entries[i].key;

		if (!strmap_has(b, key) || !same_text(a->entries[i].value, strmap_find(b, key)))
			return false;
	}
	return true;
}

static bool same_probe(const struct probe_spec *a, const struct probe_spec *b)
{
	if (a->kind == PROBE_NONE && b->kind == PROBE_NONE)
		return true;
	return a->kind == b->kind && same_text(a->url, b->url) && same_text(a->host, b->host) && a->port == b->port &&
	       same_text(a->path, b->path) && same_text(a->regex, b->regex) && same_list(a->argv, b->argv) &&
	       a->status_min == b->status_min && a->status_max == b->status_max && a->interval_ms == b->interval_ms &&
	       a->timeout_ms == b->timeout_ms && a->start_period_ms == b->start_period_ms &&
	       a->start_interval_ms == b->start_interval_ms && a->retries == b->retries &&
	       a->watchdog_ms == b->watchdog_ms;
}

/* Whatever the order of a map's keys and the quotes of its scalars. */
static bool same_node(const struct node *a, const struct node *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	if (a->kind != b->kind || a->count != b->count)
		return false;
	switch (a->kind) {
	case NODE_NULL:
		return true;
	case NODE_SCALAR:
		return same_text(a->text, b->text);
	case NODE_LIST:
		for (size_t i = 0; i < a->count; i++) {
			if (!same_node(a->items[i], b->items[i]))
				return false;
		}
		return true;
	case NODE_MAP:
		for (size_t i = 0; i < a->count; i++) {
			const struct node_pair *pair = node_find_pair(b, a->pairs[i].key);

			if (pair == NULL || !same_node(a->pairs[i].value, pair->value))
				return false;
		}
		return true;
	}
	return false;
}

/* ---- What a native service honours, by key ---- */

typedef bool same_function(const struct service *a, const struct service *b);

static bool same_command(const struct service *a, const struct service *b)
{
	return same_list(a->argv, b->argv);
}

static bool same_environment(const struct service *a, const struct service *b)
{
	return same_map(&a->environment, &b->environment);
}

static bool same_folder(const struct service *a, const struct service *b)
{
	return same_text(a->working_dir, b->working_dir);
}

static bool same_user(const struct service *a, const struct service *b)
{
	return same_text(a->user, b->user);
}

static const struct dependency *find_dependency(const struct service *self, const char *name)
{
	for (size_t i = 0; i < self->depends_on_count; i++) {
		if (strcmp(self->depends_on[i].service, name) == 0)
			return &self->depends_on[i];
	}
	return NULL;
}

static bool same_dependencies(const struct service *a, const struct service *b)
{
	if (a->depends_on_count != b->depends_on_count)
		return false;
	for (size_t i = 0; i < a->depends_on_count; i++) {
		const struct dependency *one = &a->depends_on[i], *other = find_dependency(b, one->service);

		if (other == NULL || one->condition != other->condition || one->required != other->required ||
		    one->restart != other->restart)
			return false;
	}
	return true;
}

static bool same_healthcheck(const struct service *a, const struct service *b)
{
	return same_probe(&a->healthcheck, &b->healthcheck);
}

static bool same_restart(const struct service *a, const struct service *b)
{
	return a->restart.when == b->restart.when && a->restart.limit == b->restart.limit;
}

static bool same_stop_signal(const struct service *a, const struct service *b)
{
	return a->stop.signal == b->stop.signal;
}

static bool same_grace(const struct service *a, const struct service *b)
{
	return a->stop.grace_ms == b->stop.grace_ms;
}

static bool same_ulimits(const struct service *a, const struct service *b)
{
	if (a->ulimit_count != b->ulimit_count)
		return false;
	for (size_t i = 0; i < a->ulimit_count; i++) {
		const struct service_ulimit *one = &a->ulimits[i];
		bool found = false;

		for (size_t k = 0; k < b->ulimit_count && !found; k++)
			found = one->resource == b->ulimits[k].resource && one->soft == b->ulimits[k].soft &&
				one->hard == b->ulimits[k].hard;
		if (!found)
			return false;
	}
	return true;
}

static bool same_ports(const struct service *a, const struct service *b)
{
	if (a->port_count != b->port_count)
		return false;
	for (size_t i = 0; i < a->port_count; i++) {
		const struct service_port *one = &a->ports[i], *other = &b->ports[i];

		if (!same_text(one->host, other->host) || one->published != other->published ||
		    one->published_end != other->published_end || one->target != other->target ||
		    !same_text(one->protocol, other->protocol))
			return false;
	}
	return true;
}

static bool same_labels(const struct service *a, const struct service *b)
{
	return same_map(&a->labels, &b->labels);
}

static bool same_tty(const struct service *a, const struct service *b)
{
	return a->tty == b->tty;
}

static bool same_stdin(const struct service *a, const struct service *b)
{
	return a->stdin_open == b->stdin_open;
}

static bool same_ready(const struct service *a, const struct service *b)
{
	return same_probe(&a->ready, &b->ready);
}

static bool same_version(const struct service *a, const struct service *b)
{
	return same_text(a->version.text, b->version.text) && same_list(a->version.argv, b->version.argv) &&
	       same_text(a->version.pattern, b->version.pattern);
}

static bool same_open(const struct service *a, const struct service *b)
{
	return same_text(a->open, b->open);
}

static bool same_backoff(const struct service *a, const struct service *b)
{
	return a->restart.backoff_initial_ms == b->restart.backoff_initial_ms &&
	       a->restart.backoff_max_ms == b->restart.backoff_max_ms &&
	       a->restart.backoff_reset_ms == b->restart.backoff_reset_ms;
}

static bool same_on_unhealthy(const struct service *a, const struct service *b)
{
	return a->restart.on_unhealthy == b->restart.on_unhealthy;
}

static bool same_shell(const struct service *a, const struct service *b)
{
	return a->shell == b->shell;
}

static bool same_log(const struct service *a, const struct service *b)
{
	return a->log_max_size_bytes == b->log_max_size_bytes && a->log_max_files == b->log_max_files;
}

static bool same_withdraw(const struct service *a, const struct service *b)
{
	if (a->on_withdraw == NULL || b->on_withdraw == NULL)
		return a->on_withdraw == b->on_withdraw;
	return a->on_withdraw->signal == b->on_withdraw->signal &&
	       same_list(a->on_withdraw->argv, b->on_withdraw->argv);
}

/* `other`: the key that says it too; named when that is where the difference stands. */
static const struct honoured {
	const char *key, *other;
	same_function *same;
} honoured[] = {
	{"command", "entrypoint", same_command},
	{"environment", "env_file", same_environment},
	{"working_dir", NULL, same_folder},
	{"user", NULL, same_user},
	{"depends_on", NULL, same_dependencies},
	{"healthcheck", NULL, same_healthcheck},
	{"restart", NULL, same_restart},
	{"stop_signal", NULL, same_stop_signal},
	{"stop_grace_period", NULL, same_grace},
	{"ulimits", NULL, same_ulimits},
	{"ports", NULL, same_ports},
	{"labels", NULL, same_labels},
	{"tty", NULL, same_tty},
	{"stdin_open", NULL, same_stdin},
	{"x-upfront.ready", NULL, same_ready},
	{"x-upfront.version", NULL, same_version},
	{"x-upfront.open", NULL, same_open},
	{"x-upfront.backoff", NULL, same_backoff},
	{"x-upfront.restart_on_unhealthy", NULL, same_on_unhealthy},
	{"x-upfront.shell", NULL, same_shell},
	{"x-upfront.log", NULL, same_log},
	{"x-upfront.on_withdraw", NULL, same_withdraw},
};

#define HONOURED_COUNT (sizeof(honoured) / sizeof(honoured[0]))
_Static_assert(HONOURED_COUNT + 2 <= STACK_DIFF_KEYS_MAX, "room for all keys, the number of replicas and the end");

/* ---- One service ---- */

static bool same_key(const struct node *a, const struct node *b, const char *key)
{
	return same_node(node_find(a, key), node_find(b, key));
}

static void compare_native(const struct service *a, const struct service *b, const struct node *from,
			   const struct node *to, const char **keys, size_t *count)
{
	for (size_t i = 0; i < HONOURED_COUNT; i++) {
		const struct honoured *at = &honoured[i];

		if (at->same(a, b))
			continue;
		keys[(*count)++] = at->other != NULL && same_key(from, to, at->key) ? at->other : at->key;
	}
}

static bool is_number_of_replicas(const char *key)
{
	return strcmp(key, "scale") == 0 || strcmp(key, "deploy") == 0;
}

/* What an engine makes of a key is its own business: any difference counts. */
static void compare_nodes(const struct node *from, const struct node *to, const char **keys, size_t *count)
{
	const size_t room = STACK_DIFF_KEYS_MAX - 2;

	for (size_t i = 0; from != NULL && i < from->count && *count < room; i++) {
		const char *key = from->pairs[i].key;

		if (!is_number_of_replicas(key) && !same_key(from, to, key))
			keys[(*count)++] = key;
	}
	for (size_t i = 0; to != NULL && i < to->count && *count < room; i++) {
		const char *key = to->pairs[i].key;

		if (!is_number_of_replicas(key) && node_find_pair(from, key) == NULL)
			keys[(*count)++] = key;
	}
}

static void compare(struct stack_diff_service *self, const struct stack *before, const struct stack *after)
{
	const struct service *a = &before->services[self->before], *b = &after->services[self->after];
	const struct node *from = node_find(node_find(before->root, "services"), a->name);
	const struct node *to = node_find(node_find(after->root, "services"), b->name);
	size_t count = 0;

	if (a->kind == SERVICE_NATIVE && b->kind == SERVICE_NATIVE)
		compare_native(a, b, from, to, self->keys, &count);
	else
		compare_nodes(from, to, self->keys, &count);
	if (count > 0)
		self->kind = STACK_CHANGED;
	else if (a->replicas != b->replicas)
		self->kind = STACK_SCALED;
	if (a->replicas != b->replicas)
		self->keys[count] = same_key(from, to, "scale") ? "deploy" : "scale";
}

/* ---- The whole ---- */

struct named {
	const char *name;
	size_t index;
};

static int compare_names(const void *a, const void *b)
{
	return strcmp(((const struct named *)a)->name, ((const struct named *)b)->name);
}

static struct named *sort_names(const struct stack *stack)
{
	struct named *list = calloc(stack->service_count + 1, sizeof(*list));

	for (size_t i = 0; list != NULL && i < stack->service_count; i++)
		list[i] = (struct named){stack->services[i].name, i};
	if (list != NULL)
		qsort(list, stack->service_count, sizeof(*list), compare_names);
	return list;
}

static bool same_telemetry(const struct stack *a, const struct stack *b)
{
	return same_node(node_find(node_find(a->root, "x-upfront"), "telemetry"),
			 node_find(node_find(b->root, "x-upfront"), "telemetry"));
}

int stack_diff_make(struct stack_diff *self, const struct stack *before, const struct stack *after)
{
	struct named *old = sort_names(before);
	bool *kept = calloc(before->service_count + 1, sizeof(*kept));
	int result = -ENOMEM;

	*self = (struct stack_diff){.telemetry = !same_telemetry(before, after)};
	self->services = calloc(before->service_count + after->service_count + 1, sizeof(*self->services));
	if (old == NULL || kept == NULL || self->services == NULL)
		goto out;
	for (size_t i = 0; i < after->service_count; i++) {
		struct stack_diff_service *at = &self->services[self->count++];
		const struct named wanted = {after->services[i].name, 0};
		const struct named *found = bsearch(&wanted, old, before->service_count, sizeof(*old), compare_names);

		*at = (struct stack_diff_service){
			.name = wanted.name, .before = found != NULL ? found->index : SIZE_MAX, .after = i};
		if (found == NULL) {
			at->kind = STACK_ADDED;
			continue;
		}
		kept[found->index] = true;
		compare(at, before, after);
	}
	for (size_t i = 0; i < before->service_count; i++) {
		if (!kept[i])
			self->services[self->count++] = (struct stack_diff_service){.kind = STACK_REMOVED,
										    .name = before->services[i].name,
										    .before = i,
										    .after = SIZE_MAX};
	}
	result = 0;
out:
	free(kept);
	free(old);
	if (result < 0)
		stack_diff_finish(self);
	return result;
}

void stack_diff_finish(struct stack_diff *self)
{
	free(self->services);
	*self = (struct stack_diff){0};
}

size_t stack_diff_count(const struct stack_diff *self, enum stack_difference kind)
{
	size_t count = 0;

	for (size_t i = 0; i < self->count; i++)
		count += self->services[i].kind == kind;
	return count;
}
