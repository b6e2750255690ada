/* SPDX-License-Identifier: MIT */
/*
 * launcher/command/ - one command per file, as a person types it. The order of help stands in launcher/cli_list.c.
 *
 *   up           asks, starts, waits, shows; up_consent is the asking, up_follow what a foreground `up` does while the stack runs
 *   down ps logs run config graph telemetry help version
 *   view         the running stack as a client of the control API sees it
 *   log_reader   takes the log stream's frames apart
 *   outlet       writes to a descriptor that may be slow, without ever waiting for it
 *   news         what is told on stderr when a service changes
 */
#ifndef UPFRONT_LAUNCHER_COMMAND_COMMAND_H
#define UPFRONT_LAUNCHER_COMMAND_COMMAND_H

struct cli_command;

extern const struct cli_command command_up;
extern const struct cli_command command_down;
extern const struct cli_command command_ps;
extern const struct cli_command command_logs;
extern const struct cli_command command_run;
extern const struct cli_command command_config;
extern const struct cli_command command_graph;
extern const struct cli_command command_telemetry;
extern const struct cli_command command_help;
extern const struct cli_command command_version;

#endif
