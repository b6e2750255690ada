/* SPDX-License-Identifier: MIT */
#include "launcher/engine/docker_context.h"

#include "config/err.h"
#include "config/paths.h"
#include "config/strmap.h"

#include <cjson/cJSON.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FILE_BYTES_MAX (1024u * 1024u)
#define CONTEXTS_MAX 1000

static const char *text_of(const cJSON *object, const char *name)
{
	const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));

	return text != NULL && text[0] != '\0' ? text : NULL;
}

/* 0 with *json NULL: there is no such file. */
static int read_json(const char *path, cJSON **json, struct err *err)
{
	char *bytes = NULL;
	size_t size = 0;
	int result = paths_read_file(path, FILE_BYTES_MAX, &bytes, &size);

	*json = NULL;
	if (result == -ENOENT || result == -ENOTDIR)
		return 0;
	if (result < 0) {
		err_set(err, ERR_CONFIG, "cannot read %s: %s", path, paths_read_reason(result));
		return result;
	}
	*json = cJSON_ParseWithLength(bytes, size);
	free(bytes);
	if (cJSON_IsObject(*json))
		return 0;
	cJSON_Delete(*json);
	*json = NULL;
	result = err_set(err, ERR_CONFIG, "cannot read %s: it is no JSON object", path);
	err_hint(err, "mend it, or say with DOCKER_HOST where the container engine listens");
	return result;
}

/* Folder of the client's configuration; 0 with *folder NULL: there is none. */
static int find_folder(const struct strmap *environment, char **folder)
{
	const char *config = strmap_find(environment, "DOCKER_CONFIG");
	const char *home = strmap_find(environment, "HOME");

	*folder = NULL;
	if (config != NULL && config[0] != '\0')
		return (*folder = strdup(config)) != NULL ? 0 : -ENOMEM;
	if (home == NULL || home[0] == '\0')
		return 0;
	return asprintf(folder, "%s/.docker", home) >= 0 ? 0 : -ENOMEM;
}

/* The name asked for: by DOCKER_CONTEXT, else by config.json; *name NULL: nobody asks for one. */
static int find_name(const struct strmap *environment, const char *folder, char **name, struct err *err)
{
	const char *wanted = strmap_find(environment, "DOCKER_CONTEXT");
	cJSON *config = NULL;
	char *path = NULL;
	int result = 0;

	*name = NULL;
	if (wanted == NULL || wanted[0] == '\0') {
		if (folder == NULL)
			return 0;
		if (asprintf(&path, "%s/config.json", folder) < 0)
			return err_set(err, ERR_INTERNAL, "out of memory");
		result = read_json(path, &config, err);
		wanted = text_of(config, "currentContext");
	}
	if (result == 0 && wanted != NULL && strcmp(wanted, "default") != 0 && (*name = strdup(wanted)) == NULL)
		result = err_set(err, ERR_INTERNAL, "out of memory");
	cJSON_Delete(config);
	free(path);
	return result;
}

/* True for a meta.json that is of this name; what cannot be read is of none. */
static bool take_meta(struct docker_context *self, const char *folder, const char *id)
{
	const cJSON *endpoint;
	cJSON *meta = NULL;
	char *path = NULL, *tls = NULL;
	bool is_it = false;

	if (asprintf(&path, "%s/contexts/meta/%s/meta.json", folder, id) < 0 ||
	    asprintf(&tls, "%s/contexts/tls/%s/docker", folder, id) < 0 || read_json(path, &meta, NULL) < 0 ||
	    meta == NULL)
		goto out;
	is_it = text_of(meta, "Name") != NULL && strcmp(text_of(meta, "Name"), self->name) == 0;
	if (!is_it)
		goto out;
	endpoint = cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(meta, "Endpoints"), "docker");
	if (text_of(endpoint, "Host") != NULL)
		self->host = strdup(text_of(endpoint, "Host"));
	self->tls = access(tls, F_OK) == 0 || cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(endpoint, "SkipTLSVerify"));
out:
	cJSON_Delete(meta);
	free(path);
	free(tls);
	return is_it;
}

static int find_meta(struct docker_context *self, const char *folder, struct err *err)
{
	struct dirent *entry;
	char *path = NULL;
	DIR *folders = NULL;
	bool found = false;
	int result = 0;

	if (folder != NULL && asprintf(&path, "%s/contexts/meta", folder) >= 0)
		folders = opendir(path);
	for (int i = 0; folders != NULL && !found && i < CONTEXTS_MAX && (entry = readdir(folders)) != NULL; i++)
		found = entry->d_name[0] != '.' && take_meta(self, folder, entry->d_name);
	if (!found) {
		result = err_set(err, ERR_CONFIG, "the container engine's context '%s' is not to be found below %s",
				 self->name, path != NULL ? path : "~/.docker");
		err_hint(err, "`docker context ls` lists those there are; DOCKER_CONTEXT=default takes none");
	}
	if (folders != NULL)
		closedir(folders);
	free(path);
	return result;
}

int docker_context_find(const struct strmap *environment, struct docker_context *self, struct err *err)
{
	struct docker_context found = {0};
	char *folder = NULL;
	int result = find_folder(environment, &folder);

	if (result < 0)
		return err_set(err, ERR_INTERNAL, "out of memory");
	result = find_name(environment, folder, &found.name, err);
	if (result == 0 && found.name != NULL)
		result = find_meta(&found, folder, err);
	free(folder);
	if (result < 0)
		docker_context_finish(&found);
	else
		*self = found;
	return result;
}

void docker_context_finish(struct docker_context *self)
{
	free(self->name);
	free(self->host);
	*self = (struct docker_context){0};
}
