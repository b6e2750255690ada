/* SPDX-License-Identifier: MIT */
#include "launcher/command/down_volumes.h"

#include "config/err.h"
#include "config/stack.h"
#include "launcher/engine/docker_api.h"
#include "launcher/engine/docker_endpoint.h"
#include "launcher/project.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ASK_MS 10000

struct volumes {
	const struct project *project;
	struct docker_endpoint endpoint;
	const struct strmap *environment;
	bool quiet;
};

bool down_has_volumes(const struct project *project)
{
	if (project->stack == NULL)
		return true;
	for (size_t i = 0; i < project->stack->service_count; i++)
		if (project->stack->services[i].kind == SERVICE_CONTAINER)
			return true;
	return false;
}

static int list(const struct volumes *self, cJSON **volumes, struct err *err)
{
	char *filter = NULL, *escaped = NULL, *path = NULL;
	int result = -ENOMEM;

	if (asprintf(&filter, "{\"label\":[\"com.docker.compose.project=%s\"]}", self->project->name) < 0)
		filter = NULL;
	if (filter != NULL)
		escaped = docker_escape(filter);
	if (escaped != NULL && asprintf(&path, "/volumes?filters=%s", escaped) < 0)
		path = NULL;
	if (path != NULL)
		result = docker_ask(&self->endpoint, self->environment, "GET", path, ASK_MS, volumes, err);
	else
		err_set(err, ERR_INTERNAL, "out of memory");
	free(filter);
	free(escaped);
	free(path);
	return result;
}

/* An engine may take a filter that it does not know for none: what does not carry the label is nobody's to remove. */
static const char *name_of(const struct volumes *self, const cJSON *volume)
{
	const char *label = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(
		cJSON_GetObjectItemCaseSensitive(volume, "Labels"), "com.docker.compose.project"));

	if (label == NULL || strcmp(label, self->project->name) != 0)
		return NULL;
	return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(volume, "Name"));
}

static void remove_one(const struct volumes *self, const char *name, struct err *err)
{
	char *escaped = docker_escape(name), *path = NULL;
	struct err why = ERR_INIT;

	if (escaped == NULL || asprintf(&path, "/volumes/%s", escaped) < 0)
		err_set(err, ERR_INTERNAL, "out of memory");
	else if (docker_ask(&self->endpoint, self->environment, "DELETE", path, ASK_MS, NULL, &why) < 0)
		err_set(err, ERR_FAILED, "cannot remove volume '%s': %s", name,
			why.count > 0 ? why.items[0].message : "no reason is known");
	else if (!self->quiet)
		fprintf(stderr, "upfront: volume %s is removed\n", name);
	err_finish(&why);
	free(escaped);
	free(path);
}

int down_volumes(const struct project *project, const struct strmap *environment, bool quiet, struct err *err)
{
	struct volumes self = {.project = project, .environment = environment, .quiet = quiet};
	cJSON *answer = NULL;
	const cJSON *volume;
	int result = docker_endpoint_find(environment, &self.endpoint, err);

	if (result == 0)
		result = list(&self, &answer, err);
	cJSON_ArrayForEach(volume, cJSON_GetObjectItemCaseSensitive(answer, "Volumes"))
	{
		const char *name = result == 0 ? name_of(&self, volume) : NULL;

		if (name != NULL)
			remove_one(&self, name, err);
	}
	cJSON_Delete(answer);
	docker_endpoint_finish(&self.endpoint);
	return err_is_set(err) ? -EIO : 0;
}
