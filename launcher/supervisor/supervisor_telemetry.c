/* SPDX-License-Identifier: MIT */
#include "launcher/supervisor/supervisor_telemetry.h"

#include "config/clock.h"
#include "config/stack.h"
#include "launcher/supervisor/supervisor_private.h"
#include "telemetry/sanitize.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Requests to the control API that are reported: a program that asks every second is no use that anybody needs to hear of more often. */
#define REQUESTS_MAX 100
#define REQUESTS_MAX_MS 60000

/* ---- What services are told ---- */

/* The block says so itself: without a relay it counts as off. */
static bool block_asks_for_relay(const struct stack *stack)
{
	struct strmap told;
	const char *answer;
	bool asks;

	strmap_init(&told);
	asks = telemetry_environment(stack, true, NULL, "x", "x", &told) == 0 &&
	       (answer = strmap_find(&told, "UPFRONT_TELEMETRY")) != NULL && strcmp(answer, "off") == 0;
	strmap_finish(&told);
	return asks;
}

static bool wants_relay(const struct stack *stack)
{
	const struct telemetry_decl *declared = stack->telemetry;

	return declared != NULL &&
	       (declared->event_count > 0 || (declared->routes != NULL && *declared->routes != NULL) ||
		block_asks_for_relay(stack));
}

/* Without one, those who ask for it are told off; why, is for `telemetry status`. */
static void open_relay(struct supervisor *self)
{
	int rc;

	if (telemetry_is_printed(self->options->environment)) {
		self->relay_why = "UPFRONT_TELEMETRY_PRINT=1: events are written to stderr";
	} else if (!wants_relay(self->stack)) {
		self->relay_why = "the stack file declares nothing that services could send";
	} else if ((rc = relay_open(self)) < 0) {
		snprintf(self->relay_trouble, sizeof self->relay_trouble,
			 "no port could be opened on 127.0.0.1 (%s): services are told off", strerror(-rc));
		self->relay_why = self->relay_trouble;
	}
}

static void open_telemetry(struct supervisor *self)
{
	open_relay(self);
	if (report_open(self) == 0 && sender_open(self, relay_offer(self))) {
		relay_follow(self);
		return;
	}
	report_close(self);
	relay_close(self);
	self->relay_why = "upfront-telemetry cannot be started: nothing is sent";
	if (self->options->print_fd > 0)
		close(self->options->print_fd);
}

/* Where telemetry could not be opened there is no gate for the services' own events either: they are told "off". */
static int fill(const struct supervisor *self, enum service_kind kind, struct strmap *told)
{
	const struct telemetry *telemetry = sender_telemetry(self);
	const bool reaches = kind == SERVICE_NATIVE ? self->relay != NULL : relay_reaches_containers(self);
	char *url = relay_url(self, kind);
	int rc = reaches && url == NULL ? -ENOMEM : 0;

	if (rc == 0)
		rc = telemetry_environment(self->stack, telemetry != NULL, url,
					   telemetry != NULL ? telemetry_distinct_id(telemetry) : NULL,
					   telemetry != NULL ? telemetry_session_id(telemetry) : NULL, told);
	free(url);
	return rc;
}

static int tell_containers(struct supervisor *self)
{
	struct containers *containers = &self->containers;
	int rc = fill(self, SERVICE_CONTAINER, &containers->told);

	if (rc == 0)
		rc = telemetry_block(self->stack, &containers->told, &containers->block);
	if (rc == 0)
		rc = strmap_merge(&containers->off, &self->telemetry_off);
	if (rc == 0)
		rc = telemetry_block(self->stack, &containers->off, &containers->block_off);
	return rc;
}

static int tell(struct supervisor *self)
{
	int rc = fill(self, SERVICE_NATIVE, &self->telemetry_environment);

	if (rc == 0 && sender_telemetry(self) != NULL)
		rc = telemetry_environment(self->stack, false, NULL, NULL, NULL, &self->telemetry_off);
	if (rc == 0 && self->options->compose != NULL)
		rc = tell_containers(self);
	return rc;
}

static int resolve(struct stack_source *source, const struct strmap *overrides, struct stack **stack, struct err *err)
{
	return stack_resolve(source, &(struct stack_resolve_options){.overrides = overrides}, stack, err);
}

void telemetry_prepare_stack(const struct supervisor *self, struct stack_source *source, struct stack *stack,
			     struct stack **off)
{
	struct err ignored = ERR_INIT;

	/* Who holds the token can send as a service of this stack does: it is not for screens. */
	if (relay_token(self) != NULL && stack->pool != NULL)
		secrets_add(&stack->secrets, stack->pool, relay_token(self));
	if (off == NULL || source == NULL || self->telemetry_off.count == 0 ||
	    (!stack_depends_on(stack, &self->telemetry_off) && !stack_depends_on(stack, &self->telemetry_environment)))
		return;
	/* A file that cannot be filled in so is no reason not to start: after a withdrawal it stays as it is until it is read again. */
	if (resolve(source, &self->telemetry_off, off, &ignored) < 0)
		*off = NULL;
	err_finish(&ignored);
}

int telemetry_prepare(struct supervisor *self, struct err *err)
{
	struct stack *resolved = NULL;
	int rc;

	self->relay_why = "usage statistics are off";
	if (self->consent.state == CONSENT_ON)
		open_telemetry(self);
	rc = tell(self);
	if (rc < 0)
		return err_set(err, ERR_INTERNAL, "cannot prepare what services are told on telemetry: %s",
			       strerror(-rc));
	if (self->options->source != NULL && stack_depends_on(self->stack, &self->telemetry_environment)) {
		rc = resolve(self->options->source, &self->telemetry_environment, &resolved, err);
		if (rc < 0)
			return rc;
		self->stack = resolved;
		self->stack_is_ours = true;
	}
	telemetry_prepare_stack(self, self->options->source, self->stack, &self->stack_off);
	return telemetry_resolve_for_containers(self, self->options->source, self->stack, &self->containers.stack, err);
}

static bool is_told_the_same(const struct supervisor *self)
{
	const struct strmap *a = &self->telemetry_environment, *b = &self->containers.told;

	for (size_t i = 0; i < a->count; i++) {
		const char *value = strmap_find(b, a->entries[i].key);

		if (value == NULL || strcmp(value, a->entries[i].value) != 0)
			return false;
	}
	return a->count == b->count;
}

int telemetry_resolve_for_containers(const struct supervisor *self, struct stack_source *source,
				     const struct stack *stack, struct stack **theirs, struct err *err)
{
	*theirs = NULL;
	if (self->options->compose == NULL || source == NULL || is_told_the_same(self) ||
	    (!stack_depends_on(stack, &self->containers.told) &&
	     !stack_depends_on(stack, &self->telemetry_environment)))
		return 0;
	return resolve(source, &self->containers.told, theirs, err);
}

/* ---- Children ---- */

bool telemetry_started(const struct supervisor *self, pid_t pid)
{
	return sender_is(self, pid) || report_started(self, pid) || withdraw_started(self, pid);
}

bool telemetry_reaped(struct supervisor *self, pid_t pid, const struct engine_exit *how)
{
	if (sender_is(self, pid)) {
		sender_ended(self);
		return true;
	}
	return report_reaped(self, pid, how) || withdraw_reaped(self, pid);
}

/* ---- What was asked of the stack ---- */

bool supervisor_is_reporting(const struct supervisor *self)
{
	return self->sender != NULL;
}

static bool may_note_request(struct supervisor *self)
{
	const int64_t cost_ms = REQUESTS_MAX_MS / REQUESTS_MAX, now = clock_monotonic_ms();
	int64_t *paid_ms = &self->requests_paid_ms; /* a bucket, by the time up to which it is paid for */

	if (*paid_ms < now - REQUESTS_MAX_MS)
		*paid_ms = now - REQUESTS_MAX_MS;
	if (*paid_ms + cost_ms > now)
		return false;
	*paid_ms += cost_ms;
	return true;
}

void supervisor_note_request(struct supervisor *self, const struct telemetry_request *request)
{
	if (!supervisor_is_reporting(self))
		return;
	if (may_note_request(self))
		held_note(self, (struct telemetry_event){.kind = TELEMETRY_API_REQUEST, .request = request});
	else
		telemetry_drop(sender_telemetry(self));
}

bool supervisor_knows_command(const struct supervisor *self, const struct telemetry_command *command)
{
	const struct supervisor_options *options = self->options;
	const struct telemetry_decl *declared = self->stack->telemetry;

	return sanitize_could_make(options->commands, options->command_count, command->command, command->args,
				   command->arg_count) ||
	       (declared != NULL && sanitize_could_make(declared->commands, declared->command_count, command->command,
							command->args, command->arg_count));
}

void supervisor_note_command(struct supervisor *self, const struct telemetry_command *command)
{
	const struct sanitized *typed = self->options->command;

	self->up_told |= typed != NULL && strcmp(command->command, typed->command) == 0;
	held_note(self, (struct telemetry_event){.kind = TELEMETRY_CLI_COMMAND, .command = command});
}

/* In the words that any command's end is told with; how a start failed has an event of its own. */
static enum telemetry_error error_of_command(const struct supervisor *self)
{
	enum telemetry_error own;

	if (self->end_signal != 0)
		return ERROR_INTERRUPTED;
	if (!err_is_set(&self->failure))
		return self->error_type == ERROR_START_TIMEOUT ? ERROR_TIMEOUT : ERROR_INTERRUPTED;
	own = telemetry_error_of(self->failure.code);
	if (own == ERROR_OTHER && (self->error_type == ERROR_EXITED || self->error_type == ERROR_SIGNALED))
		return self->error_type;
	return own;
}

/*
 * The `up` that holds on to its stack ends with it, and so does one that waits for a start that fails: both come too late to tell. One
 * that let go of its stack has told of itself by then.
 */
static void tell_own_command(struct supervisor *self)
{
	const struct sanitized *typed = self->options->command;
	const bool failed = err_is_set(&self->failure) || self->end_signal != 0 || self->ended_early;

	if (typed == NULL || !typed->tracked || (self->detached && (self->was_up || self->up_told)))
		return;
	supervisor_note_command(self,
				&(struct telemetry_command){
					.command = typed->command,
					.args = typed->args,
					.arg_count = typed->arg_count,
					.duration_ms = clock_monotonic_ms() - self->options->begin_ms,
					.success = !failed,
					.error_type = failed ? telemetry_error_name(error_of_command(self)) : NULL,
					.job_count = -1,
				});
}

void supervisor_show_telemetry(const struct supervisor *self, struct supervisor_telemetry *shown)
{
	const struct telemetry *telemetry = sender_telemetry(self);

	*shown = (struct supervisor_telemetry){
		.counts = telemetry != NULL ? telemetry_counts(telemetry) : self->telemetry_counts,
	};
	relay_show(self, shown);
}

/* ---- The end ---- */

void telemetry_end(struct supervisor *self)
{
	report_send(self);
	held_send(self);
	tell_own_command(self);
	held_send(self);
	report_close(self);
	sender_close(self, false);
	/* No service is left; the sender has a hold of its own on the relay. */
	relay_close(self);
	withdraw_close(self);
}

void telemetry_finish(struct supervisor *self)
{
	stack_destroy(self->stack_off);
	stack_destroy(self->containers.stack);
	self->stack_off = self->containers.stack = NULL;
}
