/* SPDX-License-Identifier: MIT */
#include "launcher/command/init_text.h"

#include "config/err.h"
#include "config/node.h"
#include "config/paths.h"
#include "config/pool.h"
#include "config/procfile.h"
#include "config/stack_yaml.h"
#include "config/utf8.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FILE_BYTES_MAX (1024u * 1024u)
#define TEXT_BYTES_MAX 200u
#define SCRIPTS_TOLD_MAX 12u

/* One text on its way. */
struct writing {
	const char *dir;
	struct pool *pool;
	struct init_text *result;
	FILE *out;
};

static const char *path_of(const struct writing *self, const char *name)
{
	return pool_printf(self->pool, "%s/%s", self->dir, name);
}

static bool is_there(const struct writing *self, const char *name)
{
	return access(path_of(self, name), F_OK) == 0;
}

static void put(const struct writing *self, const char *text)
{
	fputs(text, self->out);
}

/* A YAML scalar of any text; the $ that variables begin with becomes two, which stand for one. */
static void put_quoted(const struct writing *self, const char *text)
{
	fputc('"', self->out);
	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\')
			fprintf(self->out, "\\%c", *text);
		else if (*text == '$')
			fputs("$$", self->out);
		else if ((unsigned char)*text < ' ' || *text == 0x7f)
			fprintf(self->out, "\\x%02x", (unsigned char)*text);
		else
			fputc(*text, self->out);
	}
	fputc('"', self->out);
}

/* True for what can stand as it is, in YAML and in a comment. */
static bool is_word(const char *text)
{
	const size_t size = strlen(text);

	return size > 0 && size <= 40 &&
	       strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.:-") == size;
}

static int note_service(struct init_text *self, const char *name)
{
	char **grown = realloc(self->services, (self->service_count + 1) * sizeof(*grown));

	if (grown == NULL)
		return -ENOMEM;
	self->services = grown;
	grown[self->service_count] = strdup(name);
	if (grown[self->service_count] == NULL)
		return -ENOMEM;
	self->service_count++;
	return 0;
}

/* ---- What all of them begin with ---- */

/* `app` and `version` NULL: nothing is known that could be said. `open`: where its page may be. */
static void put_head(const struct writing *self, const char *app, const char *version, const char *open)
{
	put(self,
	    "# A stack file for upfront, which is a Compose file; what only upfront reads stands under x-upfront.\n"
	    "#\n"
	    "#   upfront config    checks it\n"
	    "#   upfront doctor    says what this machine lacks for it\n"
	    "#   upfront           starts everything; Ctrl-C stops it\n"
	    "#\n"
	    "# Each line that begins with '# ' and a key is a setting to take or to leave; the manual explains all of "
	    "them (man upfront).\n"
	    "\n"
	    "x-upfront:\n"
	    "  # The name that people see.\n");
	if (app != NULL) {
		put(self, "  app: ");
		put_quoted(self, app);
	} else {
		put(self, "  # app: My App");
	}
	put(self, "\n  # The product's version.\n");
	if (version != NULL) {
		put(self, "  version: ");
		put_quoted(self, version);
	} else {
		put(self, "  # version: 1.0.0");
	}
	fprintf(self->out,
		"\n  # The page that opens once everything is ready.\n"
		"  # open: %s\n"
		"\n",
		open);
}

/* What else a service can have, below its own keys. */
static void put_more(const struct writing *self)
{
	put(self, "    # Others, by name, that have to be ready before this one starts.\n"
		  "    # depends_on: {db: {condition: service_healthy}}\n"
		  "    # What happens when it ends by itself: no, always, on-failure, on-failure:3, unless-stopped.\n"
		  "    # restart: on-failure:3\n"
		  "    # How long it may take to end before it is killed.\n"
		  "    # stop_grace_period: 10s\n");
}

/* Last of all: what only upfront reads of a service. `url`: where it may listen. */
static void put_ready(const struct writing *self, const char *url)
{
	fprintf(self->out,
		"    # It is ready once this answers; also tcp, unix, log, exec and notify.\n"
		"    # x-upfront: {ready: {http: \"%s\"}}\n",
		url);
}

/* ---- A Compose file is included ---- */

static const char *find_first(const struct writing *self, const char *const *names)
{
	for (; *names != NULL; names++)
		if (is_there(self, *names))
			return *names;
	return NULL;
}

static int note_services(const struct writing *self, const struct node *root)
{
	const struct node *services = node_find(root, "services");
	int result = 0;

	for (size_t i = 0; result == 0 && services != NULL && services->kind == NODE_MAP && i < services->count; i++)
		result = note_service(self->result, services->pairs[i].key);
	return result;
}

/* Its own name goes with it: an including file has one of its own, and containers and volumes belong to a name. */
static void put_name(const struct writing *self, const struct node *root)
{
	const struct node *name = node_find(root, "name");

	if (name == NULL || name->kind != NODE_SCALAR || !utf8_is_plain(name->text, TEXT_BYTES_MAX) ||
	    strpbrk(name->text, "\"\\") != NULL)
		return;
	fprintf(self->out,
		"# The project's name, as the included file has it: containers and volumes go by it.\nname: \"%s\"\n\n",
		name->text);
}

static int write_include(struct writing *self, const char *file, struct err *err)
{
	static const char *const over[] = {"compose.override.yaml", "compose.override.yml",
					   "docker-compose.override.yaml", "docker-compose.override.yml", NULL};
	const char *more = find_first(self, over);
	struct node *root = NULL;
	int result = stack_yaml_read(self->pool, path_of(self, file), &root, err);

	if (result < 0)
		return result;
	self->result->from = file;
	put_head(self, NULL, NULL, "http://localhost:3000");
	put_name(self, root);
	fprintf(self->out,
		"# The services stand there, and stay there: it goes on to be of use to other programs.\ninclude:\n");
	if (more != NULL)
		fprintf(self->out, "  # The second is laid over the first.\n  - path: [%s, %s]\n", file, more);
	else
		fprintf(self->out, "  - %s\n", file);
	put(self, "\n"
		  "# Services of this file, beside those. One without an image is a process of this machine.\n"
		  "# services:\n"
		  "#   web:\n"
		  "#     command: npm run dev\n");
	return note_services(self, root);
}

/* ---- A Procfile: a service a line ---- */

static int write_service(const struct writing *self, const struct node_pair *pair, bool first)
{
	const struct node *service = pair->value;
	const char *port = node_find(node_find(service, "environment"), "PORT")->text;

	fprintf(self->out, "%s  %s:\n", first ? "" : "\n", pair->key);
	if (first)
		put(self, "    # As it stands in the Procfile. A $ is written twice, or it would be filled in when "
			  "this file is read.\n");
	put(self, "    command: ");
	put_quoted(self, node_find(service, "command")->text);
	if (first)
		put(self,
		    "\n    # Each service has a port of its own, 100 apart, as programs that run Procfiles do it.");
	fprintf(self->out, "\n    environment: {PORT: \"%s\"}\n", port);
	if (first)
		put(self, "    # What this file says, if it is there, is given to the service.\n");
	put(self, "    env_file: [{path: .env, required: false}]\n");
	if (first)
		put_more(self);
	put(self, "    x-upfront:\n");
	if (first)
		put(self, "      # The command is a line for /bin/sh.\n");
	put(self, "      shell: true\n");
	if (first)
		fprintf(self->out,
			"      # It is ready once this answers; also tcp, unix, log, exec and notify.\n"
			"      # ready: {http: \"http://localhost:%s/\"}\n",
			port);
	return note_service(self->result, pair->key);
}

static int write_procfile(struct writing *self, struct err *err)
{
	struct node *root = NULL, *services;
	char *bytes = NULL;
	size_t size_bytes;
	int result = paths_read_file(path_of(self, "Procfile"), FILE_BYTES_MAX, &bytes, &size_bytes);

	if (result < 0)
		return err_set(err, ERR_CONFIG, "%s cannot be read: %s", path_of(self, "Procfile"),
			       paths_read_reason(result));
	if (utf8_valid(bytes, size_bytes) < size_bytes)
		result = err_set(err, ERR_CONFIG, "%s is no UTF-8 text", path_of(self, "Procfile"));
	else
		result = procfile_parse(self->pool, path_of(self, "Procfile"), bytes, size_bytes, NULL, &root, err);
	free(bytes);
	if (result < 0)
		return result;
	self->result->from = "Procfile";
	services = node_find(root, "services");
	put_head(self, NULL, NULL, "http://localhost:5000");
	put(self, services->count > 0 ? "services:\n" : "services: {}\n");
	for (size_t i = 0; result == 0 && i < services->count; i++)
		result = write_service(self, &services->pairs[i], i == 0);
	return result;
}

/* ---- package.json: the script that people type ---- */

static const char *json_word(const cJSON *root, const char *name)
{
	const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(root, name));

	return text != NULL && text[0] != '\0' && utf8_is_plain(text, TEXT_BYTES_MAX) ? text : NULL;
}

/* Where what it is made with listens, unless it is told otherwise. */
static int usual_port(const cJSON *root)
{
	static const struct {
		const char *package;
		int port;
	} known[] = {{"next", 3000},  {"nuxt", 3000},          {"react-scripts", 3000}, {"@sveltejs/kit", 5173},
		     {"astro", 4321}, {"@angular/core", 4200}, {"gatsby", 8000},        {"vite", 5173}};
	static const char *const lists[] = {"dependencies", "devDependencies"};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		for (size_t k = 0; k < 2; k++)
			if (cJSON_HasObjectItem(cJSON_GetObjectItemCaseSensitive(root, lists[k]), known[i].package))
				return known[i].port;
	return 3000;
}

static const char *package_manager(const struct writing *self)
{
	static const struct {
		const char *file, *name;
	} known[] = {{"pnpm-lock.yaml", "pnpm"}, {"yarn.lock", "yarn"}, {"bun.lock", "bun"}, {"bun.lockb", "bun"}};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (is_there(self, known[i].file))
			return known[i].name;
	return "npm";
}

static void put_other_scripts(const struct writing *self, const cJSON *scripts, const char *used)
{
	const cJSON *item;
	size_t count = 0;

	cJSON_ArrayForEach(item, scripts)
	{
		if (!is_word(item->string) || strcmp(item->string, used) == 0 || count == SCRIPTS_TOLD_MAX)
			continue;
		fprintf(self->out, "%s%s", count == 0 ? "    # Other scripts there: " : ", ", item->string);
		count++;
	}
	if (count > 0)
		put(self, "\n");
}

static int write_script(struct writing *self, const cJSON *root, const char *script)
{
	const char *scoped = json_word(root, "name"), *version = json_word(root, "version");
	const char *slash = scoped != NULL ? strrchr(scoped, '/') : NULL, *app = slash != NULL ? slash + 1 : scoped;
	const char *url = pool_printf(self->pool, "http://localhost:%d", usual_port(root));

	put_head(self, app != NULL && app[0] != '\0' ? app : NULL, version, url);
	fprintf(self->out,
		"services:\n"
		"  app:\n"
		"    # A script of package.json, run from this folder.\n"
		"    command: [%s, run, %s]\n",
		package_manager(self), script);
	put_other_scripts(self, cJSON_GetObjectItemCaseSensitive(root, "scripts"), script);
	put(self, "    # Variables that it gets beside those of this shell.\n"
		  "    # environment: {NODE_ENV: development}\n");
	put_more(self);
	put_ready(self, pool_printf(self->pool, "%s/", url));
	return note_service(self->result, "app");
}

/* 1: it has no script that starts anything. */
static int write_package(struct writing *self, struct err *err)
{
	static const char *const wanted[] = {"dev", "start"};
	const char *path = path_of(self, "package.json"), *script = NULL;
	char *bytes = NULL;
	size_t size_bytes;
	cJSON *root;
	int result = paths_read_file(path, FILE_BYTES_MAX, &bytes, &size_bytes);

	if (result < 0)
		return err_set(err, ERR_CONFIG, "%s cannot be read: %s", path, paths_read_reason(result));
	root = cJSON_ParseWithLength(bytes, size_bytes);
	free(bytes);
	if (!cJSON_IsObject(root)) {
		cJSON_Delete(root);
		return err_set(err, ERR_CONFIG, "%s is no JSON object", path);
	}
	for (size_t i = 0; script == NULL && i < 2; i++)
		if (cJSON_IsString(cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(root, "scripts"),
								    wanted[i])))
			script = wanted[i];
	if (script != NULL) {
		self->result->from = "package.json";
		result = write_script(self, root, script);
	}
	cJSON_Delete(root);
	return script != NULL ? result : 1;
}

/* ---- Nothing there ---- */

static int write_example(struct writing *self)
{
	put_head(self, NULL, NULL, "http://localhost:3000");
	put(self, "services:\n"
		  "  # A service is a process of this machine; with image or build it is a container.\n"
		  "  hello:\n"
		  "    # What is run, by words. A list leaves nothing to split: [sh, -c, '...'].\n"
		  "    command: sh -c 'while :; do echo hello; sleep 5; done'\n"
		  "    # Where: this folder, unless it is said.\n"
		  "    # working_dir: server\n"
		  "    # Variables that it gets beside those of this shell.\n"
		  "    # environment: {GREETING: hello}\n"
		  "    # Ports that have to be free before it starts.\n"
		  "    # ports: [\"3000:3000\"]\n");
	put_more(self);
	put_ready(self, "http://localhost:3000/");
	return note_service(self->result, "hello");
}

/* ---- ---- */

static int write_any(struct writing *self, struct err *err)
{
	static const char *const compose[] = {"compose.yaml", "compose.yml", "docker-compose.yaml",
					      "docker-compose.yml", NULL};
	const char *file = find_first(self, compose);
	int result = 1;

	if (file != NULL)
		result = write_include(self, file, err);
	else if (is_there(self, "Procfile"))
		result = write_procfile(self, err);
	else if (is_there(self, "package.json"))
		result = write_package(self, err);
	return result == 1 ? write_example(self) : result;
}

int init_text_make(const char *dir, struct init_text *self, struct err *err)
{
	struct writing writing = {.dir = dir, .pool = pool_create(), .result = self};
	size_t size_bytes;
	int result = -ENOMEM;

	*self = (struct init_text){.service_count = 0};
	writing.out = open_memstream(&self->text, &size_bytes);
	if (writing.out != NULL && writing.pool != NULL)
		result = write_any(&writing, err);
	if (writing.out != NULL && fclose(writing.out) != 0)
		result = -ENOMEM;
	pool_destroy(writing.pool);
	if (result < 0 && !err_is_set(err))
		return err_set(err, ERR_INTERNAL, "out of memory");
	return result;
}

void init_text_finish(struct init_text *self)
{
	for (size_t i = 0; i < self->service_count; i++)
		free(self->services[i]);
	free(self->services);
	free(self->text);
	*self = (struct init_text){.service_count = 0};
}
