/* SPDX-License-Identifier: MIT */
#include "tests/proof/proof.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))
#define SCRIPTED(...) .argv = {"upfront", "up", "-d", "--wait", __VA_ARGS__}
#define ON_TERMINAL .argv = {"upfront", NULL}, .terminal = true
#define SETTINGS "config/upfront/config.yaml"

const struct proof_way proof_ways[] = {
	{.name = "the managed policy says no, against `--telemetry=on`",
	 SCRIPTED("--telemetry=on"),
	 .policy = true,
	 .text = "telemetry_enabled: false\n"},
	{.name = "`--telemetry=off`", SCRIPTED("--telemetry=off")},
	{.name = "`--no-telemetry`", SCRIPTED("--no-telemetry")},
	{.name = "`--disable-telemetry`", SCRIPTED("--disable-telemetry")},
	{.name = "`UPFRONT_TELEMETRY_DISABLED=1`, against `--telemetry=on`",
	 SCRIPTED("--telemetry=on"),
	 .environment = {"UPFRONT_TELEMETRY_DISABLED", "1"}},
	{.name = "the app's own variable, against `--telemetry=on`",
	 SCRIPTED("--telemetry=on"),
	 .environment = {"QUIET_APP_TELEMETRY_DISABLED", "yes"}},
	{.name = "`DO_NOT_TRACK=1`, against `--telemetry=on`",
	 SCRIPTED("--telemetry=on"),
	 .environment = {"DO_NOT_TRACK", "1"}},
	{.name = "the stack file says `enabled: false`, against `--telemetry=on`",
	 SCRIPTED("--telemetry=on"),
	 .environment = {"ENABLED", "false"}},
	{.name = "your settings say `telemetry_enabled: false`, against `--telemetry=on`",
	 SCRIPTED("--telemetry=on"),
	 .file = SETTINGS,
	 .text = "telemetry_enabled: false\n"},
	{.name = "your settings name the app, against `--telemetry=on`",
	 SCRIPTED("--telemetry=on"),
	 .file = SETTINGS,
	 .text = "telemetry_off: [quiet app]\n",
	 .keeps_settings = true}, /* `telemetry ask` lifts it */
	{.name = "your settings cannot be read, against `--telemetry=on`",
	 SCRIPTED("--telemetry=on"),
	 .file = SETTINGS,
	 .text = "telemetry_enabled: [\n"},
	{.name = "`--telemetry=on@2`, where the notice is number 3", SCRIPTED("--telemetry=on@2")},
	{.name = "no terminal to ask on", SCRIPTED(NULL), .scripted = true},
	{.name = "`--no-input` on a terminal", .argv = {"upfront", "--no-input", "up", NULL}, .terminal = true},
	{.name = "a CI system's variable on a terminal", ON_TERMINAL, .environment = {"CI", "true"}},
	{.name = "`N` in the dialog", ON_TERMINAL, .typed = "n", .keeps_receipt = true},
	{.name = "`D` in the dialog", ON_TERMINAL, .typed = "D", .keeps_receipt = true, .keeps_settings = true},
	{.name = "`Esc` in the dialog", ON_TERMINAL, .typed = "\033"},
	{.name = "a yes, taken back by `upfront telemetry off`: from then on",
	 SCRIPTED("--telemetry=on"),
	 .withdrawn = true,
	 .keeps_receipt = true,
	 .keeps_settings = true},
	/* Last: it has another network than those before it. */
	{.name = "`--telemetry=off`, where the stack declares two probes and a port: beside these",
	 SCRIPTED("--telemetry=off"),
	 .probed = true},
};
const size_t proof_way_count = COUNT(proof_ways);

const struct proof_way proof_yes = {.name = "`--telemetry=on`", SCRIPTED("--telemetry=on")};

const struct proof_command proof_commands[] = {
	{.argv = {"ps"}, .always = true},
	{.argv = {"ps", "--json"}},
	{.argv = {"events"}, .endless = true},
	{.argv = {"logs"}},
	{.argv = {"top"}},
	{.argv = {"wait", "seed"}},
	{.argv = {"stop", "worker"}},
	{.argv = {"start", "worker"}},
	{.argv = {"restart", "worker"}, .always = true},
	{.argv = {"kill", "-s", "CONT", "worker"}},
	{.argv = {"scale", "worker=2"}},
	{.argv = {"up", "-d", "--wait"}},
	{.argv = {"run", "--", "true"}, .always = true},
	{.argv = {"config"}},
	{.argv = {"config", "--json"}},
	{.argv = {"graph"}},
	{.argv = {"telemetry", "status"}, .always = true},
	{.argv = {"telemetry", "show"}},
	{.argv = {"telemetry", "notice"}},
	{.argv = {"telemetry", "schema"}},
	{.argv = {"telemetry", "env"}},
	{.argv = {"telemetry", "receipt"}},
	{.argv = {"completion", "bash"}},
	{.argv = {"help"}},
	{.argv = {"version"}},
	{.argv = {"no-such-command"}},
	{.argv = {"telemetry", "ask"}},
	{.argv = {"down"}, .always = true},
};
const size_t proof_command_count = COUNT(proof_commands);

const struct proof_path proof_paths[] = {
	{.pattern = "state/upfront", .text = "the state folder"},
	{.pattern = "state/upfront/quiet",
	 .text = "in it a folder of the stack: its lock, where its file and its socket are, whether it runs"},
	{.pattern = "state/upfront/quiet/lock"},
	{.pattern = "state/upfront/quiet/folder*"},
	{.pattern = "state/upfront/quiet/socket*"},
	{.pattern = "state/upfront/quiet/running*"},
	{.pattern = "state/upfront/quiet/logs", .text = "what the services wrote, and an index of it"},
	{.pattern = "state/upfront/quiet/logs/*"},
	{.pattern = "runtime/upfront", .text = "while it runs, the control socket"},
	{.pattern = "runtime/upfront/quiet.sock"},
	{.pattern = "state/upfront/.apps",
	 .text = "where you have answered, the receipt of your answer",
	 .receipt = true},
	{.pattern = "state/upfront/.apps/*", .receipt = true},
	{.pattern = "state/upfront/.apps/*/receipts.jsonl", .receipt = true},
	{.pattern = "state/upfront/.apps/*/ledger.db*",
	 .text = "after a yes that was taken back, the record of what had been sent while it held",
	 .record = true},
	{.pattern = "config/upfront", .text = "where you have said no for good, your settings", .settings = true},
	{.pattern = "config/upfront/config.yaml*", .settings = true},
};
const size_t proof_path_count = COUNT(proof_paths);
