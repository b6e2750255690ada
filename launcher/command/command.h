/* SPDX-License-Identifier: MIT */
/*
 * launcher/command/ - one command per file, as a person types it. The order of help stands in launcher/cli_list.c.
 *
 *   up               asks, starts, waits, shows
 *   up_consent       the asking
 *   up_follow        what `up` does while the stack runs
 *   up_report        what it says meanwhile, and how it ends
 *   consent_sources  everything that has a say on telemetry, gathered
 *   up_abort         the first service that ends takes the stack down
 *   up_running       `up` where the project runs already
 *   up_pulls         what is pulled and built, in lines
 *   up_open          the page that is opened once all is ready
 *   command_report   what is told of a command that has ended
 *   run_report       the same of a command under `run`; run_metrics: what that hands over itself
 *   run_child        a command that is waited for as if it had taken our place; run_witness: whom a signal was sent to
 *   signal_end       an end by Ctrl-C that leaves time for a last word
 *   stop start restart kill   by act: what they have in common; scale
 *   down ps logs run config graph help version
 *   doctor           what is missing here: doctor_machine, doctor_stack, doctor_containers; doctor_report: the table
 *   init             writes a stack file; init_text: what stands in it
 *   setup            asks the stack's setup questions; setup_ask: what it and `up` do alike
 *   attach           looks at the running stack (attach_stack) or is the terminal of one service (attach_terminal)
 *   wait top events  look at the running stack until something has come about, by watch; top_table: what top shows
 *   completion       scripts for shells: completion_bash, completion_zsh, completion_fish
 *   telemetry        its table of sub-commands; telemetry_status, telemetry_answer, telemetry_still are the longer ones
 *   telemetry_running what the running stack does about telemetry
 *   view             the running stack as a client of the control API sees it
 *   watch            project, client and event stream of a command that waits
 *   unit_json        a unit as --json tells of it
 *   table            plain text in columns
 *   news             what is told on stderr when a service changes
 *   log_reader       takes the log stream's frames apart
 *   log_index        the index of the log files, read as it grows
 *   log_archive      output from the log files, of the last run or the running one
 *   since            what --since takes
 *   last_words       the last lines of each service, for `up -d`
 *   outlet           writes to a descriptor that may be slow, without ever waiting for it
 */
#ifndef UPFRONT_LAUNCHER_COMMAND_COMMAND_H
#define UPFRONT_LAUNCHER_COMMAND_COMMAND_H

struct cli_command;

extern const struct cli_command command_up;
extern const struct cli_command command_down;
extern const struct cli_command command_stop;
extern const struct cli_command command_start;
extern const struct cli_command command_restart;
extern const struct cli_command command_kill;
extern const struct cli_command command_scale;
extern const struct cli_command command_ps;
extern const struct cli_command command_logs;
extern const struct cli_command command_attach;
extern const struct cli_command command_wait;
extern const struct cli_command command_top;
extern const struct cli_command command_events;
extern const struct cli_command command_run;
extern const struct cli_command command_config;
extern const struct cli_command command_graph;
extern const struct cli_command command_doctor;
extern const struct cli_command command_init;
extern const struct cli_command command_setup;
extern const struct cli_command command_telemetry;
extern const struct cli_command command_completion;
extern const struct cli_command command_help;
extern const struct cli_command command_version;

#endif
