/* SPDX-License-Identifier: MIT */
#include "config/err.h"
#include "config/paths.h"
#include "config/stack.h"
#include "launcher/cli.h"
#include "launcher/command/consent_sources.h"
#include "launcher/command/telemetry.h"
#include "launcher/project.h"

#include <errno.h>
#include <stdio.h>

/* The source as a person finds it, and what lifts it. */
static void describe(const struct consent_sources *sources, const struct stack *stack, enum consent_reason reason,
		     char *text, size_t size_bytes)
{
	switch (reason) {
	case CONSENT_BY_POLICY:
		snprintf(text, size_bytes,
			 "the managed policy %s says so, and only who manages this machine changes it", paths_policy());
		return;
	case CONSENT_BY_UPFRONT_ENV:
		snprintf(text, size_bytes,
			 "UPFRONT_TELEMETRY_DISABLED is set. Change: unset UPFRONT_TELEMETRY_DISABLED");
		return;
	case CONSENT_BY_APP_ENV:
		snprintf(text, size_bytes, "%s is set. Change: unset %s", sources->app_variable, sources->app_variable);
		return;
	case CONSENT_BY_DO_NOT_TRACK:
		snprintf(text, size_bytes, "DO_NOT_TRACK is set. Change: unset DO_NOT_TRACK");
		return;
	case CONSENT_BY_PROJECT:
		snprintf(text, size_bytes, "%s says x-upfront.telemetry.enabled: false", stack->files[0]);
		return;
	case CONSENT_BY_USER:
		snprintf(text, size_bytes, "%s says no for every product. Change: upfront telemetry ask --all",
			 sources->user_path);
		return;
	default:
		snprintf(text, size_bytes, "%s", consent_reason_text(reason));
		return;
	}
}

int telemetry_still_off(const struct cli_context *context, const struct stack *stack, char *text, size_t size_bytes,
			struct err *err)
{
	struct consent_sources sources;
	enum consent_reason reason;
	int result = consent_sources_read(&sources, context, stack, NULL, err);

	text[0] = '\0';
	if (result == 0 && consent_says_off(&sources.inputs, &reason))
		describe(&sources, stack, reason, text, size_bytes);
	consent_sources_finish(&sources);
	return result;
}
