/* SPDX-License-Identifier: MIT */
#include "config/dotenv.h"
#include "config/interpolate.h"
#include "config/paths.h"
#include "config/pool.h"
#include "config/reader.h"
#include "config/stack.h"
#include "config/stack_load.h"
#include "config/stack_source.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* What env_files may hold together: each is read once for every row of files that it stands behind. */
#define ENV_FILES_BYTES_MAX STACK_TEXT_BYTES_MAX

/* One env_file behind those named before it, whose values it may use. Read once however many services have the same row. */
struct env_file {
	struct env_file *next;
	const struct env_file *before; /* NULL: it is the first of its row */
	const char *path;
	bool raw;
	int result; /* of reading it */
	bool reported; /* what is wrong with it has been said */
	struct strmap values;
};

/* Where the variables of one come from. */
struct env_scope {
	struct stack_load *load;
	const struct env_file *before;
};

/* An entry of the list as it stands there. */
struct env_entry {
	const char *path;
	const char *format;
	bool required;
};

static const struct key env_file_keys[] = {
	{"path", read_text, offsetof(struct env_entry, path), 0},
	{"required", read_bool, offsetof(struct env_entry, required), 0},
	{"format", read_text, offsetof(struct env_entry, format), 0},
};
const struct key_table table_env_file = {"env_file", "env_file", env_file_keys,
					 sizeof(env_file_keys) / sizeof(*env_file_keys), true};

/* As Compose v2 does it: files named before it, then environment and .env, and only then the file itself. */
static const char *variable_find(void *context, const char *name)
{
	const struct env_scope *scope = context;

	for (const struct env_file *file = scope->before; file; file = file->before) {
		const char *value = strmap_find(&file->values, name);

		if (value)
			return value;
	}
	return stack_load_variable(scope->load, NULL, name);
}

/* Docker's own format: NAME=value to the end of the line, nothing quoted, nothing replaced. */
static int read_raw(const char *path, struct strmap *values)
{
	char *bytes = NULL;
	char *rest = NULL;
	size_t size;
	int result = paths_read_file(path, DOTENV_BYTES_MAX, &bytes, &size);

	if (result < 0)
		return result;
	for (char *line = strtok_r(bytes, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		size_t length = strlen(line);

		if (length && line[length - 1] == '\r')
			line[length - 1] = '\0';
		line += strspn(line, " \t");
		if (*line && *line != '#' && *line != '=')
			result = strmap_set_pair(values, line);
		if (result < 0)
			break;
	}
	free(bytes);
	return result;
}

static int env_file_count(struct reader *self, const struct strmap *values)
{
	for (size_t i = 0; i < values->count; i++)
		self->env_files_bytes += strlen(values->entries[i].key) +
					 (values->entries[i].value ? strlen(values->entries[i].value) : 0);
	if (self->env_files_bytes <= ENV_FILES_BYTES_MAX)
		return 0;
	return err_set(self->err, ERR_CONFIG, "the env_files of all services hold more than %u MB",
		       ENV_FILES_BYTES_MAX >> 20);
}

static struct env_file *env_file_get(struct reader *self, const struct env_file *before, const char *path, bool raw)
{
	struct env_scope scope = {self->load, before};
	struct interpolate_source variables = {variable_find, NULL, &scope, NULL};
	struct env_file *file;

	for (file = self->env_files; file; file = file->next) {
		if (file->before == before && file->raw == raw && strcmp(file->path, path) == 0)
			return file;
	}
	file = pool_alloc(self->pool, sizeof(*file));
	file->before = before;
	file->path = path;
	file->raw = raw;
	strmap_init(&file->values);
	if (self->env_files_bytes > ENV_FILES_BYTES_MAX)
		file->result = -EINVAL;
	else
		file->result =
			raw ? read_raw(path, &file->values) : dotenv_read(path, &variables, &file->values, self->err);
	if (file->result == 0)
		file->result = env_file_count(self, &file->values);
	file->next = self->env_files;
	self->env_files = file;
	return file;
}

void env_files_finish(struct reader *self)
{
	for (struct env_file *file = self->env_files; file; file = file->next)
		strmap_finish(&file->values);
	self->env_files = NULL;
}

static void merge(struct reader *self, struct service *service, const struct strmap *values)
{
	if (strmap_merge(&service->environment, values) < 0)
		err_set(self->err, ERR_INTERNAL, "out of memory");
}

/* `last` is the file before it, and afterwards this one if it is there. */
static void read_env_file(struct reader *self, const struct node *item, struct service *service,
			  const struct env_file **last)
{
	struct env_entry entry = {NULL, NULL, true};
	size_t before = self->err->count + self->err->dropped;
	struct env_file *file;
	bool raw;

	if (item->kind != NODE_MAP) {
		reader_wanted(self, "env_file", item, "a path, or {path, required, format}");
		return;
	}
	reader_map(self, "env_file", item, &table_env_file, &entry);
	if (!entry.path) {
		if (self->err->count + self->err->dropped == before)
			err_at(self->err, ERR_CONFIG, item->place, "%s: 'env_file' names no path", self->where);
		return;
	}
	raw = entry.format && strcmp(entry.format, "raw") == 0;
	if (entry.format && !raw) {
		reader_wanted(self, "format", node_find(item, "format"), "raw, or nothing");
		return;
	}
	file = env_file_get(self, *last, entry.path, raw);
	if (file->result == 0) {
		merge(self, service, &file->values);
		*last = file;
	} else if (file->result == -ENOENT && !entry.required)
		return;
	else if (self->err->count + self->err->dropped == before && !file->reported)
		err_at(self->err, ERR_CONFIG, item->place, "%s: cannot read env_file %s: %s", self->where, entry.path,
		       strerror(-file->result));
	file->reported = file->result < 0 && file->result != -ENOENT;
}

/* NAME without a value: what `up` was started with wins, else .env; with neither there is none, whatever an env_file said. */
static void inherit(struct reader *self, const char *name, struct service *service)
{
	const char *value = NULL;

	stack_load_ask(self->load, name);
	if (!strmap_has(&self->load->source->environment, name))
		value = stack_load_variable(self->load, NULL, name);
	else if (self->load->overrides)
		value = strmap_find(self->load->overrides, name);
	if (strmap_set(&service->environment, name, value) < 0)
		err_set(self->err, ERR_INTERNAL, "out of memory");
}

static void read_entries(struct reader *self, const struct node *value, struct service *service)
{
	if (value->kind != NODE_MAP) {
		reader_wanted(self, "environment", value, "a map, or a list of NAME=value");
		return;
	}
	for (size_t i = 0; i < value->count; i++) {
		const struct node_pair *pair = &value->pairs[i];
		const char *text;

		if (!*pair->key || strchr(pair->key, '=')) {
			err_at(self->err, ERR_CONFIG, pair->key_place, "%s: '%s' is no name of a variable", self->where,
			       pair->key);
			continue;
		}
		if (pair->value->kind == NODE_NULL) {
			inherit(self, pair->key, service);
			continue;
		}
		text = reader_scalar(self, pair->key, pair->value, "text");
		if (text && strmap_set(&service->environment, pair->key, text) < 0)
			err_set(self->err, ERR_INTERNAL, "out of memory");
	}
}

void read_environment(struct reader *self, const struct node *node, struct service *service)
{
	const struct node *files = node_find(node, "env_file");
	const struct node *entries = node_find(node, "environment");
	const struct env_file *last = NULL;

	if (files && files->kind != NODE_LIST && files->kind != NODE_NULL)
		reader_wanted(self, "env_file", files, "a path, or a list of them");
	for (size_t i = 0; files && files->kind == NODE_LIST && i < files->count; i++)
		read_env_file(self, files->items[i], service, &last);
	if (entries && entries->kind != NODE_NULL)
		read_entries(self, entries, service);
}

int service_environment(const struct service *self, const struct strmap *base, const struct strmap *telemetry,
			struct strmap *out)
{
	int result = base ? strmap_merge(out, base) : 0;

	for (size_t i = 0; result == 0 && i < self->environment.count; i++) {
		const struct strmap_entry *entry = &self->environment.entries[i];

		if (entry->value)
			result = strmap_set(out, entry->key, entry->value);
	}
	if (result == 0 && telemetry)
		result = strmap_merge(out, telemetry);
	return result;
}
