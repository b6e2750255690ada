/* SPDX-License-Identifier: MIT */
/*
 * One call of the Compose program after the other.
 *
 *   gathered   all parts in PART_ASKED become PART_CALLED
 *   pulled     images that are not there (compose_pull.c)
 *   run        `up -d SERVICES`; meanwhile compose_look.c tells those that were seen to start
 *   over       the run has ended: all containers are listed, those of the call looked at, which tells those that ran already or were too
 *              short to be seen; what is left has failed, by what was said of it
 *
 * When the engine went away meanwhile a failed call says nothing: those that have not started are PART_ASKED again, unsure. Whoever is not
 * wanted any more by then is looked at once more instead, and told as what it is.
 */
#include "launcher/engine/compose_parts.h"

#include "config/stack.h"
#include "launcher/engine/compose_explain.h"
#include "launcher/engine/containers_end.h"
#include "launcher/engine/docker_api.h"

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a Compose program that was asked to end may still finish. */
#define RUN_END_MS 2000
#define REMAKES_MAX 2
#define REMOVE_MS 30000

/* ---- Arguments ---- */

struct words {
	char **items; /* ends with NULL */
	size_t count;
	bool failed;
};

static void words_add(struct words *self, const char *text)
{
	char **items = realloc(self->items, (self->count + 2) * sizeof *items);

	if (items != NULL) {
		self->items = items;
		items[self->count] = strdup(text);
		items[self->count + 1] = NULL;
	}
	if (items == NULL || items[self->count] == NULL)
		self->failed = true;
	else
		self->count++;
}

static void words_finish(struct words *self)
{
	for (size_t i = 0; i < self->count; i++)
		free(self->items[i]);
	free(self->items);
}

static bool is_called(const struct engine *self, const char *service)
{
	for (size_t i = 0; i < self->part_count; i++) {
		const struct part *part = self->parts[i];

		if (part != NULL && part->state == PART_CALLED && strcmp(part->name, service) == 0)
			return true;
	}
	return false;
}

/* The highest replica that runs or is to; 0: none. */
static int count_in_play(const struct engine *self, const char *service)
{
	int count = 0;

	for (size_t i = 0; i < self->part_count; i++) {
		const struct part *part = self->parts[i];

		if (part != NULL && part->state != PART_NONE && part->replica > count &&
		    strcmp(part->name, service) == 0)
			count = part->replica;
	}
	return count;
}

/* Marks whom the call may touch: those it names, and what they depend on. */
static void mark_touched(const struct engine *self, bool *touched)
{
	const struct stack *stack = self->stack;
	bool more = true;

	for (size_t i = 0; i < stack->service_count; i++)
		touched[i] = is_called(self, stack->services[i].name);
	while (more) {
		more = false;
		for (size_t i = 0; i < stack->service_count; i++) {
			const struct service *service = &stack->services[i];

			for (size_t d = 0; touched[i] && d < service->depends_on_count; d++) {
				const struct service *on = stack_find_service(stack, service->depends_on[d].service);
				size_t at = on != NULL ? (size_t)(on - stack->services) : i;

				more = more || !touched[at];
				touched[at] = true;
			}
		}
	}
}

/* Another number of replicas than the file says has to be said in every call, or this one would undo it. */
static void add_scales(const struct engine *self, struct words *words)
{
	const struct stack *stack = self->stack;
	bool *touched = calloc(stack->service_count + 1, sizeof *touched);

	if (touched == NULL) {
		words->failed = true;
		return;
	}
	mark_touched(self, touched);
	for (size_t i = 0; i < stack->service_count; i++) {
		const struct service *service = &stack->services[i];
		int count = touched[i] && service->kind == SERVICE_CONTAINER ? count_in_play(self, service->name) : 0;
		char *text = NULL;

		if (count == 0 || count == service->replicas)
			continue;
		words_add(words, "--scale");
		if (asprintf(&text, "%s=%d", service->name, count) < 0)
			words->failed = true;
		else
			words_add(words, text);
		free(text);
	}
	free(touched);
}

static void make_words(const struct engine *self, struct words *words)
{
	for (char **arg = self->files.args; arg != NULL && *arg != NULL; arg++)
		words_add(words, *arg);
	words_add(words, "up");
	words_add(words, "-d");
	add_scales(self, words);
	for (size_t i = 0; i < self->stack->service_count; i++)
		if (is_called(self, self->stack->services[i].name))
			words_add(words, self->stack->services[i].name);
}

/* ---- Outcomes ---- */

static void tell_progress(struct part *part, const struct engine_progress *progress)
{
	const struct engine_options *options = &part->engine->options;

	if (options->events->progress != NULL)
		options->events->progress(options->context, part->id, progress);
}

static void fail_part(struct part *part, const struct err *why)
{
	const struct engine_options *options = &part->engine->options;

	free(part->why);
	part->why = NULL;
	part->settling = part->unsure = false;
	part->state = PART_NONE;
	options->events->start_failed(options->context, part->id, why);
}

static void fail_unwanted(struct part *part)
{
	struct err why = ERR_INIT;

	err_set(&why, ERR_FAILED, "it was stopped before it had started");
	fail_part(part, &why);
	err_finish(&why);
}

static void fail_called(struct engine *self, const struct err *why)
{
	for (size_t i = 0; i < self->part_count; i++)
		if (self->parts[i] != NULL && self->parts[i]->state == PART_CALLED)
			fail_part(self->parts[i], why);
}

/* `only_own`: not if it only was not started because of another. */
static void fail_missed(struct part *part, bool only_own)
{
	struct engine *self = part->engine;
	const struct service *service = part->service;
	struct compose_failure failure = {.stack = self->stack,
					  .service = part->name,
					  .image = service != NULL ? service->image : NULL,
					  .complaint = self->call.complaint != NULL ? self->call.complaint : "",
					  .own = part->why,
					  .program = self->options.compose->cli.shown,
					  .code = self->call.code};
	struct err why = ERR_INIT;

	if (compose_explain(&failure, &why) || !only_own) {
		secrets_mask_err(&self->stack->secrets, &why);
		fail_part(part, &why);
	}
	err_finish(&why);
}

static void ask_again(struct part *part)
{
	part->state = PART_ASKED;
	part->unsure = true;
	part->settling = part->fresh = false;
	tell_progress(part, NULL);
}

/*
 * An engine that died while it started a container may find a task of it when it is back that it cannot take over, and refuses every start of this container
 * from then on. One made anew starts.
 */
static bool is_stuck(const struct part *part)
{
	const char *complaint = part->engine->call.complaint;
	const char *const said[] = {part->why, complaint};

	if (part->container[0] == '\0' || part->remakes >= REMAKES_MAX)
		return false;
	for (size_t i = 0; i < 2; i++) {
		const char *at = said[i] != NULL ? strstr(said[i], part->container) : NULL;

		if (at != NULL && strncmp(at + strlen(part->container), ": already exists", 16) == 0)
			return true;
	}
	return false;
}

static void on_removed(void *context, const struct docker_answer *answer)
{
	struct part *part = context;

	part->stop = NULL;
	if (answer->error != 0)
		compose_suspect(part->engine);
	compose_due(part->engine);
}

static void remake(struct part *part)
{
	struct engine *self = part->engine;
	char path[COMPOSE_ID_BYTES + 64];

	part->remakes++;
	docker_call_cancel(part->stop);
	snprintf(path, sizeof path, "/containers/%s?force=1", part->container);
	part->stop = docker_begin(self->docker, &(struct docker_request){.method = "DELETE",
									 .path = path,
									 .timeout_ms = REMOVE_MS,
									 .done = on_removed,
									 .context = part});
	compose_watch_pulse(self);
	ask_again(part);
}

static void forget_call(struct engine *self)
{
	free(self->call.complaint);
	self->call.complaint = NULL;
	self->call.fetching[0] = self->call.unfetched[0] = '\0';
	self->call.over = self->call.cut = self->call.lost = false;
	if (self->run_limit != NULL)
		event_free(self->run_limit);
	self->run_limit = NULL;
}

static bool is_settling(const struct engine *self)
{
	for (size_t i = 0; i < self->part_count; i++)
		if (self->parts[i] != NULL && self->parts[i]->settling)
			return true;
	return false;
}

/* Those that cannot be started are made anew; true: there were such, and the others may only have waited for them. */
static bool remake_stuck(struct engine *self)
{
	bool any = false;

	for (size_t i = 0; i < self->part_count; i++) {
		struct part *part = self->parts[i];

		if (part == NULL || part->state != PART_CALLED || part->want != PART_WANT_RUN || self->ending ||
		    !is_stuck(part))
			continue;
		remake(part);
		any = true;
	}
	return any;
}

/* All are looked at: those that are still waited for have not started. */
static void conclude(struct engine *self)
{
	bool again;

	if (is_settling(self))
		return;
	again = remake_stuck(self) || self->call.lost || self->call.cut;
	for (size_t i = 0; i < self->part_count; i++) {
		struct part *part = self->parts[i];

		if (part == NULL || part->state != PART_CALLED)
			continue;
		if (part->want != PART_WANT_RUN || self->ending)
			fail_unwanted(part);
		else if (again)
			ask_again(part);
		else
			fail_missed(part, true);
	}
	/* First whose trouble it is, then those that it was brought to. */
	for (size_t i = 0; i < self->part_count; i++)
		if (self->parts[i] != NULL && self->parts[i]->state == PART_CALLED)
			fail_missed(self->parts[i], false);
	forget_call(self);
	compose_due(self);
}

void compose_call_settle(struct engine *self)
{
	for (size_t i = 0; i < self->part_count; i++) {
		struct part *part = self->parts[i];

		if (part == NULL || !part->settling || part->container[0] != '\0')
			continue;
		part->settling = false;
	}
	if (self->call.over)
		compose_due(self);
}

void compose_call_fail(struct engine *self)
{
	for (size_t i = 0; i < self->part_count; i++) {
		struct part *part = self->parts[i];
		bool asked = part != NULL && part->state == PART_ASKED && !part->unsure;

		if (asked && (part->want != PART_WANT_RUN || self->ending))
			fail_unwanted(part);
	}
}

void compose_call_lost(struct engine *self)
{
	self->call.lost = true;
	if (self->run != NULL || self->pull != NULL)
		return;
	for (size_t i = 0; i < self->part_count; i++)
		if (self->parts[i] != NULL && self->parts[i]->state == PART_CALLED)
			ask_again(self->parts[i]);
	forget_call(self);
}

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
 * says it among its progress (" web Error ...").
 */
static void look_for_fetching(struct engine *self, const char *line)
{
	const char *name = line + strspn(line, " ");
	const char *end = name + strcspn(name, " ");
	const char *error = " Error ";

	if (name > line && strncmp(end, error, strlen(error)) == 0)
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
	char *text = NULL;

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

/* Without it whoever comes after all of us were killed would not know of the containers: that alone is no reason not to start. */
static void write_note(struct engine *self)
{
	const struct engine_options *options = &self->options;

	if (!self->call.made && options->state_dir != NULL)
		(void)containers_note_write(options->state_dir, &options->compose->endpoint, self->stack->name,
					    options->marker, NULL);
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
	struct words words = {NULL, 0, false};
	int rc = write_files(self, err);

	if (rc < 0)
		return rc;
	make_words(self, &words);
	if (words.failed) {
		rc = err_set(err, ERR_FAILED, "cannot start it: out of memory");
		err_set_cause(err, ERR_CAUSE_MEMORY);
		goto out;
	}
	write_note(self);
	options.args = (const char *const *)words.items;
	options.environment = self->files.environment;
	self->run = compose_run_start(&options, err);
	rc = self->run != NULL ? 0 : -EIO;
out:
	words_finish(&words);
	return rc;
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
		tell_progress(part, NULL);
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
		fail_called(self, &err);
		err_finish(&err);
		return;
	}
	for (size_t i = 0; i < self->part_count; i++)
		if (self->parts[i] != NULL && self->parts[i]->state == PART_CALLED)
			tell_progress(self->parts[i], &creating);
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
		conclude(self);
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
	forget_call(self);
}
