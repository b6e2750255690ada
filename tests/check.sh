#!/bin/sh
# SPDX-License-Identifier: MIT
# `make check`: every step a change must pass, all of them also when one fails, and one line that sums all up:
#   N passed, N failed, N skipped
# A step that is no test program (a build, a lint check, a fuzz target) counts as one passed or failed case.
# SUBMAKE settings come from the Makefile: MAKE, PARALLEL.
set -u
make="${MAKE:-make} --no-print-directory ${PARALLEL-}"
TEST_TOTALS=$(mktemp /tmp/uft-totals.XXXXXX) || exit 1
TEST_TRIES=${TEST_TRIES:-2}
export TEST_TOTALS TEST_TRIES
aside=$TEST_TOTALS.aside
trap 'rm -f "$TEST_TOTALS" "$aside" "$aside.log"' EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM
began=$(date +%s)

# step NAME COMMAND...: runs it; one that did not write its own totals counts as one case.
step() {
	name=$1
	shift
	printf '\n== %s\n' "$name"
	lines=$(wc -l <"$TEST_TOTALS")
	at=$(date +%s)
	"$@"
	code=$?
	if [ "$(wc -l <"$TEST_TOTALS")" -eq "$lines" ]; then
		if [ "$code" -eq 0 ]; then echo '1 0 0'; else echo '0 1 0'; fi >>"$TEST_TOTALS"
	fi
	printf '== %s: %s (%s s)\n' "$name" "$([ "$code" -eq 0 ] && echo ok || echo FAILED)" "$(($(date +%s) - at))"
	return "$code"
}

# aside NAME COMMAND...: a step beside which others go on, for it or they mostly wait; what it says comes with join.
aside() {
	: >"$aside"
	(TEST_TOTALS=$aside && step "$@") >"$aside.log" 2>&1 &
	aside_pid=$!
}
join() {
	[ -n "${aside_pid-}" ] || return 0
	wait "$aside_pid"
	cat "$aside.log"
	cat "$aside" >>"$TEST_TOTALS"
	aside_pid=''
}

# $make falls apart into words on purpose.
step 'build, gcc' $make WERROR=1 all && {
	step 'unit' $make WERROR=1 unit
	step 'terminal' $make WERROR=1 terminal
	step 'end to end' $make WERROR=1 e2e
	step 'faults, short' $make WERROR=1 FAULTS=quick faults
	step 'chaos, short' $make WERROR=1 RUNS=15 chaos
	step 'compose files' $make WERROR=1 compose
	step 'real software, short' $make WERROR=1 ROUNDS=3 soak
	step 'privacy proof, short' $make WERROR=1 PROOF=quick proof
	step 'lint' $make lint
	step 'measuring, short' env BENCH_ONLY=paint $make BENCH=quick bench
	aside 'containers' $make WERROR=1 engine
}
step 'build, clang' $make VARIANT=clang WERROR=1 all
step 'build, sanitizers' $make VARIANT=asan WERROR=1 all
sanitizers=$?
join
aside 'fuzzing, short' $make FUZZ_SECONDS=2 fuzz
[ "$sanitizers" -ne 0 ] || {
	step 'unit, sanitizers' $make VARIANT=asan WERROR=1 unit
	step 'terminal, sanitizers' $make VARIANT=asan WERROR=1 terminal
	step 'end to end, sanitizers, short' $make VARIANT=asan WERROR=1 E2E=quick e2e
}
join

printf '\n%s s\n' "$(($(date +%s) - began))"
awk '{p += $1; f += $2; s += $3} END {printf "%d passed, %d failed, %d skipped\n", p, f, s; exit f > 0}' "$TEST_TOTALS"
