/* SPDX-License-Identifier: MIT */
#include "launcher/command/doctor.h"

#include "config/err.h"
#include "config/stack.h"
#include "launcher/cli.h"
#include "launcher/command/command.h"
#include "launcher/supervisor/order.h"

#include <stdlib.h>
#include <string.h>

bool doctor_means(const struct doctor *self, size_t service)
{
	return self->member == NULL || self->member[service];
}

static int select_services(struct doctor *self, struct err *err)
{
	const struct stack *stack = self->project.stack;
	size_t *order = NULL;
	int result = order_make(stack, &order, NULL, err);

	free(order);
	if (result < 0 || self->context->arg_count == 0)
		return result;
	self->member = calloc(stack->service_count + 1, sizeof(*self->member));
	if (self->member == NULL)
		return err_set(err, ERR_INTERNAL, "out of memory");
	return order_select(stack, (const char *const *)self->context->args, false, self->member, err);
}

static void add_stack(struct doctor *self)
{
	const struct stack *stack = self->project.stack;
	size_t native = 0, container = 0;

	for (size_t i = 0; i < stack->service_count; i++) {
		if (!doctor_means(self, i))
			continue;
		native += stack->services[i].kind == SERVICE_NATIVE ? 1 : 0;
		container += stack->services[i].kind == SERVICE_CONTAINER ? 1 : 0;
	}
	doctor_add(self, "stack_file", NULL, DOCTOR_OK, NULL, "%s: %zu on this machine, %zu in containers",
		   stack->files[0], native, container);
}

static void add_project(struct doctor *self)
{
	const bool running = project_is_running(&self->project);

	self->runs = running && project_is_from_here(&self->project);
	if (running && !self->runs)
		doctor_add(self, "project", self->project.name, DOCTOR_MISSING, "give this one another name: -p NAME",
			   "runs already, from another folder");
	else
		doctor_add(self, "project", self->project.name, DOCTOR_OK, NULL, "%s",
			   running ? "runs already, from this folder" : "does not run");
}

/* 0, or -errno with what is wrong in the files, as `config` says it. */
static int load(struct doctor *self, struct err *err)
{
	int result = project_open(&self->project, self->context, err);

	if (result == 0)
		doctor_check_setup(self, err);
	if (result == 0 && !err_is_set(err))
		result = project_load(&self->project, self->context, err);
	if (result == 0 && !err_is_set(err))
		result = select_services(self, err);
	return err_is_set(err) ? -1 : result;
}

/* What the files are wrong in is also said on standard error, in full: it is the reason for the exit code. */
static void examine(struct doctor *self, struct err *err)
{
	doctor_check_machine(self);
	if (load(self, err) < 0) {
		if (err->code == ERR_CONFIG && err->count > 0)
			doctor_add(self, "stack_file", NULL, DOCTOR_WRONG, err->items[0].hint, "%s",
				   err->items[0].message);
		return;
	}
	add_stack(self);
	add_project(self);
	doctor_check_folders(self);
	doctor_check_limits(self);
	doctor_check_stack(self);
	doctor_check_containers(self);
}

static int doctor_run(struct cli_context *context, struct err *err)
{
	struct doctor self = {.context = context};

	project_init(&self.project);
	/* Not even what an earlier run left is ended. */
	self.project.only_looks = true;
	self.project.named = (const char *const *)context->args;
	examine(&self, err);
	if (self.failed)
		err_set(err, ERR_INTERNAL, "out of memory");
	if (err->code != ERR_USAGE && context->globals.json)
		doctor_print_json(&self, err);
	else if (err->code != ERR_USAGE)
		doctor_print_table(&self, context->globals.quiet);
	const bool missing = doctor_count(&self, DOCTOR_MISSING) > 0;

	doctor_finish_rows(&self);
	free(self.member);
	project_finish(&self.project);
	return err_is_set(err) ? (int)err->code : missing ? ERR_MISSING : 0;
}

const struct cli_command command_doctor = {
	.name = "doctor",
	.args = "[SERVICE...]",
	.summary = "what this machine lacks for the stack, with the mend for each",
	.text = "Looks only: executes nothing from the stack file, makes nothing, starts nothing. With names: for "
		"these\n"
		"services and those they need. -q shows only what is not as it should be.\n"
		"\n"
		"Exit codes: 0 nothing is missing; 3 the stack file is wrong; 4 something is missing or taken.",
	.args_max = -1,
	.run = doctor_run,
};
