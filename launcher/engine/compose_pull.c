/* SPDX-License-Identifier: MIT */
/*
 * All images are asked for first, those that are not there fetched then, a few at once. An image goes through its states alone:
 * asked for -> missing -> (a helper is asked for the password) -> fetched -> done.
 */
#include "launcher/engine/compose_parts.h"

#include "config/clock.h"
#include "config/stack.h"
#include "launcher/engine/docker_api.h"
#include "launcher/engine/docker_auth.h"
#include "launcher/engine/docker_helper.h"
#include "launcher/engine/image_name.h"
#include "launcher/engine/pull_layers.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ASKS_MAX 8u
#define PULLS_MAX 3u
#define ASK_TIMEOUT_MS 30000
/* A unit is not told of progress more often than that. */
#define TELL_MS 100

enum image_state { IMAGE_NEW, IMAGE_ASKED, IMAGE_MISSING, IMAGE_PULLED, IMAGE_DONE };

struct image {
	struct compose_pull *pull;
	enum image_state state;
	char *text; /* as the services write it */
	char *platform; /* "": the engine's own */
	bool always;
	unsigned *units;
	size_t unit_count;
	struct image_name name;
	struct docker_call *call;
	struct docker_helper *helper;
	struct docker_auth auth;
	struct pull_layers layers;
	int64_t told_ms; /* 0: never */
	bool failed;
};

struct compose_pull {
	struct engine *engine;
	struct image *images;
	size_t count;
	struct event *over; /* all is done */
	void (*done)(struct engine *engine);
};

static void advance(struct compose_pull *self);

/* ---- What is told ---- */

static void tell(const struct image *self, const struct engine_progress *progress)
{
	struct engine *engine = self->pull->engine;
	const struct engine_options *options = &engine->options;

	for (size_t i = 0; options->events->progress != NULL && i < self->unit_count; i++)
		if (compose_find(engine, self->units[i]) != NULL)
			options->events->progress(options->context, self->units[i], progress);
}

static void tell_far(struct image *self, int64_t now_ms)
{
	const struct engine_progress progress = {ENGINE_PULLING, self->layers.done_bytes, self->layers.total_bytes,
						 self->text};

	self->told_ms = now_ms;
	tell(self, &progress);
}

/*
 * Whether it is there now or not is the Compose program's to find out, and to put into words. What could not be fetched it tries once more: that is
 * no end.
 */
static void image_end(struct image *self)
{
	const bool told = self->told_ms > 0 && !self->failed;

	for (size_t i = 0; self->failed && i < self->unit_count; i++) {
		struct part *part = compose_find(self->pull->engine, self->units[i]);

		if (part != NULL)
			part->unfetched = true;
	}

	self->state = IMAGE_DONE;
	docker_auth_finish(&self->auth);
	pull_layers_finish(&self->layers);
	self->told_ms = 0;
	if (told)
		tell(self, NULL);
	advance(self->pull);
}

/* ---- Fetching it ---- */

static void on_value(void *context, const cJSON *value)
{
	struct image *self = context;
	const int64_t now_ms = clock_monotonic_ms();

	self->failed = self->failed || cJSON_HasObjectItem(value, "error");
	if (pull_layers_take(&self->layers, value) > 0 && now_ms - self->told_ms >= TELL_MS)
		tell_far(self, now_ms);
}

static void on_pulled(void *context, const struct docker_answer *answer)
{
	struct image *self = context;

	self->call = NULL;
	if (answer->error < 0)
		compose_suspect(self->pull->engine);
	self->failed = self->failed || answer->error < 0 || answer->status != 200;
	image_end(self);
}

/* The caller frees; NULL: no memory. */
static char *make_path(const struct image *self)
{
	char *from = docker_escape(self->name.repository), *tag = docker_escape(self->name.tag);
	char *platform = docker_escape(self->platform), *path = NULL;

	if (from == NULL || tag == NULL || platform == NULL ||
	    asprintf(&path, "/images/create?fromImage=%s&tag=%s%s%s", from, tag, *platform != '\0' ? "&platform=" : "",
		     platform) < 0)
		path = NULL;
	free(from);
	free(tag);
	free(platform);
	return path;
}

static void pull(struct image *self)
{
	char *path = make_path(self);
	const struct docker_request request = {.method = "POST",
					       .path = path,
					       .header = self->auth.header,
					       .done = on_pulled,
					       .json = on_value,
					       .context = self};

	self->call = path != NULL ? docker_begin(self->pull->engine->docker, &request) : NULL;
	free(path);
	docker_auth_finish(&self->auth);
	if (self->call == NULL)
		image_end(self);
}

static void on_password(void *context, const char *text, size_t size_bytes)
{
	struct image *self = context;

	docker_auth_take(&self->auth, self->name.registry, text, size_bytes);
	pull(self);
}

static void begin_pull(struct image *self)
{
	const struct engine_options *options = &self->pull->engine->options;

	self->state = IMAGE_PULLED;
	docker_auth_find(&self->auth, options->environment, self->name.registry);
	if (self->auth.helper != NULL)
		self->helper = docker_helper_start(options->base, options->environment, self->auth.helper,
						   self->name.registry, on_password, self);
	if (self->helper == NULL)
		pull(self);
}

/* ---- Asking for it ---- */

static void on_asked(void *context, const struct docker_answer *answer)
{
	struct image *self = context;

	self->call = NULL;
	if (answer->error < 0)
		compose_suspect(self->pull->engine);
	if (answer->error < 0 || answer->status != 404) {
		image_end(self);
		return;
	}
	self->state = IMAGE_MISSING;
	tell_far(self, clock_monotonic_ms());
	advance(self->pull);
}

static void ask(struct image *self)
{
	char *name = docker_escape(self->text), *path = NULL;
	struct docker_request request = {
		.method = "GET", .timeout_ms = ASK_TIMEOUT_MS, .done = on_asked, .context = self};

	self->state = IMAGE_ASKED;
	if (name != NULL && asprintf(&path, "/images/%s/json", name) < 0)
		path = NULL;
	request.path = path;
	self->call = path != NULL ? docker_begin(self->pull->engine->docker, &request) : NULL;
	free(name);
	free(path);
	if (self->call == NULL)
		image_end(self);
}

/* ---- All of them ---- */

static size_t count_in(const struct compose_pull *self, enum image_state state)
{
	size_t count = 0;

	for (size_t i = 0; i < self->count; i++)
		count += self->images[i].state == state;
	return count;
}

/* Begins what may begin. An image may end meanwhile, and come back here: each is looked at as it then is. */
static void advance(struct compose_pull *self)
{
	static const struct timeval at_once = {0, 0};

	for (size_t i = 0; i < self->count; i++) {
		struct image *image = &self->images[i];

		if (image->state == IMAGE_NEW && image->always) {
			image->state = IMAGE_MISSING;
			tell_far(image, clock_monotonic_ms());
		}
		if (image->state == IMAGE_NEW && count_in(self, IMAGE_ASKED) < ASKS_MAX)
			ask(image);
		else if (image->state == IMAGE_MISSING && count_in(self, IMAGE_PULLED) < PULLS_MAX)
			begin_pull(image);
	}
	if (count_in(self, IMAGE_DONE) == self->count)
		event_add(self->over, &at_once);
}

static void on_over(evutil_socket_t fd, short what, void *context)
{
	struct compose_pull *self = context;
	struct engine *engine = self->engine;
	void (*done)(struct engine *) = self->done;

	(void)fd;
	(void)what;
	if (engine->pull == self)
		engine->pull = NULL;
	compose_pull_cancel(self);
	done(engine);
}

void compose_pull_cancel(struct compose_pull *self)
{
	if (self == NULL)
		return;
	for (size_t i = 0; i < self->count; i++) {
		struct image *image = &self->images[i];

		docker_call_cancel(image->call);
		docker_helper_destroy(image->helper);
		docker_auth_finish(&image->auth);
		pull_layers_finish(&image->layers);
		image_name_finish(&image->name);
		free(image->text);
		free(image->platform);
		free(image->units);
	}
	free(self->images);
	if (self->over != NULL)
		event_free(self->over);
	free(self);
}

/* ---- Which ones ---- */

static bool is(const char *text, const char *word)
{
	return text != NULL && strcmp(text, word) == 0;
}

/* An image that is made here, or is not to be fetched, is left to the Compose program. */
static bool may_pull(const struct service *service)
{
	return service != NULL && service->image != NULL && *service->image != '\0' && !service->has_build &&
	       !is(service->pull_policy, "never") && !is(service->pull_policy, "build");
}

static struct image *find_image(const struct compose_pull *self, const struct service *service)
{
	const char *platform = service->platform != NULL ? service->platform : "";

	for (size_t i = 0; i < self->count; i++)
		if (strcmp(self->images[i].text, service->image) == 0 &&
		    strcmp(self->images[i].platform, platform) == 0)
			return &self->images[i];
	return NULL;
}

/* One that is no name of an image is left to the Compose program: *made is NULL then. */
static int add_image(struct compose_pull *self, const struct service *service, struct image **made)
{
	struct image *image = &self->images[self->count];

	*made = NULL;
	*image = (struct image){.pull = self, .state = IMAGE_NEW};
	image->text = strdup(service->image);
	image->platform = strdup(service->platform != NULL ? service->platform : "");
	self->count++;
	if (image->text == NULL || image->platform == NULL)
		return -ENOMEM;
	switch (image_name_read(&image->name, image->text)) {
	case 0:
		*made = image;
		return 0;
	case -ENOMEM:
		return -ENOMEM;
	default:
		image->state = IMAGE_DONE;
		return 0;
	}
}

static int add_part(struct compose_pull *self, const struct part *part)
{
	struct image *image = find_image(self, part->service);
	unsigned *units;
	int result = 0;

	if (image == NULL)
		result = add_image(self, part->service, &image);
	if (image == NULL)
		return result;
	units = reallocarray(image->units, image->unit_count + 1, sizeof(*units));
	if (units == NULL)
		return -ENOMEM;
	image->units = units;
	units[image->unit_count++] = part->id;
	image->always = image->always || is(part->service->pull_policy, "always");
	return 0;
}

struct compose_pull *compose_pull_begin(struct engine *self, struct part *const *parts, size_t count,
					void (*done)(struct engine *self))
{
	struct compose_pull *made = calloc(1, sizeof(*made));
	int result = made != NULL ? 0 : -ENOMEM;

	if (result == 0) {
		made->engine = self;
		made->done = done;
		made->images = calloc(count + 1, sizeof(*made->images));
		made->over = evtimer_new(self->options.base, on_over, made);
		result = made->images != NULL && made->over != NULL ? 0 : -ENOMEM;
	}
	compose_build_begin(self, parts, count);
	for (size_t i = 0; result == 0 && i < count; i++)
		if (may_pull(parts[i]->service))
			result = add_part(made, parts[i]);
	/* Without memory there is no progress to be seen; the Compose program fetches as well. */
	if (result < 0 || count_in(made, IMAGE_DONE) == made->count) {
		compose_pull_cancel(made);
		return NULL;
	}
	advance(made);
	return made;
}

bool compose_pull_owns(const struct compose_pull *self, pid_t pid)
{
	for (size_t i = 0; self != NULL && i < self->count; i++)
		if (docker_helper_is(self->images[i].helper, pid))
			return true;
	return false;
}

bool compose_pull_reaped(struct compose_pull *self, pid_t pid)
{
	for (size_t i = 0; self != NULL && i < self->count; i++)
		if (docker_helper_reaped(self->images[i].helper, pid))
			return true;
	return false;
}
