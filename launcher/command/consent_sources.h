/* SPDX-License-Identifier: MIT */
/*
 * Everything that has a say on telemetry, gathered for config/decide: settings files, environment, stack file, command line, and
 * whether somebody could be asked. Reads only. `up` decides by it, `telemetry status` explains it.
 */
#ifndef UPFRONT_LAUNCHER_COMMAND_CONSENT_SOURCES_H
#define UPFRONT_LAUNCHER_COMMAND_CONSENT_SOURCES_H

#include "config/decide.h"
#include "config/err.h"
#include "config/settings.h"

struct cli_context;
struct stack;

struct consent_sources {
	struct settings policy, user;
	char *user_path; /* NULL: no home */
	char *app_variable; /* WRENAI_TELEMETRY_DISABLED; NULL without a stack */
	struct err trouble; /* what is wrong with the settings files */
	struct consent_inputs inputs;
	const char *not_interactive; /* as consent_not_interactive says */
};

/* Why nobody can be asked anything: "standard input is no terminal"; NULL: somebody can. */
const char *consent_not_interactive(const struct cli_context *context);

/* `said` is what the command line says; NULL: nothing. `stack` NULL: what holds for every product. */
int consent_sources_read(struct consent_sources *self, const struct cli_context *context, const struct stack *stack,
			 const struct consent_said *said, struct err *err);
/* Reads the settings files again: an "off" may have been written while the question stood on the screen. */
void consent_sources_refresh(struct consent_sources *self, const struct stack *stack);
void consent_sources_finish(struct consent_sources *self);

/*
 * True when something says off to this caller for good, in the environment or the settings; the stack file has its say elsewhere. `app`
 * NULL: it is not known whose stack it is, so what says off to any product says it to this one.
 */
bool consent_sources_say_off(const struct cli_context *context, const char *app);

/* What went wrong beside the stack's way, as with the settings files: said on stderr, and nothing more. Empty afterwards. */
void consent_say_trouble(struct err *trouble);

#endif
