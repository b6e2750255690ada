/* SPDX-License-Identifier: MIT */
/* The table of global options, and the commands in the order of help. */
#include "launcher/cli.h"
#include "launcher/command/command.h"

static const char *const color_words[] = {"auto", "always", "never", NULL};

#define AT(member) .offset = offsetof(struct cli_globals, member)

const struct cli_option cli_global_options[] = {
	{'f', "file", CLI_LIST, "FILE", "stack file; repeatable, later ones override", NULL, AT(files)},
	{'p', "project", CLI_TEXT, "NAME", "project name, instead of the stack's own", NULL, AT(project)},
	{'C', "directory", CLI_TEXT, "DIR", "work as if started in DIR", NULL, AT(directory)},
	{0, "env-file", CLI_LIST, "FILE", "read variables from FILE instead of .env; repeatable", NULL, AT(env_files)},
	{0, "profile", CLI_LIST, "NAME", "include services of this profile; repeatable", NULL, AT(profiles)},
	{0, "json", CLI_FLAG, NULL, "machine output on stdout", NULL, AT(json)},
	{0, "color", CLI_WORD, "WHEN", "auto, always or never", color_words, AT(color)},
	{0, "no-input", CLI_FLAG, NULL, "never ask anything", NULL, AT(no_input)},
	{0, "plain", CLI_FLAG, NULL, "line mode instead of full screens", NULL, AT(plain)},
	{'q', "quiet", CLI_FLAG, NULL, "say less", NULL, AT(quiet)},
	{'v', "verbose", CLI_FLAG, NULL, "say more: up names the files it read and every change of a service", NULL,
	 AT(verbose)},
	{'h', "help", CLI_FLAG, NULL, "show help", NULL, AT(help)},
	{'V', "version", CLI_FLAG, NULL, "show the version", NULL, AT(version)},
	{.name = NULL},
};

const struct cli_command *const cli_commands[] = {
	&command_up,     &command_down,      &command_stop,       &command_start,  &command_restart, &command_kill,
	&command_scale,  &command_ps,        &command_logs,       &command_attach, &command_wait,    &command_top,
	&command_events, &command_run,       &command_config,     &command_graph,  &command_doctor,  &command_init,
	&command_setup,  &command_telemetry, &command_completion, &command_help,   &command_version, NULL,
};
