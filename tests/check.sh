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
trap 'rm -f "$TEST_TOTALS" "$TEST_TOTALS".*' EXIT
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

# aside FUNCTION: its steps mostly wait, or others do; those that follow go on beside them. What they say comes with join.
asides='' aside_count=0
aside() {
	aside_count=$((aside_count + 1))
	: >"$TEST_TOTALS.$aside_count"
	(TEST_TOTALS=$TEST_TOTALS.$aside_count && "$@") >"$TEST_TOTALS.$aside_count.log" 2>&1 &
	asides="$asides $!:$aside_count"
}
join() {
	for one in $asides; do
		wait "${one%:*}"
		cat "$TEST_TOTALS.${one#*:}.log"
		cat "$TEST_TOTALS.${one#*:}" >>"$TEST_TOTALS"
	done
	asides=''
}

# $make falls apart into words on purpose. Two makes never work in one build folder at the same time.
waiting() {
	step 'containers' $make WERROR=1 engine
	step 'faults, short' $make WERROR=1 FAULTS=quick faults
	step 'end to end, real clients' $make WERROR=1 E2E=sdk e2e
	step 'measuring, short' env BENCH_ONLY=paint $make BENCH=quick bench
}
fuzzing() {
	step 'fuzzing, short' $make FUZZ_SECONDS=1 fuzz
}

step 'build, gcc' $make WERROR=1 all && {
	step 'unit' $make WERROR=1 unit
	step 'terminal' $make WERROR=1 terminal
	step 'end to end' $make WERROR=1 E2E=rest e2e
	step 'chaos, short' $make WERROR=1 RUNS=15 chaos
	step 'compose files' $make WERROR=1 compose
	step 'real software, short' $make WERROR=1 ROUNDS=3 soak
	step 'privacy proof, short' $make WERROR=1 PROOF=quick proof
	step 'lint' $make lint
	aside waiting
}
step 'build, clang' $make VARIANT=clang WERROR=1 all
step 'build, sanitizers' $make VARIANT=asan WERROR=1 all && {
	aside fuzzing
	step 'unit, sanitizers' $make VARIANT=asan WERROR=1 unit
	step 'terminal, sanitizers' $make VARIANT=asan WERROR=1 terminal
	step 'end to end, sanitizers, short' $make VARIANT=asan WERROR=1 E2E=quick e2e
}
join

printf '\n%s s\n' "$(($(date +%s) - began))"
awk '{p += $1; f += $2; s += $3} END {printf "%d passed, %d failed, %d skipped\n", p, f, s; exit f > 0}' "$TEST_TOTALS"
