/* SPDX-License-Identifier: MIT */
#include "launcher/command/attach.h"

#include "config/err.h"
#include "launcher/cli.h"
#include "launcher/client/news.h"
#include "launcher/command/act.h"
#include "launcher/command/attach_terminal.h"
#include "launcher/command/command.h"
#include "launcher/command/command_report.h"
#include "launcher/command/dashboard.h"
#include "launcher/command/signal_end.h"
#include "launcher/command/watch.h"
#include "ui/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct view_unit *find_unit(const struct watch *watch, const char *const *names)
{
	for (size_t i = 0; i < watch->view.count; i++)
		if (watch_is_meant(names, &watch->view.units[i]))
			return &watch->view.units[i];
	return NULL;
}

static bool has_sequences(const struct cli_context *context)
{
	const char *term = context->ui.term;

	return isatty(STDOUT_FILENO) == 1 && term != NULL && term[0] != '\0' && strcmp(term, "dumb") != 0;
}

/* How to leave depends on whether keys come to us. The caller frees. */
static char *make_greeting(const char *unit, bool keys, bool types)
{
	char *text = NULL, *harmless;
	int length = asprintf(&text, "attached to %s%s; %s leaves", unit,
			      keys && !types ? ", which takes no input (stdin_open is not set)" : "",
			      keys ? "Ctrl-]" : "Ctrl-C");

	if (length < 0)
		return NULL;
	harmless = text_harmless(text);
	free(text);
	return harmless;
}

/* Its code is ours, as that of a program run in this terminal would be. */
static int say_end(const struct watch *watch, const char *name)
{
	const struct view_unit *unit = view_find_name(&watch->view, name);
	char *text;

	if (unit == NULL) {
		act_say(watch->context, "%s is no longer there", name);
		return 0;
	}
	text = news_of_end(unit);
	if (text != NULL)
		act_say(watch->context, "%s", text);
	free(text);
	return view_unit_exit_code(unit);
}

static int attach_unit(struct watch *watch, const char *name, int *signal, struct err *err)
{
	const struct cli_context *context = watch->context;
	const struct view_unit *unit = view_find_name(&watch->view, name);
	const bool keys = isatty(STDIN_FILENO) == 1 && !context->globals.no_input;
	char *greeting = context->globals.quiet ? NULL : make_greeting(name, keys, unit->stdin_open);
	const struct attach_terminal_options options = {.watch = watch,
							.unit = name,
							.keys = keys,
							.types = unit->stdin_open,
							.greeting = greeting,
							.resets = has_sequences(context)};
	enum attach_end end = attach_terminal(&options, signal, err);

	free(greeting);
	if (end == ATTACH_ENDED)
		return say_end(watch, name);
	if (end == ATTACH_LEFT && *signal == 0)
		act_say(context, "%s goes on; come back with: upfront%s attach %s", name,
			project_option(&watch->project), name);
	return (int)err->code;
}

static int attach_all(const struct cli_context *context, struct err *err)
{
	int code = dashboard_is_wanted(context) ? dashboard_attach(context, err) : -1;

	if (code < 0)
		return attach_stack(context, err);
	if (code > 128 && !err_is_set(err))
		signal_end_die(code - 128);
	return code;
}

static int attach_run(struct cli_context *context, struct err *err)
{
	const char *const *names = (const char *const *)context->args;
	struct watch watch;
	int signal = 0, code;
	char *name = NULL;

	if (context->globals.json) {
		err_set(err, ERR_USAGE, "attach: what it shows is no JSON");
		err_hint(err, "'upfront events --json' and 'upfront logs -f --json' tell the same to programs");
		return ERR_USAGE;
	}
	if (context->arg_count == 0)
		return attach_all(context, err);
	watch_init(&watch, context);
	watch.screen = true;
	if (watch_open(&watch, err) == 0 && watch_check_names(&watch, names, err) == 0)
		name = strdup(find_unit(&watch, names)->name);
	if (name == NULL && !err_is_set(err))
		err_set(err, ERR_INTERNAL, "out of memory");
	code = name != NULL ? attach_unit(&watch, name, &signal, err) : (int)err->code;
	free(name);
	watch_finish(&watch);
	if (signal != 0) {
		command_report_end(context->report, context, 128 + signal, NULL);
		signal_end_die(signal);
	}
	return code;
}

const struct cli_command command_attach = {
	.name = "attach",
	.args = "[SERVICE]",
	.summary = "look at the running stack, or be the terminal of one service",
	.text = "With a name: this terminal becomes that of the service, which has 'tty: true' and, to be typed to, "
		"'stdin_open: true'.\n"
		"Every key goes to it, Ctrl-C too; Ctrl-] leaves, and the service goes on. The exit code is 0 when "
		"you left, else\n"
		"the service's own (128 + n for signal n).\n"
		"Without: the dashboard of the running stack, or in lines (--plain, or where it cannot be shown) what "
		"changes and what\n"
		"the services write; until the stack is over, or q or Ctrl-C, which leave it running.",
	.args_max = 1,
	.run = attach_run,
};
