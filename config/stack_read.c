/* SPDX-License-Identifier: MIT */
#include "config/stack.h"

#include "config/node.h"
#include "config/pool.h"
#include "config/reader.h"
#include "config/stack_load.h"
#include "config/stack_source.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* All services get a place, also those that cannot be read: an index into the tree is one into the array. */
static void read_services(struct reader *self, const struct node *services)
{
	struct stack *stack = self->stack;
	const struct node *inactive = self->load->inactive;

	stack->services = pool_array(self->pool, services->count, sizeof(*stack->services));
	stack->service_count = services->count;
	for (size_t i = 0; i < services->count; i++)
		read_service(self, &services->pairs[i], &stack->services[i], true);
	for (size_t i = 0; i < inactive->count; i++) {
		struct service unused = {.name = NULL};

		read_service(self, &inactive->pairs[i], &unused, false);
		strmap_finish(&unused.environment);
		strmap_finish(&unused.labels);
	}
}

static void check_services(struct reader *self, const struct node *root, const struct node *services)
{
	if (services && (services->count || self->load->inactive->count || services->kind != NODE_MAP) &&
	    services->kind != NODE_NULL)
		return;
	err_at(self->err, ERR_CONFIG, services ? services->place : root->place,
	       "there are no services: wanted 'services' with at least one");
	err_hint(self->err, "for example services: {web: {command: python3 -m http.server}}");
}

static void read_tree(struct reader *self, struct node *root)
{
	struct stack *stack = self->stack;
	const struct node *services = node_find(root, "services");
	static const struct node none = {.kind = NODE_MAP};

	self->services = services && services->kind == NODE_MAP ? services : &none;
	reader_map(self, "stack", root, &table_top, stack);
	check_services(self, root, services);
	read_services(self, self->services);
	if (!stack->app)
		stack->app = stack->name;
}

/* By file, line and column, so that a person can go through the file from top to bottom; files stay in order of use. */
/* What would have been a warning about a value that is wrong says why it is: of a file with errors nobody sees the warnings. */
static void add_warning_of_place(struct err_item *item, const struct err *warnings)
{
	for (size_t i = 0; i < warnings->count; i++) {
		const struct err_item *warning = &warnings->items[i];
		char *longer;

		if (!item->file || !warning->file || strcmp(item->file, warning->file) != 0 ||
		    item->line != warning->line || item->column != warning->column)
			continue;
		if (asprintf(&longer, "%s (%s)", item->message, warning->message) < 0)
			return;
		free(item->message);
		item->message = longer;
	}
}

static void sort_errors(struct err *err)
{
	for (size_t i = 1; i < err->count; i++) {
		for (size_t k = i; k > 0; k--) {
			struct err_item *a = &err->items[k - 1];
			struct err_item *b = &err->items[k];
			struct err_item swap = *a;

			if (!a->file || !b->file || strcmp(a->file, b->file) != 0 || a->line < b->line ||
			    (a->line == b->line && a->column <= b->column))
				break;
			*a = *b;
			*b = swap;
		}
	}
}

static int check_project(struct stack *stack, const struct stack_load *load, struct err *err)
{
	char *name = stack_project_name(load->project);

	if (!name || !*name) {
		err_at(err, ERR_CONFIG, load->project_place,
		       "'%s' leaves no project name: wanted letters, digits, '-' and '_'", load->project);
		err_hint(err, "give the project a name with -p NAME or a top-level 'name'");
		free(name);
		return -EINVAL;
	}
	stack->name = pool_strdup(stack->pool, name);
	free(name);
	return 0;
}

/* What is printed instead of the tree that was read; secrets do not survive in it. */
static void mask_root(struct stack *stack, struct stack_source *source, const struct strmap *overrides,
		      const char *project)
{
	struct err ignored = ERR_INIT;
	struct stack_load load = {.source = source,
				  .pool = stack->pool,
				  .kept = stack->pool,
				  .overrides = overrides,
				  .mask = true,
				  .project = project,
				  .err = &ignored};
	const struct node *merged;
	struct node *root;

	load.declared = stack_load_declared(&load);
	merged = stack_load_tree(&load);
	if (merged) {
		root = stack_finish(&load, merged);
		stack_mask_values(stack->pool, &stack->secrets, root);
		stack->root = root;
	} else
		stack->root = node_create(stack->pool, NODE_MAP, stack->root->place);
	stack_load_finish(&load);
	err_finish(&ignored);
}

static struct stack *stack_create(struct stack_source *source)
{
	struct pool *pool = pool_create();
	struct stack *stack = pool_alloc(pool, sizeof(*stack));

	stack->pool = pool;
	stack->dir = pool_strdup(pool, source->dir);
	stack->files = pool_array(pool, 1, sizeof(*stack->files));
	err_init(&stack->warnings);
	strmap_init(&stack->asked);
	return stack;
}

static void keep_files(struct stack *stack, const struct stack_load *load)
{
	const char **files = pool_array(stack->pool, load->file_count + 1, sizeof(*files));

	for (size_t i = 0; i < load->file_count; i++)
		files[i] = pool_strdup(stack->pool, load->files[i]);
	stack->files = files;
}

int stack_resolve(struct stack_source *source, const struct stack_resolve_options *options, struct stack **resolved,
		  struct err *err)
{
	struct stack *stack = stack_create(source);
	struct err found = ERR_INIT;
	/* What it takes to get there is several times what a stack is, and would stay as long. */
	struct pool *scratch = pool_create();
	struct stack_load load = {.source = source,
				  .pool = scratch,
				  .kept = stack->pool,
				  .err = &found,
				  .warnings = &stack->warnings,
				  .asked = &stack->asked,
				  .secrets = &stack->secrets,
				  .overrides = options ? options->overrides : NULL};
	struct reader reader = {.load = &load, .pool = stack->pool, .stack = stack, .err = &found};
	const struct node *merged;
	struct node *root;
	int result = -EINVAL;

	load.declared = stack_load_declared(&load);
	merged = stack_load_tree(&load);
	if (!merged || check_project(stack, &load, &found) < 0)
		goto out;
	root = node_copy(stack->pool, stack_finish(&load, merged));
	stack->root = root;
	keep_files(stack, &load);
	read_tree(&reader, root);
	if (err_is_set(&found))
		goto out;
	result = 0;
out:
	stack_mask_collect(&load, stack);
	if (result == 0 && options && options->mask_secrets)
		mask_root(stack, source, options->overrides, load.project);
	secrets_mask_err(&stack->secrets, &found);
	secrets_mask_err(&stack->secrets, &stack->warnings);
	env_files_finish(&reader);
	stack_load_finish(&load);
	pool_destroy(scratch);
	sort_errors(&found);
	if (result < 0) {
		for (size_t i = 0; i < found.count; i++)
			add_warning_of_place(&found.items[i], &stack->warnings);
		if (err)
			err_move(err, &found);
		stack_destroy(stack);
	} else {
		*resolved = stack;
	}
	err_finish(&found);
	return result;
}

void stack_destroy(struct stack *self)
{
	if (!self)
		return;
	for (size_t i = 0; i < self->service_count; i++) {
		strmap_finish(&self->services[i].environment);
		strmap_finish(&self->services[i].labels);
	}
	if (self->telemetry) {
		/* Ours since it was read: const only for those who look at it. */
		struct telemetry_decl *decl = (struct telemetry_decl *)(uintptr_t)self->telemetry;

		strmap_finish(&decl->env_on);
		strmap_finish(&decl->env_off);
	}
	err_finish(&self->warnings);
	strmap_finish(&self->asked);
	pool_destroy(self->pool);
}

bool stack_depends_on(const struct stack *self, const struct strmap *overrides)
{
	for (size_t i = 0; i < overrides->count; i++) {
		if (strmap_has(&self->asked, overrides->entries[i].key))
			return true;
	}
	return false;
}

const struct service *stack_find_service(const struct stack *self, const char *name)
{
	for (size_t i = 0; i < self->service_count; i++) {
		if (strcmp(self->services[i].name, name) == 0)
			return &self->services[i];
	}
	return NULL;
}

const char *stack_nearest_service(const struct stack *self, const char *name)
{
	const char **known = calloc(self->service_count + 1, sizeof(*known));
	const char *nearest = NULL;

	for (size_t i = 0; known != NULL && i < self->service_count; i++)
		known[i] = self->services[i].name;
	if (known != NULL)
		nearest = err_nearest(name, known);
	free(known);
	return nearest;
}

const struct probe_spec *service_readiness(const struct service *self)
{
	if (self->ready.kind != PROBE_NONE)
		return &self->ready;
	return self->healthcheck.kind != PROBE_NONE ? &self->healthcheck : NULL;
}

const struct probe_spec *service_liveness(const struct service *self)
{
	return self->ready.kind != PROBE_NONE && self->healthcheck.kind != PROBE_NONE ? &self->healthcheck : NULL;
}
