/* SPDX-License-Identifier: MIT */
#include "config/err.h"
#include "launcher/cli.h"
#include "launcher/command/command.h"
#include "launcher/command/command_report.h"

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A descriptor we open later must never become somebody's standard stream by accident. */
static void fill_standard_streams(void)
{
	int fd;

	do {
		fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	} while (fd >= 0 && fd <= 2 && fcntl(fd, F_SETFD, 0) == 0);
	if (fd > 2)
		close(fd);
}

static void report(const struct err *err)
{
	char *text = err_render(err, "upfront");

	fflush(stdout);
	fputs(text != NULL ? text : "upfront: out of memory\n", stderr);
	free(text);
}

static int run_help(const struct cli_context *context)
{
	char *text = cli_help(context->named ? context->command : NULL);

	fputs(text != NULL ? text : "", stdout);
	free(text);
	return 0;
}

static int run_command(struct cli_context *context, struct err *err)
{
	if (context->globals.help)
		return run_help(context);
	if (context->globals.version)
		return command_version.run(context, err);
	if (context->globals.directory != NULL && chdir(context->globals.directory) < 0) {
		err_set(err, ERR_CONFIG, "cannot work in %s: %s", context->globals.directory, strerror(errno));
		return ERR_CONFIG;
	}
	return context->command->run(context, err);
}

int main(int argc, char **argv)
{
	const struct cli_command *command = NULL;
	struct err err = ERR_INIT;
	struct command_report told;
	struct cli_context context;
	int code;

	fill_standard_streams();
	/* How wide letters are is all that we ask of it: what we write is English, and numbers are the same everywhere. */
	setlocale(LC_CTYPE, "");
	signal(SIGPIPE, SIG_IGN);
	command_report_init(&told, argc, argv);
	if (cli_parse(argc, argv, &context, &command, &err) == 0) {
		context.report = &told;
		code = run_command(&context, &err);
	} else {
		code = (int)err.code;
	}
	/* A reader that has gone (`| head`) is no failure of ours; a full disk is. */
	if (fflush(stdout) != 0 && errno != EPIPE && !err_is_set(&err))
		err_set(&err, ERR_FAILED, "cannot write to standard output: %s", strerror(errno));
	if (err_is_set(&err)) {
		report(&err);
		code = (int)err.code;
	}
	command_report_end(&told, &context, code, &err);
	command_report_finish(&told);
	err_finish(&err);
	cli_context_finish(&context);
	return code;
}
