/* SPDX-License-Identifier: MIT */
#include "config/procfile.h"

#include "config/err.h"
#include "config/node.h"
#include "config/pool.h"

#include <errno.h>
#include <string.h>

#define PORT_FIRST 5000
#define PORT_STEP 100

bool procfile_is_name(const char *path)
{
	static const char name[] = "Procfile";
	const char *slash = strrchr(path, '/');
	const char *base = slash ? slash + 1 : path;
	const char *dot = strrchr(base, '.');

	if (strncmp(base, name, sizeof(name) - 1) == 0)
		return base[sizeof(name) - 1] == '\0' || base[sizeof(name) - 1] == '.';
	return dot && strcasecmp(dot + 1, name) == 0;
}

static bool is_name_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

static void set_text(struct pool *pool, struct node *map, const char *key, const char *text, struct err_place place)
{
	struct node *value = node_scalar(pool, text, place);

	value->style = NODE_QUOTED;
	node_set(pool, map, key, place, value);
}

static struct node *set_map(struct pool *pool, struct node *map, const char *key, struct err_place place)
{
	struct node *value = node_create(pool, NODE_MAP, place);

	node_set(pool, map, key, place, value);
	return value;
}

static void procfile_service(struct pool *pool, struct node *services, const char *name, const char *command,
			     const char *const *env_files, struct err_place place, struct err_place command_place)
{
	int port = PORT_FIRST + PORT_STEP * (int)services->count;
	struct node *service = set_map(pool, services, name, place);

	set_text(pool, service, "command", command, command_place);
	set_text(pool, set_map(pool, service, "environment", place), "PORT", pool_printf(pool, "%d", port), place);
	node_set(pool, set_map(pool, service, "x-upfront", place), "shell", place, node_scalar(pool, "true", place));
	if (env_files && env_files[0]) {
		struct node *list = node_create(pool, NODE_LIST, place);

		for (; *env_files; env_files++) {
			struct node *entry = node_create(pool, NODE_MAP, place);

			set_text(pool, entry, "path", *env_files, place);
			node_set(pool, entry, "required", place, node_scalar(pool, "false", place));
			node_append(pool, list, entry);
		}
		node_set(pool, service, "env_file", place, list);
	}
}

/* One line without its end; empty lines and comments are nobody's. */
static void procfile_line(struct pool *pool, struct node *services, char *line, const char *const *env_files,
			  struct err_place place, struct err *err)
{
	char *start = line + strspn(line, " \t");
	char *at = start;
	char *command;
	struct err_place command_place = place;

	if (*start == '\0' || *start == '#')
		return;
	place.column = (int)(start - line) + 1;
	while (is_name_letter(*at))
		at++;
	if (at == start || *at != ':') {
		err_at(err, ERR_CONFIG, place, "this is no Procfile line: wanted 'name: command'");
		err_hint(err, "names are made of letters, digits, '-' and '_'");
		return;
	}
	*at++ = '\0';
	command = at + strspn(at, " \t");
	command_place.column = (int)(command - line) + 1;
	if (*command == '\0') {
		err_at(err, ERR_CONFIG, place, "service '%s' has no command", start);
		return;
	}
	if (node_find(services, start)) {
		err_at(err, ERR_CONFIG, place, "service '%s' is there twice, first in line %d", start,
		       node_find(services, start)->place.line);
		return;
	}
	procfile_service(pool, services, start, command, env_files, place, command_place);
}

static void procfile_lines(struct pool *pool, struct node *services, const char *text, size_t size_bytes,
			   const char *const *env_files, struct err_place place, struct err *err)
{
	for (size_t at = 0; at < size_bytes; place.line++) {
		const char *end = memchr(text + at, '\n', size_bytes - at);
		size_t length = end ? (size_t)(end - text) - at : size_bytes - at;
		char *line = pool_strndup(pool, text + at, length);

		if (length && line[length - 1] == '\r')
			line[length - 1] = '\0';
		if (services->count == PROCFILE_LINES_MAX) {
			err_at(err, ERR_CONFIG, place, "more than %u services", PROCFILE_LINES_MAX);
			return;
		}
		procfile_line(pool, services, line, env_files, place, err);
		at += length + 1;
	}
}

int procfile_parse(struct pool *pool, const char *file, const char *text, size_t size_bytes,
		   const char *const *env_files, struct node **root, struct err *err)
{
	struct err_place place = {pool_strdup(pool, file), 1, 1};
	struct node *tree = node_create(pool, NODE_MAP, place);
	struct err found = ERR_INIT;
	int result = 0;

	if (memchr(text, '\0', size_bytes))
		err_at(&found, ERR_CONFIG, place, "this is no Procfile: it holds bytes that are no text");
	else
		procfile_lines(pool, set_map(pool, tree, "services", place), text, size_bytes, env_files, place,
			       &found);
	if (err_is_set(&found))
		result = -EINVAL;
	else
		*root = tree;
	if (err)
		err_move(err, &found);
	err_finish(&found);
	return result;
}
