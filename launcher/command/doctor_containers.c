/* SPDX-License-Identifier: MIT */
/*
 * What containers need. Only an engine that listens on a socket of this machine is asked; one elsewhere is named, and left to `up`. The
 * Compose program is run once, for its version.
 */
#include "config/err.h"
#include "config/node.h"
#include "config/stack.h"
#include "launcher/cli.h"
#include "launcher/command/doctor.h"
#include "launcher/engine/compose.h"
#include "launcher/engine/docker_api.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ANSWER_MS 3000
#define IMAGES_MAX 100u

static bool has_containers(const struct doctor *self)
{
	const struct stack *stack = self->project.stack;

	for (size_t i = 0; i < stack->service_count; i++)
		if (doctor_means(self, i) && stack->services[i].kind == SERVICE_CONTAINER)
			return true;
	return false;
}

static const char *text_of(const cJSON *map, const char *key)
{
	const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(map, key));

	return text != NULL ? text : "";
}

static const char *engine_name(const struct docker_endpoint *endpoint)
{
	return endpoint->podman ? "Podman" : "Docker";
}

/* ---- The engine ---- */

/* False: it cannot be asked anything. */
static bool check_engine(struct doctor *self, struct docker_endpoint *endpoint)
{
	struct err err = ERR_INIT;
	cJSON *version = NULL;
	bool answers = false;

	if (endpoint->dial != DIAL_UNIX) {
		doctor_add(self, "engine", NULL, DOCTOR_WARN, "up asks it; doctor opens no connection to a network",
			   "%s at %s (%s): not asked", engine_name(endpoint), endpoint->shown, endpoint->why);
	} else if (docker_ask(endpoint, &self->context->environment, "GET", "/version", ANSWER_MS, &version, &err) <
		   0) {
		doctor_take(self, "engine", NULL, DOCTOR_MISSING, &err);
	} else {
		docker_endpoint_note_version(endpoint, version);
		doctor_add(self, "engine", NULL, DOCTOR_OK, NULL, "%s %s at %s (%s)", engine_name(endpoint),
			   text_of(version, "Version"), endpoint->shown, endpoint->why);
		answers = true;
	}
	cJSON_Delete(version);
	err_finish(&err);
	return answers;
}

/* Where images and volumes lie, if that is a folder that we may see. */
static void check_disk(struct doctor *self, const struct docker_endpoint *endpoint)
{
	cJSON *info = NULL;

	if (docker_ask(endpoint, &self->context->environment, "GET", "/info", ANSWER_MS, &info, NULL) == 0 &&
	    text_of(info, "DockerRootDir")[0] == '/' && access(text_of(info, "DockerRootDir"), F_OK) == 0)
		doctor_check_room(self, "engine_room", text_of(info, "DockerRootDir"));
	cJSON_Delete(info);
}

static void check_compose(struct doctor *self, const struct docker_endpoint *endpoint)
{
	struct err err = ERR_INIT;
	struct compose_cli cli = {.shown = NULL};

	if (compose_cli_find(endpoint, &self->context->environment, NULL, &cli, &err) < 0)
		doctor_take(self, "compose", NULL, DOCTOR_MISSING, &err);
	else
		doctor_add(self, "compose", NULL, DOCTOR_OK, NULL, "%s %s%s%s", cli.shown, cli.version,
			   cli.why != NULL ? ", " : "", cli.why != NULL ? cli.why : "");
	compose_cli_finish(&cli);
	err_finish(&err);
}

/* ---- Images ---- */

static const char *service_text(const struct doctor *self, const struct service *service, const char *key)
{
	const struct node *services = node_find(self->project.stack->root, "services");
	const struct node *value = node_find(node_find(services, service->name), key);

	return value != NULL && value->kind == NODE_SCALAR ? value->text : "";
}

static bool is_built(const struct doctor *self, const struct service *service)
{
	const struct node *services = node_find(self->project.stack->root, "services");

	return node_find(node_find(services, service->name), "build") != NULL;
}

static bool is_seen(const struct doctor *self, size_t service)
{
	const struct stack *stack = self->project.stack;

	for (size_t i = 0; i < service; i++)
		if (doctor_means(self, i) && stack->services[i].kind == SERVICE_CONTAINER &&
		    stack->services[i].image != NULL &&
		    strcmp(stack->services[i].image, stack->services[service].image) == 0)
			return true;
	return false;
}

static void add_absent(struct doctor *self, const struct service *service)
{
	const char *policy = service_text(self, service, "pull_policy");

	if (is_built(self, service))
		doctor_add(self, "image", service->image, DOCTOR_OK, NULL, "is built by up");
	else if (strcmp(policy, "never") == 0)
		doctor_add(self, "image", service->image, DOCTOR_MISSING,
			   "load or build it, or let it be pulled (pull_policy)",
			   "is not here, and is never to be pulled");
	else
		doctor_add(self, "image", service->image, DOCTOR_WARN,
			   "up pulls it, which takes a network and its time", "is not here yet");
}

static void check_image(struct doctor *self, const struct docker_endpoint *endpoint, const struct service *service)
{
	char *escaped = docker_escape(service->image), *path = NULL;
	struct err err = ERR_INIT;
	int result = -ENOMEM;

	if (escaped != NULL && asprintf(&path, "/images/%s/json", escaped) >= 0)
		result = docker_ask(endpoint, &self->context->environment, "GET", path, ANSWER_MS, NULL, &err);
	if (result == 0)
		doctor_add(self, "image", service->image, DOCTOR_OK, NULL, "is here");
	else if (result == -EREMOTEIO && err.count > 0 && strcasestr(err.items[0].message, "no such image") != NULL)
		add_absent(self, service);
	else if (err_is_set(&err))
		doctor_take(self, "image", service->image, DOCTOR_WARN, &err);
	else
		self->failed = true;
	free(path);
	free(escaped);
	err_finish(&err);
}

static void check_images(struct doctor *self, const struct docker_endpoint *endpoint)
{
	const struct stack *stack = self->project.stack;
	size_t asked = 0;

	for (size_t i = 0; i < stack->service_count; i++) {
		const struct service *service = &stack->services[i];

		if (!doctor_means(self, i) || service->kind != SERVICE_CONTAINER)
			continue;
		if (service->image == NULL)
			doctor_add(self, "image", service->name, DOCTOR_OK, NULL, "is built by up");
		else if (!is_seen(self, i) && asked++ < IMAGES_MAX)
			check_image(self, endpoint, service);
	}
}

/* ---- The relay: containers send their events through a port of ours ---- */

static void check_relay(struct doctor *self)
{
	const struct telemetry_decl *telemetry = self->project.stack->telemetry;
	struct compose_setup setup;

	if (telemetry == NULL || telemetry->host == NULL || telemetry->key == NULL ||
	    compose_setup_find(&self->context->environment, NULL, &setup, NULL) < 0)
		return;
	if (setup.bridge != NULL)
		doctor_add(self, "relay", NULL, DOCTOR_OK, NULL, "containers reach this machine at %s", setup.bridge);
	else
		doctor_add(self, "relay", NULL, DOCTOR_WARN,
			   "nothing is needed for the stack itself: after a yes its containers are told that "
			   "statistics are off",
			   "containers cannot reach this machine: %s",
			   setup.bridge_why != NULL ? setup.bridge_why : "why is not known");
	compose_setup_finish(&setup);
}

void doctor_check_containers(struct doctor *self)
{
	struct docker_endpoint endpoint;
	struct err err = ERR_INIT;

	if (!has_containers(self))
		return;
	if (docker_endpoint_find(&self->context->environment, &endpoint, &err) < 0) {
		doctor_take(self, "engine", NULL, DOCTOR_MISSING, &err);
		err_finish(&err);
		return;
	}
	const bool answers = check_engine(self, &endpoint);

	check_compose(self, &endpoint);
	if (answers) {
		check_disk(self, &endpoint);
		check_images(self, &endpoint);
		check_relay(self);
	}
	docker_endpoint_finish(&endpoint);
	err_finish(&err);
}
