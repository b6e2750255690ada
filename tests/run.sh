#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs test programs one after the other, each under a deadline, and sums their cases up:
#   tests/run.sh PROGRAM...          last line: "N passed, N failed, N skipped"
# A program that dies, hangs or prints no summary counts as one failure more.
set -u
deadline=${TEST_DEADLINE:-300}
passed=0 failed=0 skipped=0 broken=''
log=$(mktemp) || exit 1
trap 'rm -f "$log"' EXIT

count() { # count LABEL: the number cmocka printed beside it, 0 when it printed none
	sed -n "s/^\[ *$1 *\] \([0-9][0-9]*\) test(s).*/\1/p" "$log" | awk '{n += $1} END {print n + 0}'
}

for program in "$@"; do
	timeout --kill-after=5 "$deadline" "$program" >"$log" 2>&1 </dev/null
	code=$?
	p=$(count PASSED) f=$(count FAILED) s=$(count SKIPPED)
	grep -q '^\[==========\] .*run' "$log" || f=$((f + 1))
	[ "$code" -eq 0 ] || [ "$f" -gt 0 ] || f=1
	passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
	name=${program##*/tests/}
	if [ "$f" -gt 0 ]; then
		broken="$broken $name"
		printf 'FAIL %s (exit code %s)\n' "$name" "$code"
		sed 's/^/     /' "$log"
	else
		printf 'ok   %s (%s)\n' "$name" "$p"
		grep -i '^ *skipped:' "$log" | sed 's/^/     /'
	fi
done
[ -z "$broken" ] || printf 'failed:%s\n' "$broken"
printf '%s passed, %s failed, %s skipped\n' "$passed" "$failed" "$skipped"
[ "$failed" -eq 0 ]
