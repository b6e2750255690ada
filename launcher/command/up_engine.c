/* SPDX-License-Identifier: MIT */
#include "launcher/command/up_engine.h"

#include "config/err.h"
#include "config/stack.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The first container to be started; NULL: there is none. */
static const struct service *first_container(const struct stack *stack, const bool *member)
{
	for (size_t i = 0; i < stack->service_count; i++)
		if ((member == NULL || member[i]) && stack->services[i].kind == SERVICE_CONTAINER)
			return &stack->services[i];
	return NULL;
}

int up_engine_check(const char *word, const struct stack *stack, const bool *member, struct err *err)
{
	const struct service *service = first_container(stack, member);

	if (service == NULL || word == NULL || strcmp(word, "native") != 0)
		return 0;
	err_at(err, ERR_MISSING, service->place,
	       "service '%s' runs in a container, and '--engine native' runs programs of this machine only",
	       service->name);
	err_hint(err, "leave --engine away, or start others by name: upfront up SERVICE");
	return -ENOENT;
}

static int choose_files(struct up_engine *self, const struct stack *stack, const struct stack_source *source,
			const struct strmap *environment, struct err *err)
{
	const struct compose_files_options options = {
		.stack = stack, .source = source, .cli = &self->setup.cli, .environment = environment};
	int result = compose_files_choose(&options, &self->files, err);

	if (result < 0)
		compose_setup_finish(&self->setup);
	return result;
}

int up_engine_find(struct up_engine *self, const struct stack *stack, const struct stack_source *source,
		   const bool *member, const struct strmap *environment, const char *state_dir, struct err *err)
{
	const struct service *service = first_container(stack, member);
	char *cache_path;
	int result;

	if (service == NULL)
		return 0;
	if (asprintf(&cache_path, "%s/%s", state_dir, COMPOSE_CLI_KEPT) < 0)
		return err_set(err, ERR_INTERNAL, "out of memory");
	result = compose_setup_find(environment, cache_path, &self->setup, err);
	free(cache_path);
	if (result < 0) {
		err_context(err, "service '%s' runs in a container", service->name);
		return result;
	}
	result = choose_files(self, stack, source, environment, err);
	self->found = result == 0;
	return result;
}

void up_engine_tell(const struct up_engine *self)
{
	const struct compose_setup *setup = &self->setup;

	if (!self->found) {
		fprintf(stderr, "upfront: engine: native\n");
		return;
	}
	fprintf(stderr, "upfront: container engine: %s %s at %s (%s)\n", setup->endpoint.podman ? "Podman" : "Docker",
		setup->version, setup->endpoint.shown, setup->endpoint.why);
	fprintf(stderr, "upfront: Compose program: %s %s (%s)\n", setup->cli.shown, setup->cli.version, setup->cli.why);
	if (self->files.own)
		fprintf(stderr, "upfront: it reads the stack's own files, with the environment laid over them\n");
	else
		fprintf(stderr, "upfront: it reads one file made for it: %s\n", self->files.why);
	if (setup->bridge != NULL)
		fprintf(stderr, "upfront: containers reach this machine at %s\n", setup->bridge);
	else
		fprintf(stderr, "upfront: no relay for containers: %s\n", setup->bridge_why);
}

void up_engine_warn(const struct up_engine *self)
{
	if (self->found && self->files.left_out != NULL)
		fprintf(stderr, "upfront: %s %s does not know all keys of this stack; without effect: %s\n",
			self->setup.cli.shown, self->setup.cli.version, self->files.left_out);
}

void up_engine_finish(struct up_engine *self)
{
	if (self->found) {
		compose_setup_finish(&self->setup);
		compose_files_finish(&self->files);
	}
	self->found = false;
}
