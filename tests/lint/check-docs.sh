#!/bin/sh
# SPDX-License-Identifier: MIT
# What the program says of itself and what README and man page say of it are the same: commands, options, exit codes, events.
set -u
upfront=$(realpath "$B/upfront")
man=launcher/upfront.1.scd
wrong=0
say() {
	echo "$*"
	wrong=1
}
[ -x "$upfront" ] || {
	echo "$upfront: not built"
	exit 1
}

# compare WHAT IN_PROGRAM IN_DOCUMENT: two lists of words, a line each
compare() {
	for word in $2; do
		printf '%s\n' "$3" | grep -qxF -e "$word" || say "$1: '$word' is not in $man"
	done
	for word in $3; do
		printf '%s\n' "$2" | grep -qxF -e "$word" || say "$1: '$word' is in $man, but not in the program"
	done
}
# The long options a block of help lists, one a line; help stands on standard input.
options_of_help() { # options_of_help TITLE
	awk -v title="$1:" '$0 == title {on = 1; next} /^[^ ]/ {on = 0} on' | grep -oE '^ +(-[A-Za-z], +)?--[a-z-]+' | grep -oE -e '--[a-z-]+' | sort -u
}
# A section of the man page, from its heading to the next one of its rank or above.
section() { # section HEADING
	awk -v heading="$1" '
	BEGIN { rank = index(heading, " ") - 1 }
	$0 == heading { on = 1; next }
	on && /^#+ / { if (index($0, " ") - 1 <= rank) exit }
	on' "$man"
}
# The long options that a section describes: those on lines that begin with an option.
options_of_man() {
	grep -E '^\*-' | grep -oE -e '--[a-z-]+' | sort -u
}

commands=$("$upfront" help | awk '$0 == "Commands:" {on = 1; next} /^$/ {on = 0} on {print $1}')
compare commands "$commands" "$(section '# COMMANDS' | sed -n 's/^## //p')"
for command in $commands; do
	compare "upfront $command" "$("$upfront" help "$command" | options_of_help Options)" "$(section "## $command" | options_of_man)"
done
compare 'global options' "$("$upfront" help up | options_of_help 'Global options')" "$(section '# GLOBAL OPTIONS' | options_of_man)"

codes=$(sed -n 's/^\tERR_[A-Z_]* = \([0-9]*\),*.*/\1/p' config/err.h)
compare 'exit codes' "$codes
129
130
143" "$(section '# EXIT STATUS' | grep -E '^\*' | grep -oE '\*[0-9]+\*' | tr -d '*')"

# The table of keys is the program's own, row by row; and so are the parts of the screen that can be coloured.
keys_of_program=$("$upfront" help keys | awk '
	/^[A-Z].*:$/ { place = substr($0, 1, length($0) - 1); next }
	/^  / { keys = substr($0, 3, 20); sub(/ +$/, "", keys); print keys "|" place "|" substr($0, 25) }')
keys_of_man=$(section '# DASHBOARD' | sed 's/\\_/_/g' | awk '
	/^[|]/ { if (row != "" && !heading) print row; heading = /[*]Key[*]/; row = substr($0, 4); next }
	/^:/ && row != "" { row = row "|" substr($0, 4) }
	END { if (row != "") print row }')
printf '%s\n' "$keys_of_program" >"$B/keys.program"
printf '%s\n' "$keys_of_man" >"$B/keys.man"
if [ -z "$keys_of_program" ] || ! differ=$(diff "$B/keys.program" "$B/keys.man"); then
	say "$man: the table of keys (>) is not what 'upfront help keys' prints (<):
$differ"
fi
rm -f "$B/keys.program" "$B/keys.man"
parts=$(sed -n 's/^\tX(ROLE_\([A-Z_0-9]*\),.*/\1/p' ui/theme.h | grep -vx SOURCE | tr '[:upper:]' '[:lower:]')
compare 'parts of the screen' "$parts" "$(section '# DASHBOARD' | tr '\n' ' ' | sed 's/.*Parts are \([^.]*\)\..*/\1/; s/\\_/@/g; s/_//g; s/@/_/g; s/, */\n/g')"

# Commands that README and HACKING show exist.
for word in $(grep -ohE '(^|[^a-z./-])upfront [a-z]+' README.md HACKING.md config/examples/*/README.md | sed -n 's/^.*`\{0,1\}upfront //p' | sort -u); do
	grep -qE "(^    |\`|\\$ )upfront $word( |\`|\$)" README.md HACKING.md config/examples/*/README.md || continue
	printf '%s\n' "$commands" | grep -qxF "$word" || say "README.md or HACKING.md: there is no command 'upfront $word'"
done

# README's table of events is the program's own.
table=$(awk '/<!-- schema -->/ {on = 1; next} /<!-- end of schema -->/ {on = 0} on' README.md)
[ "$table" = "$(cd / && "$upfront" telemetry schema --markdown)" ] ||
	say "README.md: the table of events is not what 'upfront telemetry schema --markdown' prints"

# What it says is proven is what the proof prints when nothing is found.
if [ -x "$B/tests/proof/proof" ]; then
	block=$(awk '/<!-- proof -->/ {on = 1; next} /<!-- end of proof -->/ {on = 0} on' README.md)
	[ "$block" = "$("$B/tests/proof/proof" --markdown)" ] ||
		say "README.md: what is proven is not what '$B/tests/proof/proof --markdown' prints"
else
	say "$B/tests/proof/proof: not built"
fi

# Each promise names a test that there is.
rows=$(awk '/^### Promised, done, proven$/ {on = 1; next} /^### / {on = 0} on && /^\|/' README.md | sed 1,2d | grep -v '^| \*')
[ -n "$rows" ] || say "README.md: the table 'Promised, done, proven' is not there"
while read -r row; do
	named=$(printf '%s\n' "$row" | sed 's/ |$//; s/.*| //' | grep -oE '`[^`]*`' | tr -d '`')
	[ -n "$named" ] || say "README.md: no test is named for: $row"
	for name in $named; do
		find tests -name "${name%%:*}.c" -exec grep -qE "^static void ${name#*:}\(void \*\*" {} \; -print | grep -q . ||
			say "README.md: there is no test '$name'"
	done
done <<EOF
$rows
EOF
exit "$wrong"
