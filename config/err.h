/* SPDX-License-Identifier: MIT */
/*
 * config/ - the floor every other folder stands on: what the person wrote (stack file, settings,
 * environment) turned into checked plain data, and the one error object.
 *
 *   err          one error object: code, and one or more messages with file:line:column and hint
 *   pool         memory that is freed in one go (strings and arrays of a stack)
 *   strmap       ordered map from text to text (environments, labels)
 *   paths        where files live (XDG), folders made safely, files written whole
 *   clock        the monotonic and the wall clock
 *   utf8         well-formed text, and its characters counted
 *   node         the tree a YAML document becomes; every node knows file, line and column
 *   stack_yaml   YAML text <-> node tree; the only file that sees libfyaml
 *   yaml_text    a YAML text looked at before it is parsed: no text, or too costly
 *   interpolate  $V, ${V:-d} and friends
 *   dotenv       .env files as Compose reads them
 *   dotenv_edit  such a file with answers merged in, all else kept
 *   secrets      values that are not to be shown, wherever they stand
 *   stack        the resolved stack: services, probes, policies, telemetry declaration
 *   setup        the stack's setup questions, and which of them are answered
 *   template     files that are made from templates
 *   settings     /etc/upfront/config.yaml and $XDG_CONFIG_HOME/upfront/config.yaml
 *   settings_screen  what the person's own says of the screen: keys, theme, colours
 *   settings_text  such a file edited in place, all else kept
 *   decide       who decides on telemetry consent: a pure function of its sources
 *   examples/    stacks that ship with upfront
 *   upfront.schema.json   JSON schema of the stack file, for editors
 */
#ifndef UPFRONT_CONFIG_ERR_H
#define UPFRONT_CONFIG_ERR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* What kind of failure; the number is the program's exit code. */
enum err_code {
	ERR_NONE = 0,
	ERR_FAILED = 1, /* a service failed, the stack could not be brought up */
	ERR_USAGE = 2, /* command line */
	ERR_CONFIG = 3, /* stack file, settings, environment */
	ERR_MISSING = 4, /* something needed is missing or taken */
	ERR_TIMEOUT = 5, /* timed out waiting */
	ERR_NOT_RUNNING = 6, /* no running stack to talk to */
	ERR_INTERNAL = 70 /* our own bug */
};

/* What stood in the way of starting a program, for who goes by it rather than by the words. */
enum err_cause {
	ERR_CAUSE_OTHER,
	ERR_CAUSE_COMMAND, /* there is no such program */
	ERR_CAUSE_EXECUTABLE, /* it is there, and cannot be run */
	ERR_CAUSE_DIRECTORY, /* the working directory is not there, or not to be entered */
	ERR_CAUSE_USER, /* no such user or group, or not permitted to be it */
	ERR_CAUSE_MEMORY, /* there was none for the moment */
	ERR_CAUSE_ANOTHER /* nothing of its own: another's trouble stood in its way */
};

/* Where in a file something stands; line and column count from 1, 0 means not known. */
struct err_place {
	const char *file;
	int line;
	int column;
};

struct err_item {
	char *file; /* NULL when no file is concerned */
	int line;
	int column;
	char *message; /* "what failed: on what: why", no newline */
	char *hint; /* what to do, or NULL */
};

/* At most this many messages are kept; later ones are only counted. */
#define ERR_ITEMS_MAX 20

struct err {
	enum err_code code; /* of the first message; ERR_NONE while nothing is set */
	struct err_item *items;
	size_t count; /* messages kept */
	size_t dropped; /* messages beyond ERR_ITEMS_MAX */
	enum err_cause cause;
};

#define ERR_INIT                                      \
	{                                             \
		ERR_NONE, NULL, 0, 0, ERR_CAUSE_OTHER \
	}

void err_init(struct err *self);
void err_finish(struct err *self);

/*
 * Adds one message. `self` may be NULL (the message is dropped, the result is the same).
 * Returns a negative errno that fits the code, so that `return err_set(...)` reads well:
 * CONFIG and USAGE -EINVAL, MISSING -ENOENT, TIMEOUT -ETIMEDOUT, NOT_RUNNING -ENOTCONN, FAILED and INTERNAL -EIO.
 */
int err_set(struct err *self, enum err_code code, const char *format, ...) __attribute__((format(printf, 3, 4)));
int err_at(struct err *self, enum err_code code, struct err_place place, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* Gives the last added message its hint; a second call replaces it. */
void err_hint(struct err *self, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Names the cause beside the message; `self` may be NULL. */
void err_set_cause(struct err *self, enum err_cause cause);

/* Puts "text: " in front of the first message; each layer adds its context once. */
void err_context(struct err *self, const char *format, ...) __attribute__((format(printf, 2, 3)));

bool err_is_set(const struct err *self);

/* Moves all messages of `from` behind those of `self`; `from` is empty afterwards. */
void err_move(struct err *self, struct err *from);

/*
 * Renders all messages as a person reads them, newline after each line:
 *   upfront: compose.yaml:12:15: unknown restart policy 'alwyas' (did you mean 'always'?)
 *     hint: ...
 * The caller frees the result; NULL when out of memory.
 */
char *err_render(const struct err *self, const char *program);

/*
 * The entry of `names` nearest to `word`, close enough to be what was meant (at most a third of its letters
 * differ), or NULL. `names` ends with NULL; the result points into it.
 */
const char *err_nearest(const char *word, const char *const *names);

#endif
