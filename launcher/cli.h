/* SPDX-License-Identifier: MIT */
/*
 * launcher/ - the program `upfront`: command line, and rooms, each standing only on those below it:
 *
 *   command/     one command per file, as a person types it; clients of the control API
 *   screen/      the dashboard's other half: fills what it shows, does what it asks for
 *   logs/        what services have written, read from the files
 *   client/      the control API from outside: ctl_client (HTTP over its socket), view (the stack as the events tell it), news
 *   supervisor/  decides: svc (pure state machine), order, supervisor, ctl
 *   engine/      does, and reports back: native
 *   process/     what any of them needs of Linux
 *
 *   main         picks the command, reports errors once, returns the exit code
 *   cli          the option tables and what is made from them: parser, help, completion, checks of the docs
 *   cli_table    the same tables as the sanitiser reads them
 *
 * This header: one table of global options, one table per command; the parser fills plain values.
 */
#ifndef UPFRONT_LAUNCHER_CLI_H
#define UPFRONT_LAUNCHER_CLI_H

#include "config/decide.h"
#include "config/strmap.h"
#include "ui/ui.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;
struct cli_command;
struct command_report;

/* What an option takes. */
enum cli_kind {
	CLI_FLAG, /* sets a bool */
	CLI_FLAG_OFF, /* clears a bool */
	CLI_TEXT, /* const char * */
	CLI_LIST, /* repeatable: const char ** ending with NULL (owned by the parse) */
	CLI_COUNT, /* int >= 0 */
	CLI_SECONDS, /* int64_t milliseconds; "90", "1.5", "1m30s"; -1 when it is not given */
	CLI_WORD, /* const char *, one of `words`; a word ending in "@N" stands for it with any number */
	CLI_WORDS /* repeatable: const char ** as CLI_LIST, each one of `words` */
};

struct cli_option {
	char letter; /* 0: none */
	const char *name; /* without dashes */
	enum cli_kind kind;
	const char *value; /* placeholder in help, "FILE"; NULL for flags */
	const char *help;
	const char *const *words; /* CLI_WORD, CLI_WORDS */
	size_t offset; /* into the command's (or the globals') struct */
	bool optional_value; /* --opt or --opt=WORD */
	bool hidden;
	bool ends_telemetry; /* whoever gives it is not reported */
};

struct cli_globals {
	const char **files;
	const char *project;
	const char *directory;
	const char **env_files;
	const char **profiles;
	bool json;
	const char *color; /* auto always never */
	bool no_input, plain, quiet, verbose;
	bool help, version;
};

/* Everything a command is called with. */
struct cli_context {
	struct cli_globals globals;
	struct strmap environment; /* a copy of environ, taken first thing */
	struct ui_options ui;
	const struct cli_command *command; /* what is to run */
	bool named; /* the command was written, not implied */
	void *options; /* the command's own struct, filled */
	const char **args; /* operands, NULL-terminated */
	size_t arg_count;
	const char **rest; /* after "--", or NULL */
	char **argv; /* a copy that the parser may reorder */
	struct command_report *report; /* what may be told of this command once it has ended; NULL: nothing */
};

struct cli_command {
	const char *name;
	const char *args; /* "[SERVICE...]" */
	const char *summary; /* one line */
	const char *text; /* paragraphs for `help COMMAND`; may be NULL */
	const struct cli_option *options; /* ends with name NULL */
	size_t options_size; /* of the struct, zeroed before parsing (but for CLI_SECONDS) */
	int args_min, args_max; /* -1: any number */
	bool takes_rest;
	bool has_verbs; /* `args` lists commands of its own: "telemetry status" */
	bool untracked; /* no use of it is ever reported */
	/* Returns the exit code; sets `err` for what main is to report (its code then wins). */
	int (*run)(struct cli_context *context, struct err *err);
};

extern const struct cli_option cli_global_options[];
extern const struct cli_command *const cli_commands[]; /* ends with NULL, in the order of help */

/*
 * Parses argv into `context` and *command (`up` when none is named). Errors are ERR_USAGE with the nearest known name. Finish with
 * cli_context_finish also after failure.
 */
int cli_parse(int argc, char *const *argv, struct cli_context *context, const struct cli_command **command,
	      struct err *err);
void cli_context_finish(struct cli_context *context);

/* What CLI_SECONDS takes: "90", "1.5", "1m30s", in milliseconds. False for anything else. */
bool cli_parse_seconds(const char *text, int64_t *duration_ms);

/* Help texts; the caller frees. `command` NULL: the overview. */
char *cli_help(const struct cli_command *command);

#endif
