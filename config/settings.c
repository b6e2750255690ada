/* SPDX-License-Identifier: MIT */
#include "config/settings.h"

#include "config/err.h"
#include "config/node.h"
#include "config/paths.h"
#include "config/pool.h"
#include "config/settings_screen.h"
#include "config/settings_text.h"
#include "config/stack_yaml.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define SETTINGS_ENABLED "telemetry_enabled"
#define SETTINGS_OFF "telemetry_off"
#define SETTINGS_BYTES_MAX (256u * 1024u)

static int settings_read_apps(struct settings *self, const struct node *list, struct err *err)
{
	if (!list || list->kind == NODE_NULL)
		return 0;
	if (list->kind != NODE_LIST)
		return err_at(err, ERR_CONFIG, list->place, "'" SETTINGS_OFF "' must be a list of apps, found %s",
			      node_kind_name(list));
	self->telemetry_off = calloc(list->count + 1, sizeof(*self->telemetry_off));
	if (!self->telemetry_off)
		return err_at(err, ERR_INTERNAL, list->place, "out of memory");
	for (size_t i = 0; i < list->count; i++) {
		if (list->items[i]->kind != NODE_SCALAR)
			return err_at(err, ERR_CONFIG, list->items[i]->place,
				      "'" SETTINGS_OFF "' must be a list of apps, found %s in it",
				      node_kind_name(list->items[i]));
		self->telemetry_off[i] = strdup(list->items[i]->text);
		if (!self->telemetry_off[i])
			return err_at(err, ERR_INTERNAL, list->place, "out of memory");
	}
	return 0;
}

static int settings_read_root(struct settings *self, const struct node *root, struct err *err)
{
	const struct node *node = node_find(root, SETTINGS_ENABLED);
	bool enabled = true;

	if (root->kind == NODE_NULL)
		return 0;
	if (root->kind != NODE_MAP)
		return err_at(err, ERR_CONFIG, root->place, "settings must be a map, found %s", node_kind_name(root));
	if (node && !node_is_bool(node, &enabled))
		return err_at(err, ERR_CONFIG, node->place, "'" SETTINGS_ENABLED "' says neither true nor false");
	self->off = !enabled;
	return settings_read_apps(self, node_find(root, SETTINGS_OFF), err);
}

/* The first of the messages, with what follows from it: one line, whatever is wrong with the file. */
static void settings_warn(const char *path, const struct err *problem, struct err *warning)
{
	struct err_place place = {path, 0, 0};
	const struct err_item *item = problem->count ? &problem->items[0] : NULL;

	if (item) {
		place.line = item->line;
		place.column = item->column;
	}
	err_at(warning, ERR_CONFIG, place, "%s; telemetry counts as off", item ? item->message : "out of memory");
}

void settings_read(struct settings *self, const char *path, struct err *warning)
{
	struct err problem = ERR_INIT;
	struct pool *pool = NULL;
	struct node *root;
	char *bytes = NULL;
	size_t size_bytes;
	int result;

	*self = (struct settings){.screen = {.mouse = true, .ask_before_leaving = true, .open_browser = true}};
	if (!path)
		return;
	result = paths_read_file(path, SETTINGS_BYTES_MAX, &bytes, &size_bytes);
	if (result == -ENOENT || result == -ENOTDIR)
		goto out;
	self->exists = true;
	self->path = strdup(path);
	if (result < 0) {
		result = err_set(&problem, ERR_CONFIG, "cannot be read: %s", paths_read_reason(result));
	} else {
		pool = pool_create();
		result = stack_yaml_parse(pool, path, bytes, size_bytes, &root, &problem);
	}
	if (result == 0)
		result = settings_read_root(self, root, &problem);
	if (result == 0)
		settings_screen_read(&self->screen, self->path, root);
	if (result < 0) {
		self->off = self->invalid = true;
		settings_warn(path, &problem, warning);
	}
out:
	pool_destroy(pool);
	free(bytes);
	err_finish(&problem);
}

void settings_finish(struct settings *self)
{
	free(self->path);
	for (char **app = self->telemetry_off; app && *app; app++)
		free(*app);
	free(self->telemetry_off);
	settings_screen_finish(&self->screen);
	*self = (struct settings){0};
}

bool settings_has_off(const struct settings *self, const char *app)
{
	for (char **entry = self->telemetry_off; entry && *entry; entry++) {
		if (strcasecmp(*entry, app) == 0)
			return true;
	}
	return false;
}

static int settings_edit_text(const char *path, const char *app, bool off, struct err *err)
{
	struct settings_text text = {0};
	struct stat status;
	char *bytes = NULL;
	size_t size_bytes = 0;
	mode_t mode = stat(path, &status) == 0 ? status.st_mode & 0777 : 0600;
	int result = paths_read_file(path, SETTINGS_BYTES_MAX, &bytes, &size_bytes);

	if (result < 0 && result != -ENOENT)
		return err_set(err, ERR_CONFIG, "cannot change settings: %s: %s", path, paths_read_reason(result));
	if (!bytes)
		bytes = calloc(1, 1);
	if (!bytes)
		return err_set(err, ERR_INTERNAL, "out of memory");
	result = settings_text_init(&text, path, bytes, size_bytes, err);
	if (result == 0 && app)
		result = settings_text_list(&text, SETTINGS_OFF, app, off, err);
	else if (result == 0)
		result = settings_text_set_off(&text, SETTINGS_ENABLED, off, err);
	if (result < 0) {
		err_context(err, "cannot change settings");
		err_hint(err, "edit %s by hand: %s `" SETTINGS_ENABLED ": false` or `" SETTINGS_OFF ": [APP]`", path,
			 off ? "write" : "remove");
		goto out;
	}
	if (text.changed) {
		result = paths_write_file(path, text.bytes, text.size, mode);
		if (result < 0)
			err_set(err, ERR_CONFIG, "cannot write settings: %s: %s", path, strerror(-result));
	}
out:
	settings_text_finish(&text);
	return result;
}

/* A folder that is there is the person's business (a link into a folder of dotfiles, say); a missing one is made private. */
static int settings_open_folder(const char *path, bool make, int *descriptor, struct err *err)
{
	const char *slash = strrchr(path, '/');
	char *folder = slash ? strndup(path, slash == path ? 1 : (size_t)(slash - path)) : strdup(".");
	int result = 0;

	if (!folder)
		return err_set(err, ERR_INTERNAL, "out of memory");
	*descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (*descriptor < 0 && errno == ENOENT && make) {
		result = paths_make_private(folder, err);
		if (result == 0)
			*descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	}
	if (result == 0 && *descriptor < 0 && (make || errno != ENOENT))
		result = err_set(err, ERR_CONFIG, "cannot open folder %s: %s", folder, strerror(errno));
	free(folder);
	return result;
}

int settings_edit(const char *path, const char *app, bool off, struct err *err)
{
	char *target = realpath(path, NULL); /* a link stays a link: what it names is written */
	int folder = -1;
	int result = settings_open_folder(target ? target : path, off, &folder, err);

	/* No folder, nothing to remove from it. */
	if (result < 0 || folder < 0)
		goto out;
	/* Two programs that each add a no must not lose one of them. */
	while (flock(folder, LOCK_EX) < 0 && errno == EINTR)
		;
	result = settings_edit_text(target ? target : path, app, off, err);
out:
	if (folder >= 0)
		close(folder);
	free(target);
	return result;
}
