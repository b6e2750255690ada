/* SPDX-License-Identifier: MIT */
#include "launcher/command/up_consent.h"

#include "config/clock.h"
#include "config/err.h"
#include "config/settings.h"
#include "config/stack.h"
#include "launcher/cli.h"
#include "launcher/command/consent_sources.h"
#include "telemetry/notice.h"
#include "telemetry/records.h"
#include "ui/model.h"
#include "ui/ui.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void keep_receipt(const struct stack *stack, enum consent_answer answer, enum consent_reason method,
			 const struct telemetry_notice *notice)
{
	const struct telemetry_receipt receipt = {.answer = answer, .method = method, .notice = notice};
	struct err trouble = ERR_INIT;

	telemetry_receipt_append(stack, &receipt, &trouble);
	consent_say_trouble(&trouble);
}

static void keep_standing_no(const struct consent_sources *sources, const struct stack *stack)
{
	struct err trouble = ERR_INIT;

	if (sources->user_path == NULL)
		err_set(&trouble, ERR_CONFIG, "your answer holds for this run only: there is no home folder");
	else if (settings_edit(sources->user_path, stack->app, true, &trouble) < 0)
		err_context(&trouble, "your answer holds for this run only");
	consent_say_trouble(&trouble);
}

/* The answer stands in the settings before anything is wiped, so that a crash in between cannot lose the no. */
static void keep_no(const struct consent_sources *sources, const struct stack *stack, enum consent_answer answer)
{
	struct err trouble = ERR_INIT;

	if (answer == CONSENT_NO_FOR_GOOD)
		keep_standing_no(sources, stack);
	telemetry_wipe(stack->app, &trouble);
	consent_say_trouble(&trouble);
}

static void say_what_holds(const struct cli_context *context, const struct stack *stack, enum consent_answer answer,
			   const struct consent_decision *decision)
{
	const char *line = "off for this run (not answered, nothing kept)";

	if (context->globals.quiet)
		return;
	if (answer == CONSENT_NO_FOR_GOOD) {
		fprintf(stderr,
			"Usage statistics: off for %s until you change it (you answered no, and don't ask again). "
			"Change: upfront telemetry ask\n",
			stack->app);
		return;
	}
	if (answer == CONSENT_YES && decision->state != CONSENT_ON) {
		fprintf(stderr, "Usage statistics: off, in spite of your yes: %s. Change: upfront telemetry ask\n",
			consent_reason_text(decision->reason));
		return;
	}
	if (answer == CONSENT_YES)
		line = "on for this run (you answered yes)";
	else if (answer == CONSENT_NO)
		line = "off for this run (you answered no)";
	fprintf(stderr, "Usage statistics: %s. Change: upfront telemetry off|ask\n", line);
}

static int show(const struct cli_context *context, const struct stack *stack, const struct telemetry_notice *notice,
		enum consent_answer *answer, int *fatal_signal, struct err *err)
{
	char *preview = telemetry_preview(stack, NULL);
	const struct consent_model model = {
		.title = notice->title,
		.question = notice->question,
		.summary = notice->summary,
		.brief = notice->brief,
		.preview = preview,
		.notice = notice->full,
	};

	if (preview == NULL)
		return err_set(err, ERR_INTERNAL, "cannot show what would be sent, so nothing is asked or sent");
	fflush(stdout);
	*answer = ui_ask_consent(&model, &context->ui, fatal_signal);
	free(preview);
	return 0;
}

static int ask(const struct cli_context *context, const struct stack *stack, const struct telemetry_notice *notice,
	       enum consent_answer *answer, struct err *err)
{
	int fatal_signal = 0, result = show(context, stack, notice, answer, &fatal_signal, err);

	if (result < 0)
		return result;
	if (fatal_signal != 0)
		return 128 + fatal_signal;
	if (*answer != CONSENT_QUIT)
		return 0;
	fputs("upfront: nothing was started\n", stderr);
	return 130;
}

static int ask_and_keep(const struct cli_context *context, const struct stack *stack, struct consent_sources *sources,
			const struct telemetry_notice *notice, struct consent_decision *decision, struct err *err)
{
	enum consent_answer answer = CONSENT_UNASKED;
	int result = ask(context, stack, notice, &answer, err);

	if (result != 0)
		return result;
	consent_sources_refresh(sources, stack);
	sources->inputs.answer = answer;
	*decision = consent_decide(&sources->inputs);
	if (answer == CONSENT_YES || answer == CONSENT_NO || answer == CONSENT_NO_FOR_GOOD)
		keep_receipt(stack, answer, CONSENT_BY_ANSWER, notice);
	if (answer == CONSENT_NO || answer == CONSENT_NO_FOR_GOOD)
		keep_no(sources, stack, answer);
	say_what_holds(context, stack, answer, decision);
	return 0;
}

/* What was typed for this run and could not be given. */
static void say_not_given(const struct consent_sources *sources, const struct consent_decision *decision)
{
	const struct consent_inputs *inputs = &sources->inputs;

	if (inputs->said.flag != CONSENT_FLAG_ON)
		return;
	if (!inputs->has_endpoint)
		fputs("upfront: --telemetry=on: the stack declares no telemetry, nothing is sent\n", stderr);
	else if (decision->stale_notice)
		fprintf(stderr,
			"upfront: --telemetry=on@%d was not given: the notice is now %d; see upfront telemetry "
			"notice\n",
			inputs->said.notice, inputs->notice);
	else if (decision->state == CONSENT_OFF)
		fprintf(stderr, "upfront: --telemetry=on was not given: off: %s\n",
			consent_reason_text(decision->reason));
}

int up_consent(const struct cli_context *context, const struct stack *stack, const struct consent_said *said,
	       struct consent_decision *decision, struct err *err)
{
	struct telemetry_notice notice = {0};
	struct consent_sources sources;
	int result;

	result = consent_sources_read(&sources, context, stack, said, err);
	if (result < 0)
		goto out;
	*decision = consent_decide(&sources.inputs);
	if (sources.inputs.has_endpoint)
		consent_say_trouble(&sources.trouble);
	say_not_given(&sources, decision);
	if (decision->state == CONSENT_OFF)
		goto out;
	result = telemetry_notice_make(stack, &notice);
	if (result < 0)
		err_set(err, ERR_INTERNAL, "cannot make the notice: %s", strerror(-result));
	else if (decision->state == CONSENT_ASK)
		result = ask_and_keep(context, stack, &sources, &notice, decision, err);
	else
		keep_receipt(stack, CONSENT_YES, decision->reason, &notice);
out:
	if (result == 0 && decision->state != CONSENT_ON)
		telemetry_expire(stack->app, clock_wall_ms());
	telemetry_notice_finish(&notice);
	consent_sources_finish(&sources);
	return result;
}

enum consent_answer up_consent_again(const struct cli_context *context, const struct stack *stack)
{
	enum consent_answer answer = CONSENT_NOT_THIS_RUN;
	struct telemetry_notice notice = {0};
	struct consent_sources sources;
	struct err trouble = ERR_INIT;
	int fatal_signal = 0;

	if (consent_sources_read(&sources, context, stack, NULL, &trouble) < 0 ||
	    telemetry_notice_make(stack, &notice) < 0 ||
	    show(context, stack, &notice, &answer, &fatal_signal, &trouble) < 0 || fatal_signal != 0)
		goto out;
	if (answer == CONSENT_NO || answer == CONSENT_NO_FOR_GOOD)
		keep_receipt(stack, answer, CONSENT_BY_ANSWER, &notice);
	if (answer == CONSENT_NO_FOR_GOOD)
		keep_standing_no(&sources, stack);
out:
	consent_say_trouble(&trouble);
	telemetry_notice_finish(&notice);
	consent_sources_finish(&sources);
	return fatal_signal == 0 ? answer : CONSENT_NOT_THIS_RUN;
}
