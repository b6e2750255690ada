#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs test programs one after the other, each under a deadline, and sums their cases up:
#   tests/run.sh PROGRAM...          last line: "N passed, N failed, N skipped"
# A program that dies, hangs or prints no summary counts as one failure more, and so does one that leaves a process
# or a file behind: each gets a TMPDIR of its own, which must be empty in the end, and a mark in its environment,
# which no process may carry 2 s later. With TEST_TOTALS set, the sum is added to that file as well.
# With TEST_TRIES=2 a program that failed is shown and run once more, alone: on a machine that stands still for a second
# a deadline says nothing about the code. What then passes is named as unsteady at the end, and is to be looked into.
# With TEST_NAMES set, each case of a program that passed is named; those of one that failed are shown anyway.
set -u
tries_max=${TEST_TRIES:-1}
deadline=${TEST_DEADLINE:-300}
passed=0 failed=0 skipped=0 broken='' unsteady=''
base=$(mktemp -d /tmp/uft.XXXXXX) || exit 1
log=$base/log
trap 'rm -rf "$base"' EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

count() { # count LABEL: the number cmocka printed beside it, 0 when it printed none
	sed -n "s/^\[ *$1 *\] \([0-9][0-9]*\) test(s).*/\1/p" "$log" | awk '{n += $1} END {print n + 0}'
}

marked() { # pids of the processes that carry this program's mark
	grep -lzxF "UPFRONT_TEST_MARK=$mark" /proc/[0-9]*/environ 2>/dev/null | sed 's,[^0-9],,g'
}

leftovers() { # says what the program left behind, ends what still runs
	tries=0
	while pids=$(marked) && [ -n "$pids" ] && [ "$tries" -lt 40 ]; do
		sleep 0.05
		tries=$((tries + 1))
	done
	for pid in $pids; do
		printf 'left a process: %s %s\n' "$pid" "$(cat "/proc/$pid/cmdline" 2>/dev/null | tr '\0' ' ')"
		kill -KILL "$pid" 2>/dev/null
	done
	find "$dir" -mindepth 1 -maxdepth 1 -printf 'left a file: %f\n'
}

# run_once PROGRAM: sets p, f, s (cases passed, failed, skipped), code, took; the output is in $log, what was left behind in $left.
run_once() {
	number=$((number + 1))
	mark=$$.$number
	dir=$base/$number
	mkdir "$dir" || exit 1
	chmod 711 "$base" "$dir"
	began=$(date +%s%N)
	# Signals as a terminal's programs have them: a job in the background of a script is begun with some ignored.
	UPFRONT_TEST_MARK=$mark TMPDIR=$dir env --default-signal=HUP,INT,QUIT,TERM \
		timeout --kill-after=5 "$deadline" "$1" >"$log" 2>&1 </dev/null
	code=$?
	took=$((($(date +%s%N) - began) / 1000000))
	p=$(count PASSED) s=$(count SKIPPED)
	f=$(($(count FAILED) + $(grep -c '^\[ *ERROR *\] [^-]' "$log")))
	grep -q '^\[==========\] .*run' "$log" || f=$((f + 1))
	[ "$code" -eq 0 ] || [ "$f" -gt 0 ] || f=1
	left=$(leftovers)
	[ -z "$left" ] || f=$((f + 1))
	rm -rf "$dir"
}

number=0
for program in "$@"; do
	name=${program##*/tests/}
	try=1
	while run_once "$program" && [ "$f" -gt 0 ]; do
		printf 'FAIL %s (exit code %s, %s ms)\n' "$name" "$code" "$took"
		sed 's/^/     /' "$log"
		[ -z "$left" ] || printf '%s\n' "$left" | sed 's/^/     /'
		[ "$try" -lt "$tries_max" ] || break
		try=$((try + 1))
	done
	passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
	if [ "$f" -gt 0 ]; then
		broken="$broken $name"
	else
		[ "$try" -eq 1 ] || unsteady="$unsteady $name"
		printf 'ok   %s (%s, %s ms)\n' "$name" "$p" "$took"
		grep -i '^ *skipped:' "$log" | sed 's/^/     /'
		[ -z "${TEST_NAMES-}" ] || sed -n 's/^\[ *OK *\] /     ok   /p' "$log"
	fi
done
[ -z "$unsteady" ] || printf 'unsteady, passed at the second try only:%s\n' "$unsteady"
[ -z "$broken" ] || printf 'failed:%s\n' "$broken"
printf '%s passed, %s failed, %s skipped\n' "$passed" "$failed" "$skipped"
[ -z "${TEST_TOTALS-}" ] || printf '%s %s %s\n' "$passed" "$failed" "$skipped" >>"$TEST_TOTALS"
[ "$failed" -eq 0 ]
