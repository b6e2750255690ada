#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs the unit tests, and the commands of the real programs that start nothing, under valgrind's memcheck:
#   B=BUILD_FOLDER tests/valgrind.sh UNIT_TEST...
# Errors and memory that is definitely lost fail a program; of the real programs also a descriptor that is still open at the end.
# What cannot run there stands in tests/valgrind.skip with its reason.
set -u
base=$(mktemp -d /tmp/uft-valgrind.XXXXXX) || exit 1
trap 'rm -rf "$base"' EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM
chmod 711 "$base"
passed=0 failed=0 skipped=0

memcheck() { # memcheck COMMAND...: its exit code; 99: memcheck found something. Services would not be traced: nothing here starts any.
	timeout --kill-after=5 300 valgrind -q --suppressions=tests/valgrind.supp --leak-check=full --errors-for-leak-kinds=definite \
		--show-leak-kinds=definite --track-fds=yes --trace-children=no --error-exitcode=99 "$@"
}

judge() { # judge NAME WELL
	if [ "$2" -eq 0 ]; then
		printf 'ok   %s\n' "$1"
		passed=$((passed + 1))
	else
		printf 'FAIL %s\n' "$1"
		sed 's/^/     /' "$base/log"
		failed=$((failed + 1))
	fi
}

for program in "$@"; do
	name=${program##*/tests/unit/}
	if grep -q "^$name[[:space:]]" tests/valgrind.skip; then
		skipped=$((skipped + 1))
		continue
	fi
	mkdir "$base/tmp"
	TMPDIR=$base/tmp memcheck "$program" >"$base/log" 2>&1 </dev/null
	judge "$name" $?
	rm -rf "$base/tmp"
done

# command WANTED ARGS...: upfront ARGS in a folder with a stack of its own ends with WANTED and closes what it opened.
command() {
	wanted=$1
	shift
	HOME=$base/home XDG_CONFIG_HOME=$base/home/config XDG_STATE_HOME=$base/home/state XDG_RUNTIME_DIR=$base/home/run \
		memcheck "$B/upfront" -C "$base/stack" "$@" >"$base/log" 2>&1 </dev/null
	code=$?
	# Standard streams, and what it was born with: everything else has a stack trace below it.
	if grep -A1 '^==.*Open ' "$base/log" | grep -q '^==[0-9]*==    at '; then code="$code, a descriptor left open"; fi
	[ "$code" = "$wanted" ]
	judge "upfront $*: $code" $?
}
mkdir -p "$base/stack" "$base/home/run" && chmod 700 "$base/home" "$base/home/run"
cat config/examples/shop/compose.yaml >"$base/stack/compose.yaml"
printf 'services: {a: {command: "x", restart: alwyas}, b: {}}\n' >"$base/stack/wrong.yaml"
command 0 config
command 0 config --json
command 3 -f "$base/stack/wrong.yaml" config
command 0 graph
command 0 telemetry status
command 0 telemetry off
command 0 telemetry ask
command 6 ps
command 0 down
command 6 logs
command 0 help up
command 0 version
command 2 no-such-command

printf '%s passed, %s failed, %s skipped\n' "$passed" "$failed" "$skipped"
[ "$failed" -eq 0 ]
