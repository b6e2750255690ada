#!/bin/sh
# SPDX-License-Identifier: MIT
# Include direction: a folder sees only those below it, and a third-party header stands only in the files listed for it.
set -u
awk '
function room(path) {
	if (path ~ /^launcher\/(process|engine|supervisor|client|logs|screen|command)\//) {
		sub(/^launcher\//, "", path)
		sub(/\/.*/, "", path)
		return path
	}
	if (path ~ /^telemetry\/sender\//)
		return "sender"
	sub(/\/.*/, "", path)
	return path
}
function bad(why) {
	printf "%s:%d: %s\n", FILENAME, FNR, why
	wrong = 1
}
BEGIN {
	# Who may see whom, beside itself. "launcher" is main and cli: it and the commands are one room.
	sees["config"] = " "
	sees["ui"] = " config "
	sees["telemetry"] = " config "
	sees["sender"] = " config "
	sees["process"] = " config "
	sees["engine"] = " process config "
	sees["supervisor"] = " engine process telemetry config "
	sees["client"] = " supervisor process config "
	sees["logs"] = " process ui config "
	sees["screen"] = " client logs supervisor process ui telemetry config "
	sees["command"] = " launcher screen client logs supervisor engine process telemetry ui config "
	sees["launcher"] = " command screen client logs supervisor engine process telemetry ui config "
	sees["tests"] = " launcher command screen client logs supervisor engine process sender telemetry ui config "
	# What the two programs of telemetry/ say to each other, and the pure parts that both work with.
	shared["telemetry/wire.h"] = shared["telemetry/route.h"] = shared["telemetry/id.h"] = shared["telemetry/hash.h"] = 1
	# What other folders see of telemetry/.
	public["telemetry/telemetry.h"] = public["telemetry/notice.h"] = public["telemetry/records.h"] = public["telemetry/sanitize.h"] = public["telemetry/route.h"] = public["telemetry/object_counts.h"] = public["telemetry/relay_port.h"] = 1

	# Third-party headers: pattern, and the files that may include them.
	third["^libfyaml"] = "^config/stack_yaml\\.c$"
	third["^(ncursesw/)?(n?curses|term|panel|form|menu)\\.h"] = "^ui/term_(able|curses)\\.c$"
	third["^sqlite3"] = "^telemetry/sender/db\\.c$"
	third["^curl/"] = "^telemetry/sender/transport_curl\\.c$"
	third["^zlib"] = "^telemetry/sender/"
	third["^(cjson/)?cJSON"] = "^(config|telemetry|launcher)/"
	third["^event2?(/|\\.h)"] = "^(launcher/(process|engine|supervisor)|telemetry/sender)/"
	third["^sha2\\.h"] = "^telemetry/hash\\.c$"
	third["^pcre2"] = "^launcher/logs/text_match\\.c$"
	third["^uuid/"] = "^telemetry/"
	third["^(cmocka|vterm)"] = "^tests/"
}
/^[ \t]*#[ \t]*include[ \t]*"/ {
	split($0, part, "\"")
	header = part[2]
	from = room(FILENAME)
	to = room(header)
	if (header !~ /\// || !(to in sees))
		bad("\"" header "\": headers of the project are included by their full path")
	else if (to == "telemetry" && from != "telemetry" && from != "tests" && !(header in public) && !(header in shared && from == "sender"))
		bad("\"" header "\" is not among the public headers of telemetry/")
	else if (to != from && !(header in shared && from == "sender") && index(sees[from], " " to " ") == 0)
		bad(from " must not include \"" header "\"")
	next
}
/^[ \t]*#[ \t]*include[ \t]*</ {
	split($0, part, /[<>]/)
	header = part[2]
	for (pattern in third)
		if (header ~ pattern && FILENAME !~ third[pattern] && FILENAME !~ /^tests\//)
			bad("<" header "> has no place here")
}
END { exit wrong }
' $(find config ui telemetry launcher tests -name '*.[ch]' | sort)
