/* SPDX-License-Identifier: MIT */
#include "config/stack_source.h"

#include "config/dotenv.h"
#include "config/interpolate.h"
#include "config/node.h"
#include "config/paths.h"
#include "config/pool.h"
#include "config/procfile.h"
#include "config/stack.h"
#include "config/stack_yaml.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define STDIN_PATH "-"

const char *stack_path_dir(struct pool *pool, const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return ".";
	return slash == path ? "/" : pool_strndup(pool, path, (size_t)(slash - path));
}

const char *stack_path_join(struct pool *pool, const char *dir, const char *path, const char *home)
{
	char *joined;
	char *out;
	const char *at;

	if (path[0] == '~' && (path[1] == '/' || path[1] == '\0') && home)
		joined = pool_printf(pool, "%s/%s", home, path + 1);
	else if (*path == '/')
		joined = pool_strdup(pool, path);
	else
		joined = pool_printf(pool, "%s/%s", dir, path);
	out = joined;
	for (at = joined; *at;) {
		const char *end = at + 1;
		size_t length;

		end += strcspn(end, "/");
		length = (size_t)(end - at);
		if (length == 3 && memcmp(at, "/..", 3) == 0) {
			while (out > joined && *--out != '/')
				;
		} else if (length > 1 && !(length == 2 && at[1] == '.')) {
			memmove(out, at, length);
			out += length;
		}
		at = end;
	}
	if (out == joined)
		*out++ = '/';
	*out = '\0';
	return joined;
}

const char *stack_source_variable(const struct stack_source *self, const char *name)
{
	const char *value = strmap_find(&self->environment, name);

	return value ? value : strmap_find(&self->dotenv, name);
}

static const char *variable_find(void *context, const char *name)
{
	return strmap_find(context, name);
}

const char *stack_source_shown(const struct stack_source *self, const char *path)
{
	size_t length = strlen(self->start);

	if (strcmp(self->start, "/") == 0)
		length = 0;
	if (strncmp(path, self->start, length) == 0 && path[length] == '/' && path[length + 1])
		return path + length + 1;
	return path;
}

/* Standard input may be anything that can be read, a terminal too; it can only be read once. */
static int read_stdin(char **bytes, size_t *size_bytes)
{
	size_t capacity = 64 * 1024;
	size_t size = 0;
	char *text = malloc(capacity);

	while (text) {
		ssize_t got = read(STDIN_FILENO, text + size, capacity - size - 1);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			int error = errno;

			free(text);
			return -error;
		}
		if (got == 0)
			break;
		size += (size_t)got;
		if (size > STACK_YAML_BYTES_MAX) {
			free(text);
			return -EFBIG;
		}
		if (size + 1 == capacity) {
			char *grown = realloc(text, capacity *= 2);

			if (!grown)
				free(text);
			text = grown;
		}
	}
	if (!text)
		return -ENOMEM;
	text[size] = '\0';
	*bytes = text;
	*size_bytes = size;
	return 0;
}

static int cannot_read(const char *shown, int error, struct err_place from, struct err *err)
{
	const char *why = strerror(-error);
	struct err_place nowhere = {NULL, 0, 0};

	if (error == -EFBIG)
		why = "it is larger than 4 MB";
	else if (error == -EISDIR)
		why = "it is a folder";
	err_at(err, ERR_CONFIG, from.file ? from : nowhere, "cannot read %s: %s", shown, why);
	return error;
}

static int parse_into(struct stack_source *self, struct stack_file *file, const char *text, size_t size_bytes,
		      struct err *err)
{
	struct node *root = NULL;
	int result;

	if (file->procfile)
		result = procfile_parse(self->trees, file->shown, text, size_bytes, self->env_files, &root, err);
	else
		result = stack_yaml_parse(self->trees, file->shown, text, size_bytes, &root, err);
	if (result < 0)
		return result;
	if (root->kind != NODE_MAP) {
		if (root->kind == NODE_NULL)
			err_at(err, ERR_CONFIG, root->place, "the file is empty: wanted a map with 'services'");
		else
			err_at(err, ERR_CONFIG, root->place,
			       "this is no stack file: wanted a map with 'services', found %s", node_kind_name(root));
		return -EINVAL;
	}
	file->root = root;
	file->next = self->files;
	self->files = file;
	self->file_count++;
	return 0;
}

static struct stack_file *file_create(const struct stack_source *self, const char *path)
{
	struct stack_file *file = pool_alloc(self->pool, sizeof(*file));

	file->path = pool_strdup(self->pool, path);
	file->shown = stack_source_shown(self, file->path);
	file->dir = stack_path_dir(self->pool, path);
	file->procfile = procfile_is_name(path);
	return file;
}

int stack_source_file(struct stack_source *self, const char *path, struct err_place from,
		      const struct stack_file **found, struct err *err)
{
	bool is_stdin = strcmp(path, STDIN_PATH) == 0;
	struct stack_file *file;
	char *bytes = NULL;
	size_t size = 0;
	int result;

	for (file = self->files; file; file = file->next) {
		if (strcmp(file->path, path) == 0) {
			*found = file;
			return 0;
		}
	}
	if (self->file_count == STACK_FILES_MAX)
		return err_at(err, ERR_CONFIG, from, "more than %u files", STACK_FILES_MAX);
	file = file_create(self, path);
	if (is_stdin) {
		file->shown = "standard input";
		file->dir = self->start;
	}
	result = is_stdin ? read_stdin(&bytes, &size) : paths_read_file(path, STACK_YAML_BYTES_MAX, &bytes, &size);
	if (result < 0)
		return cannot_read(file->shown, result, from, err);
	result = parse_into(self, file, bytes, size, err);
	free(bytes);
	if (result == 0)
		*found = file;
	return result;
}

/* ---- Opening ---- */

static const char *const *copy_list(struct pool *pool, const char *const *list)
{
	size_t count = 0;
	const char **copy;

	while (list && list[count])
		count++;
	copy = pool_array(pool, count + 1, sizeof(*copy));
	for (size_t i = 0; i < count; i++)
		copy[i] = pool_strdup(pool, list[i]);
	return copy;
}

/* The parts of "a:b:c" that are not empty. */
static const char *const *split_list(struct pool *pool, const char *text, const char *separator)
{
	size_t separator_length = strlen(separator);
	const char **list = pool_array(pool, strlen(text) + 2, sizeof(*list));
	size_t count = 0;

	for (const char *at = text; *at;) {
		const char *end = strstr(at, separator);
		size_t length = end ? (size_t)(end - at) : strlen(at);
		char *part = pool_strndup(pool, at, length);

		part += strspn(part, " \t");
		for (length = strlen(part); length && (part[length - 1] == ' ' || part[length - 1] == '\t');)
			part[--length] = '\0';
		if (*part)
			list[count++] = part;
		at = end ? end + separator_length : at + strlen(at);
	}
	return list;
}

static int find_start(struct stack_source *self, const char *directory, struct err *err)
{
	char real[PATH_MAX];
	struct stat status;

	if (!realpath(directory ? directory : ".", real)) {
		err_set(err, ERR_CONFIG, "cannot enter %s: %s", directory ? directory : "the current folder",
			strerror(errno));
		return -EINVAL;
	}
	if (stat(real, &status) < 0 || !S_ISDIR(status.st_mode))
		return err_set(err, ERR_CONFIG, "cannot enter %s: it is no folder", real);
	self->start = pool_strdup(self->pool, real);
	return 0;
}

/* One .env file; a missing one matters only when it was asked for. */
static int read_dotenv(struct stack_source *self, const char *path, bool required, struct err *err)
{
	struct interpolate_source variables = {variable_find, NULL, &self->environment, NULL};
	int result = dotenv_read(path, &variables, &self->dotenv, err);

	if (result == -ENOENT && !required)
		return 0;
	if (result == -ENOENT)
		return err_set(err, ERR_CONFIG, "cannot read %s: %s", stack_source_shown(self, path), strerror(ENOENT));
	if (result < 0 && !err_is_set(err))
		return err_set(err, ERR_CONFIG, "cannot read %s: %s", stack_source_shown(self, path),
			       strerror(-result));
	return result;
}

/* --env-file, else .env in `dir`. */
static int read_dotenvs(struct stack_source *self, const struct stack_options *options, const char *dir,
			struct err *err)
{
	bool asked = options->env_files && options->env_files[0];
	const char *const beside[] = {".env", NULL};
	const char *const *wanted = asked ? options->env_files : beside;
	size_t count = 0;
	const char **paths;

	while (wanted[count])
		count++;
	paths = pool_array(self->pool, count + 1, sizeof(*paths));
	strmap_finish(&self->dotenv);
	strmap_init(&self->dotenv);
	for (size_t i = 0; i < count; i++) {
		int result;

		paths[i] = stack_path_join(self->pool, asked ? self->start : dir, wanted[i],
					   strmap_find(&self->environment, "HOME"));
		result = read_dotenv(self, paths[i], asked, err);
		if (result < 0)
			return result;
	}
	self->env_files = paths;
	self->env_files_asked = asked;
	return 0;
}

static const char *const *absolute_paths(struct stack_source *self, const char *const *files)
{
	size_t count = 0;
	const char **paths;

	while (files[count])
		count++;
	paths = pool_array(self->pool, count + 1, sizeof(*paths));
	for (size_t i = 0; i < count; i++) {
		if (strcmp(files[i], STDIN_PATH) == 0)
			paths[i] = STDIN_PATH;
		else
			paths[i] = stack_path_join(self->pool, self->start, files[i], NULL);
	}
	return paths;
}

/* Which files: -f, else COMPOSE_FILE (of the environment or of the .env here), else what is found. */
static int choose_files(struct stack_source *self, const struct stack_options *options, const char *const **paths,
			struct err *err)
{
	const char *named;
	int result;

	if (options->files && options->files[0]) {
		*paths = absolute_paths(self, options->files);
		return 0;
	}
	result = read_dotenvs(self, options, self->start, err);
	if (result < 0)
		return result;
	named = stack_source_variable(self, "COMPOSE_FILE");
	if (named && *named) {
		const char *separator = stack_source_variable(self, "COMPOSE_PATH_SEPARATOR");

		*paths = absolute_paths(self, split_list(self->pool, named, separator && *separator ? separator : ":"));
		if (**paths)
			return 0;
	}
	return stack_find(self, paths, err);
}

static void choose_names(struct stack_source *self, const struct stack_options *options)
{
	const char *project = options->project ? options->project : stack_source_variable(self, "COMPOSE_PROJECT_NAME");
	const char *profiles = stack_source_variable(self, "COMPOSE_PROFILES");

	if (project && *project)
		self->project = pool_strdup(self->pool, project);
	self->services = options->services ? copy_list(self->pool, options->services) : split_list(self->pool, "", ",");
	if (options->profiles && options->profiles[0])
		self->profiles = copy_list(self->pool, options->profiles);
	else
		self->profiles = split_list(self->pool, profiles ? profiles : "", ",");
}

/* The folder is followed to its real place, so that one stack has one name however it is reached. */
static int choose_dir(struct stack_source *self, const char *path, struct err *err)
{
	const char *dir = strcmp(path, STDIN_PATH) == 0 ? self->start : stack_path_dir(self->pool, path);
	char real[PATH_MAX];

	if (!realpath(dir, real)) {
		err_set(err, ERR_CONFIG, "cannot read %s: %s", stack_source_shown(self, path), strerror(errno));
		return -EINVAL;
	}
	self->dir = pool_strdup(self->pool, real);
	return 0;
}

static int source_create(const struct stack_options *options, struct stack_source **created, struct err *err)
{
	struct pool *pool = pool_create();
	struct stack_source *self = pool_alloc(pool, sizeof(*self));
	int result = 0;

	self->pool = pool;
	self->trees = pool_create();
	strmap_init(&self->environment);
	strmap_init(&self->dotenv);
	if (options->environment)
		result = strmap_merge(&self->environment, options->environment);
	if (result < 0)
		err_set(err, ERR_INTERNAL, "out of memory");
	else
		result = find_start(self, options->directory, err);
	if (result == 0 && options->project)
		result = stack_project_check(options->project, err);
	if (result < 0)
		stack_source_destroy(self);
	else
		*created = self;
	return result;
}

int stack_source_open(const struct stack_options *options, struct stack_source **source, struct err *err)
{
	struct stack_source *self = NULL;
	const char *const *paths = NULL;
	struct err_place nowhere = {NULL, 0, 0};
	int result = source_create(options, &self, err);

	if (result < 0)
		return result;
	result = choose_files(self, options, &paths, err);
	if (result < 0)
		goto out;
	result = choose_dir(self, paths[0], err);
	if (result < 0)
		goto out;
	result = read_dotenvs(self, options, self->dir, err);
	if (result < 0)
		goto out;
	choose_names(self, options);
	self->paths = copy_list(self->pool, paths);
	while (paths[self->given_count])
		self->given_count++;
	self->given = pool_array(self->pool, self->given_count, sizeof(struct stack_file *));
	for (size_t i = 0; i < self->given_count && result == 0; i++)
		result = stack_source_file(self, paths[i], nowhere, (const struct stack_file **)&self->given[i], err);
	if (result == 0)
		*source = self;
out:
	if (result < 0)
		stack_source_destroy(self);
	return result;
}

int stack_source_reopen(const struct stack_source *self, const struct stack_options *changes,
			struct stack_source **source, struct err *err)
{
	bool others = changes->files && changes->files[0];
	struct stack_options options = {.files = others ? changes->files : self->paths,
					.directory = self->start,
					.env_files = changes->env_files,
					.project = changes->project ? changes->project : self->project,
					.services = self->services,
					.profiles = changes->profiles ? changes->profiles : self->profiles,
					.environment = &self->environment};

	if (!others && !(changes->env_files && changes->env_files[0]) && self->env_files_asked)
		options.env_files = self->env_files;
	for (size_t i = 0; options.files && options.files[i]; i++) {
		if (strcmp(options.files[i], STDIN_PATH) != 0)
			continue;
		err_set(err, ERR_CONFIG, "the stack file came from standard input and cannot be read again");
		err_hint(err, "name a file with -f");
		return -EINVAL;
	}
	if (!options.files)
		return err_set(err, ERR_CONFIG, "the stack was not read from a file and cannot be read again");
	return stack_source_open(&options, source, err);
}

int stack_source_open_text(const struct stack_options *options, const char *name, const char *text, size_t size_bytes,
			   struct stack_source **source, struct err *err)
{
	struct stack_source *self = NULL;
	struct stack_file *file;
	int result = source_create(options, &self, err);

	if (result < 0)
		return result;
	file = file_create(self, stack_path_join(self->pool, self->start, name, NULL));
	self->dir = file->dir;
	self->env_files = copy_list(self->pool, options->env_files);
	for (size_t i = 0; self->env_files[i] && result == 0; i++)
		result = read_dotenv(self, self->env_files[i], true, err);
	choose_names(self, options);
	self->given = pool_array(self->pool, 1, sizeof(struct stack_file *));
	self->given[0] = file;
	self->given_count = 1;
	if (result == 0)
		result = parse_into(self, file, text, size_bytes, err);
	if (result < 0)
		stack_source_destroy(self);
	else
		*source = self;
	return result;
}

int stack_environment(const struct stack_source *self, const struct strmap *base, struct strmap *out)
{
	bool exported = false;
	int result = strmap_merge(out, base);

	for (size_t i = 0; i < self->given_count; i++)
		exported = exported || self->given[i]->procfile;
	if (result == 0 && exported)
		result = strmap_merge(out, &self->dotenv);
	return result;
}

void stack_source_forget(struct stack_source *self)
{
	for (struct stack_file *file = self->files; file; file = file->next)
		file->root = NULL;
	pool_destroy(self->trees);
	self->trees = NULL;
}

void stack_source_destroy(struct stack_source *self)
{
	if (!self)
		return;
	strmap_finish(&self->environment);
	strmap_finish(&self->dotenv);
	pool_destroy(self->trees);
	pool_destroy(self->pool);
}

const char *stack_source_path(const struct stack_source *self, size_t index)
{
	return index < self->given_count ? self->given[index]->path : NULL;
}

const char *const *stack_source_env_files(const struct stack_source *self)
{
	return self->env_files;
}

const char *const *stack_source_profiles(const struct stack_source *self)
{
	return self->profiles;
}
