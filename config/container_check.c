/* SPDX-License-Identifier: MIT */
/*
 * What every Compose program refuses of a container's service, said before anything is asked or started, and with its place. The
 * keys themselves are for the program; this is no second validation of all of them.
 */
#include "config/pool.h"
#include "config/reader.h"
#include "config/stack.h"
#include "config/stack_load.h"

#include <string.h>
#include <strings.h>

static bool is_one_of(const char *key, const char *const *keys)
{
	for (; *keys; keys++) {
		if (strcmp(*keys, key) == 0)
			return true;
	}
	return false;
}

/* By YAML 1.2: `restart: no` is text. */
static bool is_typed(const struct node *value)
{
	int64_t number;
	bool truth;

	if (node_is_bool(value, &truth))
		return strcasecmp(value->text, "true") == 0 || strcasecmp(value->text, "false") == 0;
	return node_is_int(value, &number);
}

/* Nothing behind a key is no value for it; where a number or a truth value stands, text has to be written as text. */
static void check_values(struct reader *self, const struct node *service)
{
	static const char *const may_be_empty[] = {"command", "entrypoint", "deploy", NULL};
	static const char *const texts[] = {"cgroup",
					    "cgroup_parent",
					    "container_name",
					    "domainname",
					    "hostname",
					    "image",
					    "ipc",
					    "isolation",
					    "mac_address",
					    "network_mode",
					    "pid",
					    "platform",
					    "pull_policy",
					    "restart",
					    "runtime",
					    "stop_signal",
					    "user",
					    "userns_mode",
					    "uts",
					    "working_dir",
					    "stop_grace_period",
					    NULL};

	for (size_t i = 0; i < service->count; i++) {
		const struct node_pair *pair = &service->pairs[i];

		if (strncmp(pair->key, "x-", 2) == 0 || !reader_key(&table_service, pair->key))
			continue;
		if (pair->value->kind == NODE_NULL && !is_one_of(pair->key, may_be_empty))
			err_at(self->err, ERR_CONFIG, pair->key_place, "%s: nothing stands behind '%s'", self->where,
			       pair->key);
		else if (is_one_of(pair->key, texts) && is_typed(pair->value))
			err_at(self->err, ERR_CONFIG, pair->value->place,
			       "%s: '%s': wanted text: put it in quotes, \"%s\"", self->where, pair->key,
			       pair->value->text);
	}
}

/* Lists, and in most of them text only. */
static void check_lists(struct reader *self, const struct node *service)
{
	static const struct {
		const char *key;
		bool typed; /* numbers are as good */
	} lists[] = {
		{"cap_add", false},
		{"cap_drop", false},
		{"configs", false},
		{"devices", false},
		{"dns", false},
		{"dns_opt", false},
		{"dns_search", false},
		{"expose", true},
		{"group_add", true},
		{"links", false},
		{"secrets", false},
		{"tmpfs", false},
		{"volumes", false},
		{"env_file", false},
		{"external_links", false},
		{"label_file", false},
		{"security_opt", false},
		{"volumes_from", false},
		{"device_cgroup_rules", false},
	};

	for (size_t i = 0; i < sizeof(lists) / sizeof(*lists); i++) {
		const struct node *list = node_find(service, lists[i].key);

		if (!list || list->kind == NODE_NULL || !reader_want_list(self, lists[i].key, list))
			continue;
		for (size_t k = 0; k < list->count; k++)
			if (!lists[i].typed && is_typed(list->items[k]))
				err_at(self->err, ERR_CONFIG, list->items[k]->place,
				       "%s: '%s': wanted text: put it in quotes, \"%s\"", self->where, lists[i].key,
				       list->items[k]->text);
	}
}

static void check_declared(struct reader *self, const char *section, const char *noun, const char *name,
			   struct err_place place)
{
	const struct node *declared = node_find(self->stack->root, section);

	if (node_find_pair(declared, name))
		return;
	err_at(self->err, ERR_CONFIG, place, "%s: there is no %s '%s' under '%s'%s", self->where, noun, name, section,
	       reader_nearest(self, name, reader_keys(self, declared)));
}

static void check_networks(struct reader *self, const struct node *service)
{
	const struct node_pair *networks = node_find_pair(service, "networks");
	const struct node_pair *mode = node_find_pair(service, "network_mode");

	if (!networks || networks->value->kind != NODE_MAP)
		return;
	for (size_t i = 0; i < networks->value->count; i++) {
		const struct node_pair *pair = &networks->value->pairs[i];

		if (strcmp(pair->key, "default") != 0)
			check_declared(self, "networks", "network", pair->key, pair->key_place);
	}
	if (mode && networks->value->count)
		err_at(self->err, ERR_CONFIG, mode->key_place, "%s: 'network_mode' and 'networks' exclude each other",
		       self->where);
}

static const char *text_of(const struct node *map, const char *key)
{
	const struct node *value = node_find(map, key);

	return value && value->kind == NODE_SCALAR ? value->text : NULL;
}

static void check_volumes(struct reader *self, const struct node *service)
{
	const struct node *volumes = node_find(service, "volumes");

	for (size_t i = 0; volumes && volumes->kind == NODE_LIST && i < volumes->count; i++) {
		const struct node *volume = volumes->items[i];
		const char *type = text_of(volume, "type"), *source = text_of(volume, "source");

		if (!text_of(volume, "target") || !*text_of(volume, "target"))
			err_at(self->err, ERR_CONFIG, volume->place, "%s: this volume has no 'target'", self->where);
		if (type && strcmp(type, "volume") == 0 && source && *source)
			check_declared(self, "volumes", "volume", source, volume->place);
	}
}

/* Of configs or secrets: names, or maps with a `source`. */
static void check_references(struct reader *self, const struct node *service, const char *section, const char *noun)
{
	const struct node *list = node_find(service, section);

	for (size_t i = 0; list && list->kind == NODE_LIST && i < list->count; i++) {
		const struct node *item = list->items[i];
		const char *name = item->kind == NODE_SCALAR ? item->text : text_of(item, "source");

		if (name)
			check_declared(self, section, noun, name, item->place);
	}
}

void check_container(struct reader *self, const struct node *service, const struct service *read)
{
	const struct node_pair *name = node_find_pair(service, "container_name");

	check_values(self, service);
	check_lists(self, service);
	check_networks(self, service);
	check_volumes(self, service);
	check_references(self, service, "configs", "config");
	check_references(self, service, "secrets", "secret");
	if (name && read->replicas > 1)
		err_at(self->err, ERR_CONFIG, name->key_place,
		       "%s: %d containers cannot have one name: leave out 'container_name'", self->where,
		       read->replicas);
}
