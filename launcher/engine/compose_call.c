/* SPDX-License-Identifier: MIT */
/*
 * One call of the Compose program after the other.
 *
 *   gathered   all parts in PART_ASKED become PART_CALLED
 *   pulled     images that are not there (compose_pull.c)
 *   run        `up -d SERVICES`; meanwhile compose_look.c tells those that were seen to start
 *   over       the run has ended: all containers are listed, those of the call looked at, which tells those that ran already or were too
 *              short to be seen; what is left has failed, by what was said of it (compose_outcome.c)
 *
 * When the engine went away meanwhile a failed call says nothing: those that have not started are PART_ASKED again, unsure. Whoever is not
 * wanted any more by then is looked at once more instead, and told as what it is.
 */
#include "launcher/engine/compose_parts.h"

#include "config/stack.h"
#include "launcher/engine/containers_end.h"

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a Compose program that was asked to end may still finish. */
#define RUN_END_MS 2000

/* ---- The run ---- */

/* In the words by which version 1 tells of everything else. */
static void note_unfetched(struct engine *self, const char *service, int service_bytes, const char *why)
{
	size_t used = strlen(self->call.unfetched);

	snprintf(self->call.unfetched + used, sizeof self->call.unfetched - used, "%sfor %.*s  %s",
		 used > 0 ? "; " : "", service_bytes, service, why);
}

/*
 * What is said of an image that cannot be had names no service: version 1 has said before whose it fetches ("Pulling web (example.org/web)..."), version 2
 * says it among its progress (" web Error ..."). Neither does what version 2 says of a build that failed, but what it shows of it before
 * (" > [web 2/4] RUN ..."). Of a failed build version 1 says no more than that, but has the builder's last words before.
 */
static void look_for_fetching(struct engine *self, const char *line)
{
	const char *name = line + strspn(line, " ");
	const char *end = name + strcspn(name, " ");
	const char *error = " Error ";
	const char *built = compose_build_failed(self, line);

	if (built != NULL)
		snprintf(self->call.fetching, sizeof self->call.fetching, "%s", built);
	else if (self->building[0] != '\0' && strncmp(line, "The command '", 13) == 0)
		note_unfetched(self, self->building, (int)strlen(self->building), line);
	else if (name > line && strncmp(end, error, strlen(error)) == 0)
		note_unfetched(self, name, (int)(end - name), end + strlen(error));
	else if (strncmp(line, "Pulling ", 8) == 0 && strstr(line, " (") != NULL)
		snprintf(self->call.fetching, sizeof self->call.fetching, "%.*s", (int)strcspn(line + 8, " "),
			 line + 8);
	else if (strncmp(line, "Status: ", 8) == 0)
		self->call.fetching[0] = '\0';
}

static void on_line(void *context, const char *line)
{
	look_for_fetching(context, line);
	compose_pull_line(context, line);
}

static char *make_complaint(struct engine *self, const char *said)
{
	const char *only = compose_build_only(self);
	char *text = NULL;

	/* Of what it could not even begin to build nothing is shown. */
	if (self->call.fetching[0] == '\0' && only != NULL && strstr(said, "failed to solve") != NULL)
		snprintf(self->call.fetching, sizeof self->call.fetching, "%s", only);
	if (self->call.fetching[0] != '\0' && *said != '\0')
		note_unfetched(self, self->call.fetching, (int)strlen(self->call.fetching), said);
	if (asprintf(&text, "%s%s%s", said, self->call.unfetched[0] != '\0' ? "; " : "", self->call.unfetched) < 0)
		return NULL;
	return text;
}

/* Those of the call, and those of an earlier one that nobody wants any more, are told by how they are now. */
static void begin_settling(struct engine *self)
{
	self->call.over = true;
	for (size_t i = 0; i < self->part_count; i++)
		if (self->parts[i] != NULL && self->parts[i]->state == PART_CALLED)
			self->parts[i]->settling = true;
	compose_list(self);
}

static void on_run_done(void *context, int code, const struct err *why)
{
	struct engine *self = context;
	const char *complaint =
		why != NULL && why->count > 0 ? why->items[0].message : compose_run_complaint(self->run);

	free(self->call.complaint);
	self->call.complaint = make_complaint(self, complaint);
	self->call.code = why != NULL ? -1 : code;
	compose_run_destroy(self->run);
	self->run = NULL;
	if (self->reachable)
		begin_settling(self);
	else
		compose_call_lost(self);
	compose_due(self);
}

static int write_files(struct engine *self, struct err *err)
{
	const struct engine_options *options = &self->options;
	struct compose_files_options files = {.stack = self->stack,
					      .source = self->source,
					      .cli = &options->compose->cli,
					      .environment = options->environment,
					      .telemetry = options->telemetry,
					      .interpolation = options->interpolation,
					      .dir = options->runtime_dir,
					      .host_variable = options->compose->endpoint.host_variable};
	int rc;

	if (!self->files_stale)
		return 0;
	compose_files_finish(&self->files);
	memset(&self->files, 0, sizeof self->files);
	rc = compose_files_write(&files, &self->files, err);
	self->files_stale = rc < 0;
	return rc;
}

/* Of what `podman compose` runs nobody knows which folder it notes. */
static const char *folder_of_call(const struct engine *self)
{
	return self->options.compose->endpoint.podman ? NULL : self->files.dir;
}

/* A reload may have moved them: those of before are ours as well. False: it is as it was. */
static bool note_folder(struct engine *self)
{
	const char *dir = folder_of_call(self);

	if (self->call.made && (self->call.dir == NULL || (dir != NULL && strcmp(self->call.dir, dir) == 0)))
		return false;
	free(self->call.dir);
	self->call.dir = !self->call.made && dir != NULL ? strdup(dir) : NULL;
	return true;
}

/* Without it whoever comes after all of us were killed would not know of the containers: that alone is no reason not to start. */
static void write_note(struct engine *self)
{
	const struct engine_options *options = &self->options;

	if (note_folder(self) && options->state_dir != NULL)
		(void)containers_note_write(options->state_dir, &options->compose->endpoint, self->stack->name,
					    self->call.dir, options->marker, NULL);
	self->call.made = true;
}

static int begin_run(struct engine *self, struct err *err)
{
	struct compose_run_options options = {.base = self->options.base,
					      .cli = &self->options.compose->cli,
					      .cwd = self->stack->dir,
					      .line = on_line,
					      .done = on_run_done,
					      .context = self};
	char **args;
	int rc = write_files(self, err);

	if (rc < 0)
		return rc;
	args = compose_args(self);
	if (args == NULL) {
		rc = err_set(err, ERR_FAILED, "cannot start it: out of memory");
		err_set_cause(err, ERR_CAUSE_MEMORY);
		return rc;
	}
	write_note(self);
	options.args = (const char *const *)args;
	options.environment = self->files.environment;
	self->run = compose_run_start(&options, err);
	compose_args_free(args);
	return self->run != NULL ? 0 : -EIO;
}

/* Who is not wanted any more is not named. True: somebody is left. */
static bool drop_unwanted(struct engine *self)
{
	bool left = false;

	for (size_t i = 0; i < self->part_count; i++) {
		struct part *part = self->parts[i];

		if (part == NULL || part->state != PART_CALLED)
			continue;
		if (part->want == PART_WANT_RUN && !self->ending && self->reachable) {
			left = true;
			continue;
		}
		part->state = PART_ASKED; /* not reachable: until it is; else it is told as failed */
		compose_tell_progress(part, NULL);
	}
	return left;
}

static void run(struct engine *self)
{
	static const struct engine_progress creating = {.work = ENGINE_CREATING};
	struct err err = ERR_INIT;

	compose_due(self);
	self->call.lost = false;
	if (!drop_unwanted(self))
		return;
	if (begin_run(self, &err) < 0) {
		secrets_mask_err(&self->stack->secrets, &err);
		compose_call_fail_all(self, &err);
		err_finish(&err);
		return;
	}
	for (size_t i = 0; i < self->part_count; i++)
		if (self->parts[i] != NULL && self->parts[i]->state == PART_CALLED && !self->parts[i]->unfetched)
			compose_tell_progress(self->parts[i], &creating);
	compose_watch_pulse(self);
}

static void on_pulled(struct engine *self)
{
	self->pull = NULL;
	run(self);
}

static size_t gather(struct engine *self, struct part **parts)
{
	size_t count = 0;

	for (size_t i = 0; i < self->part_count; i++) {
		struct part *part = self->parts[i];

		/* What is being taken away (remake) would only be found again. */
		if (part == NULL || part->state != PART_ASKED || part->want != PART_WANT_RUN || part->stop != NULL)
			continue;
		part->state = PART_CALLED;
		part->fresh = part->unsure = part->settling = false;
		parts[count++] = part;
	}
	return count;
}

/* Those of a lost call that nobody wants any more: how they are says what became of them. */
static bool take_unsure(struct engine *self)
{
	bool any = false;

	for (size_t i = 0; i < self->part_count; i++) {
		struct part *part = self->parts[i];

		if (part == NULL || part->state != PART_ASKED || !part->unsure ||
		    (part->want == PART_WANT_RUN && !self->ending))
			continue;
		part->state = PART_CALLED;
		any = true;
	}
	return any;
}

void compose_call_next(struct engine *self)
{
	struct part **parts;
	size_t count;

	if (self->call.over)
		compose_call_conclude(self);
	if (self->call.over || self->run != NULL || self->pull != NULL || !self->reachable || self->returning)
		return;
	if (take_unsure(self)) {
		self->call.code = -1;
		begin_settling(self);
		return;
	}
	if (self->ending)
		return;
	parts = calloc(self->part_count + 1, sizeof(*parts));
	count = parts != NULL ? gather(self, parts) : 0;
	if (count > 0) {
		self->pull = compose_pull_begin(self, parts, count, on_pulled);
		if (self->pull == NULL)
			run(self);
		else
			compose_watch_pulse(self);
	}
	free(parts);
}

/* ---- Ending it ---- */

static void on_run_limit(evutil_socket_t fd, short what, void *context)
{
	struct engine *self = context;

	(void)fd;
	(void)what;
	if (self->run != NULL)
		compose_run_stop(self->run, true);
}

void compose_call_stop(struct engine *self, bool hard)
{
	struct timeval limit = {.tv_sec = RUN_END_MS / 1000, .tv_usec = RUN_END_MS % 1000 * 1000};

	if (self->pull != NULL) {
		compose_pull_cancel(self->pull);
		self->pull = NULL;
		(void)drop_unwanted(self);
		compose_due(self);
	}
	if (self->run == NULL)
		return;
	self->call.cut = true;
	compose_run_stop(self->run, hard);
	if (self->run_limit == NULL)
		self->run_limit = event_new(self->options.base, -1, 0, on_run_limit, self);
	if (self->run_limit == NULL || event_add(self->run_limit, &limit) < 0)
		compose_run_stop(self->run, true);
}

void compose_call_finish(struct engine *self)
{
	compose_pull_cancel(self->pull);
	compose_run_destroy(self->run);
	self->pull = NULL;
	self->run = NULL;
	compose_call_forget(self);
	free(self->call.dir);
	self->call.dir = NULL;
}
