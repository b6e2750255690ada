/* SPDX-License-Identifier: MIT */
#include "config/pool.h"
#include "config/stack_load.h"
#include "config/stack_source.h"
#include "config/strmap.h"

#include <string.h>

/* [SOURCE:]TARGET[:MODE] */
struct short_volume {
	char *source;
	char *target;
	char *mode;
};

static void set_text(struct stack_load *load, struct node *map, const char *key, const char *text)
{
	node_set(load->pool, map, key, map->place, node_scalar(load->pool, text, map->place));
}

/* The map below `key`, made when there is none. */
static struct node *below(struct stack_load *load, struct node *map, const char *key)
{
	struct node *child = node_find(map, key);

	if (!child) {
		child = node_create(load->pool, NODE_MAP, map->place);
		node_set(load->pool, map, key, map->place, child);
	}
	return child;
}

static void short_split(struct pool *pool, const char *text, struct short_volume *volume)
{
	char *first = pool_strdup(pool, text);
	char *second = strchr(first, ':');
	char *third = NULL;

	*volume = (struct short_volume){NULL, first, NULL};
	if (!second)
		return;
	*second++ = '\0';
	third = strchr(second, ':');
	if (third)
		*third++ = '\0';
	*volume = (struct short_volume){first, second, third};
}

/* A name is a volume, anything that looks like a path a folder of the machine. */
static bool is_path(const char *source)
{
	return *source == '.' || *source == '/' || *source == '~';
}

static void apply_mode(struct stack_load *load, struct node *map, const char *mode, bool bind)
{
	static const char *const propagations[] = {"shared", "rshared", "slave", "rslave", "private", "rprivate", NULL};

	if (strcmp(mode, "ro") == 0)
		set_text(load, map, "read_only", "true");
	else if (strcmp(mode, "nocopy") == 0)
		set_text(load, below(load, map, "volume"), "nocopy", "true");
	else if (bind && (strcmp(mode, "z") == 0 || strcmp(mode, "Z") == 0))
		set_text(load, below(load, map, "bind"), "selinux", mode);
	for (size_t i = 0; bind && propagations[i]; i++) {
		if (strcmp(mode, propagations[i]) == 0)
			set_text(load, below(load, map, "bind"), "propagation", mode);
	}
}

static struct node *short_volume_map(struct stack_load *load, const struct node *item, const char *dir)
{
	struct node *map = node_create(load->pool, NODE_MAP, item->place);
	const char *home = strmap_find(&load->source->environment, "HOME");
	struct short_volume volume;
	char *rest = NULL;
	bool bind;

	short_split(load->pool, item->text, &volume);
	bind = volume.source && is_path(volume.source);
	set_text(load, map, "type", bind ? "bind" : "volume");
	if (volume.source)
		set_text(load, map, "source",
			 bind ? stack_path_join(load->pool, dir, volume.source, home) : volume.source);
	set_text(load, map, "target", volume.target);
	for (char *mode = volume.mode ? strtok_r(volume.mode, ",", &rest) : NULL; mode;
	     mode = strtok_r(NULL, ",", &rest))
		apply_mode(load, map, mode, bind);
	if (bind)
		set_text(load, below(load, map, "bind"), "create_host_path", "true");
	return map;
}

static void long_complete(struct stack_load *load, struct node *map, const char *dir)
{
	const struct node *type = node_find(map, "type");
	struct node *source = node_find(map, "source");

	if (type && type->kind == NODE_SCALAR && strcmp(type->text, "bind") == 0 && source &&
	    source->kind == NODE_SCALAR)
		source->text =
			stack_path_join(load->pool, dir, source->text, strmap_find(&load->source->environment, "HOME"));
}

/* Of several volumes at one place in the container the last one counts. */
static struct node *last_of_each(struct stack_load *load, const struct node *volumes)
{
	struct node *list = node_create(load->pool, NODE_LIST, volumes->place);
	struct node *seen = node_create(load->pool, NODE_MAP, volumes->place);

	list->tag = volumes->tag;
	for (size_t i = volumes->count; i-- > 0;) {
		const struct node *target = node_find(volumes->items[i], "target");

		if (!target || target->kind != NODE_SCALAR || node_find_pair(seen, target->text))
			continue;
		node_set(load->pool, seen, target->text, target->place, volumes->items[i]);
	}
	for (size_t i = 0; i < volumes->count; i++) {
		const struct node *target = node_find(volumes->items[i], "target");

		if (!target || target->kind != NODE_SCALAR || node_find(seen, target->text) == volumes->items[i])
			node_append(load->pool, list, volumes->items[i]);
	}
	return list;
}

struct node *stack_normal_volumes(struct stack_load *self, const struct node *volumes, const char *dir)
{
	struct node *list = node_create(self->pool, NODE_LIST, volumes->place);

	list->tag = volumes->tag;
	for (size_t i = 0; i < volumes->count; i++) {
		struct node *item = volumes->items[i];
		int64_t number;

		if (item->kind == NODE_SCALAR && !node_is_int(item, &number)) {
			item = short_volume_map(self, item, dir);
			stack_load_count(self, 6, item->place);
		} else if (item->kind == NODE_MAP) {
			long_complete(self, item, dir);
		} else {
			err_at(self->err, ERR_CONFIG, item->place,
			       "a volume wants text such as \"data:/var/lib\" or a map, found %s",
			       node_kind_name(item));
			continue;
		}
		node_append(self->pool, list, item);
	}
	return last_of_each(self, list);
}
