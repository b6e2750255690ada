/* SPDX-License-Identifier: MIT */
#include "launcher/supervisor/supervisor_private.h"

#include "config/clock.h"
#include "config/stack.h"
#include "launcher/process/notify.h"
#include "launcher/process/output.h"
#include "launcher/process/probe.h"
#include "launcher/supervisor/supervisor_telemetry.h"
#include "launcher/supervisor/unit_story.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONTAINER_ID_BYTES 64u
#define PROGRESS_TEXT_BYTES 256u
#define PROGRESS_EVERY_MS 200

/*
 * A container engine knows codes only: 137 is what it makes of a SIGKILL that somebody else has sent, and what a shell makes of one that its
 * command got. NULL: no such code.
 */
static const char *signal_behind(const struct unit *self, int code)
{
	return self->definition->kind == SERVICE_CONTAINER && code > 128 ? sigabbrev_np(code - 128) : NULL;
}

static void set_why_by_exit(struct unit *self, const struct engine_exit *how)
{
	bool well = !how->signaled && how->code == 0;
	const char *word = !well ? self->word.text : NULL;
	char text[96], whole[sizeof text + NOTIFY_STATUS_BYTES + 64];

	if (how->signaled)
		snprintf(text, sizeof text, "killed by SIG%s%s",
			 sigabbrev_np(how->signal) != NULL ? sigabbrev_np(how->signal) : "?",
			 how->oom    ? " (out of memory)"
			 : how->core ? " (core dumped)"
				     : "");
	else if (signal_behind(self, how->code) != NULL)
		snprintf(text, sizeof text, "exited with code %d (SIG%s)", how->code, signal_behind(self, how->code));
	else
		snprintf(text, sizeof text, "exited with code %d", how->code);
	/* A program that knows why it ends has said so before. */
	snprintf(whole, sizeof whole, word != NULL ? "%s; it said: %s" : "%s", text, word);
	unit_set_why(self, whole);
}

static struct unit *engine_unit(void *context, unsigned id)
{
	struct supervisor *supervisor = context;

	return id < supervisor->id_limit ? supervisor->by_id[id] : NULL;
}

static void keep_container(struct unit *unit, const char *id)
{
	char *copy;

	if (id == NULL)
		return;
	copy = strndup(id, CONTAINER_ID_BYTES);
	free(unit->container);
	unit->container = copy;
}

static void on_started(void *context, unsigned id, const struct engine_start *start)
{
	struct unit *unit = engine_unit(context, id);
	bool asked;

	if (unit == NULL)
		return;
	/* By its engine again, or by somebody's hand. */
	asked = unit->svc.start_pending;
	if (!asked && unit->svc.policy.by_engine && unit->svc.state != SVC_STOPPING)
		unit_begin_run(unit);
	unit_set_progress(unit, NULL);
	unit->pid = start->pid;
	unit->ever_started = true;
	keep_container(unit, start->id);
	unit_step_event(unit, &(struct svc_event){.kind = SVC_STARTED, .has_health = start->has_health});
	/* Nothing is to start any more, whoever wants it. */
	if (!asked && unit->svc.state != SVC_STOPPING && (unit->leaving || unit->supervisor->phase == PHASE_STOPPING))
		unit->ask = ASK_STOP;
}

/* ---- Before it starts ---- */

/* Bytes come in many a second: nobody reads that fast. */
static bool is_worth_telling(const struct unit_progress *before, const struct unit_progress *now)
{
	if (!before->is_known || before->work != now->work)
		return true;
	if ((before->text == NULL) != (now->text == NULL) ||
	    (now->text != NULL && strcmp(before->text, now->text) != 0))
		return true;
	return now->told_ms - before->told_ms >= PROGRESS_EVERY_MS || (now->total > 0 && now->done >= now->total);
}

void unit_set_progress(struct unit *self, const struct engine_progress *progress)
{
	struct unit_progress now = {0};
	bool tell = self->progress.is_known;

	if (progress != NULL) {
		now = (struct unit_progress){
			.is_known = true,
			.work = progress->work,
			.done = progress->done,
			.total = progress->total,
			.text = progress->text != NULL ? strndup(progress->text, PROGRESS_TEXT_BYTES) : NULL,
			.told_ms = clock_monotonic_ms()};
		tell = is_worth_telling(&self->progress, &now);
		if (!tell)
			now.told_ms = self->progress.told_ms;
	}
	free(self->progress.text);
	self->progress = now;
	if (tell)
		supervisor_changed(self->supervisor, self->id);
}

static void on_progress(void *context, unsigned id, const struct engine_progress *progress)
{
	struct unit *unit = engine_unit(context, id);

	if (unit != NULL)
		unit_set_progress(unit, progress);
}

static void on_start_failed(void *context, unsigned id, const struct err *why)
{
	struct unit *unit = engine_unit(context, id);
	const char *message = why->count > 0 ? why->items[0].message : "it could not be started";

	if (unit == NULL || (why->cause == ERR_CAUSE_MEMORY && unit_start_later(unit)))
		return;
	unit_set_progress(unit, NULL);
	unit_set_why(unit, message);
	err_finish(&unit->start_error);
	err_init(&unit->start_error);
	if (why->count > 0)
		unit_add_reasons(&unit->start_error, why, (struct err_place){NULL, 0, 0}, NULL);
	else
		err_set(&unit->start_error, ERR_FAILED, "%s", message);
	unit_step(unit, SVC_START_FAILED);
}

/* Where nobody asks whether it is well there is no state for it: it stands beside the state, like what a service says of itself ("paused"). */
static void note_health(struct unit *unit, bool well, const char *detail)
{
	struct notify_message message = {.has_status = true};

	snprintf(message.status, sizeof message.status, "%s", well || detail == NULL ? "" : detail);
	if (unit_word_take(&unit->word, &message))
		supervisor_changed(unit->supervisor, unit->id);
}

static void on_exited(void *context, unsigned id, const struct engine_exit *how)
{
	struct unit *unit = engine_unit(context, id);

	if (unit == NULL)
		return;
	unit->pid = 0;
	if (unit->definition->kind == SERVICE_CONTAINER)
		note_health(unit, true, NULL);
	if (unit->supervisor->output != NULL)
		output_set_end(unit->supervisor->output, id, how->signaled, how->signaled ? how->signal : how->code);
	unit_story_exit(&unit->story, how, clock_monotonic_ms() - unit->svc.started_ms, clock_wall_ms());
	set_why_by_exit(unit, how);
	unit_step_event(unit, &(struct svc_event){.kind = SVC_EXITED, .exit = *how});
}

static void on_cleared(void *context, unsigned id)
{
	struct unit *unit = engine_unit(context, id);

	if (unit != NULL)
		unit_step(unit, SVC_CLEARED);
}

static void on_health(void *context, unsigned id, bool well, const char *detail)
{
	struct unit *unit = engine_unit(context, id);

	if (unit == NULL)
		return;
	if (svc_probe(&unit->svc) == NULL)
		note_health(unit, well, detail);
	unit_story_answer(&unit->story, well, detail, clock_wall_ms());
	/* Before a probe of ours has said well, the engine's word is not what is waited for. */
	if (svc_probe(&unit->svc) != NULL && svc_probe(&unit->svc)->kind == PROBE_ENGINE) {
		unit_start_probed(&unit->start, supervisor_since_begin_ms(unit->supervisor));
		unit_set_why(unit, detail);
	}
	unit_step(unit, well ? SVC_HEALTH_WELL : SVC_HEALTH_ILL);
}

static void on_notified(void *context, unsigned id, const struct notify_message *message)
{
	struct unit *unit = engine_unit(context, id);
	const struct probe_spec *probe = unit != NULL ? svc_probe(&unit->svc) : NULL;

	if (unit == NULL)
		return;
	if (unit_word_take(&unit->word, message))
		supervisor_changed(unit->supervisor, id);
	if (message->extend_ms > 0) {
		svc_extend(&unit->svc, message->extend_ms, clock_monotonic_ms());
		supervisor_touch(unit->supervisor);
	}
	/* Once a health check is asked in its place its word counts no more. */
	if (probe != NULL && probe->kind == PROBE_NOTIFY) {
		if (message->ready)
			unit_probe_result(unit, true, "it says that it is ready");
		else if (message->watchdog && unit->svc.was_ready)
			unit_probe_result(unit, true, "it says that it is alive");
	}
	if (message->trouble) {
		unit_set_why(unit, "it says itself that it is not well (WATCHDOG=trigger)");
		unit_step(unit, SVC_TROUBLE);
	}
}

static bool on_output(void *context, unsigned id, enum engine_stream stream, const char *bytes, size_t size_bytes,
		      int64_t time_ms)
{
	struct supervisor *supervisor = context;
	struct unit *unit = engine_unit(context, id);

	if (unit == NULL)
		return true;
	if (supervisor->output != NULL)
		output_write(supervisor->output, id, (int)stream, bytes, size_bytes,
			     time_ms > 0 ? time_ms : clock_wall_ms());
	if (unit->definition->tty)
		terminal_modes_take(&unit->modes, bytes, size_bytes);
	if (unit->probe != NULL && unit->probe_spec->kind == PROBE_LOG)
		probe_feed(unit->probe, bytes, size_bytes);
	return true;
}

static void on_output_ended(void *context, unsigned id)
{
	struct supervisor *supervisor = context;

	struct unit *unit = engine_unit(context, id);

	if (unit == NULL || supervisor->output == NULL)
		return;
	/* The rest of a container's run may come when the next has begun: that one goes on. */
	if (unit->definition->kind == SERVICE_CONTAINER && !output_knows_end(supervisor->output, id))
		return;
	output_end(supervisor->output, id, clock_wall_ms());
}

void unit_log_trouble(void *context, unsigned id)
{
	supervisor_changed(context, id);
}

static bool on_is_other(void *context, pid_t pid)
{
	return telemetry_started(context, pid) || engines_own(context, pid);
}

const struct engine_events unit_engine_events = {
	.started = on_started,
	.progress = on_progress,
	.start_failed = on_start_failed,
	.exited = on_exited,
	.cleared = on_cleared,
	.health = on_health,
	.notified = on_notified,
	.output = on_output,
	.output_ended = on_output_ended,
	.reachable = containers_on_reachable,
	.closed = containers_on_closed,
	.is_other = on_is_other,
};
