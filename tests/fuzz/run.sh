#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs fuzz targets one after the other, SECONDS each, beginning with the inputs that are kept:
#   tests/fuzz/run.sh SECONDS PROGRAM...
# New inputs go to a folder that is thrown away; one that crashes a target is kept as build/fuzz/found-* and named.
set -u
seconds=$1
shift
base=$(mktemp -d /tmp/uft-fuzz.XXXXXX) || exit 1
trap 'rm -rf "$base"' EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM
passed=0 failed=0

for program in "$@"; do
	name=${program##*/tests/fuzz/} # room/fuzz_name or fuzz_name
	word=${name##*fuzz_}
	beside=tests/fuzz/${name%fuzz_*}
	kept=${beside}corpus/$word
	found=${program%/tests/fuzz/*}/found-$word-
	mkdir -p "$base/$word" "$base/tmp"
	set -- "$base/$word"
	[ ! -d "$kept" ] || set -- "$@" "$kept"
	dict=$beside$word.dict
	[ ! -f "$dict" ] || set -- "$@" "-dict=$dict"
	if TMPDIR=$base/tmp timeout --kill-after=5 "$((seconds + 60))" "$program" -max_total_time="$seconds" -timeout=5 -rss_limit_mb=1024 \
		-verbosity=0 -print_final_stats=1 -artifact_prefix="$found" "$@" >"$base/log" 2>&1 </dev/null; then
		printf 'ok   %s (%s inputs tried)\n' "$name" "$(sed -n 's/^stat::number_of_executed_units: *//p' "$base/log")"
		passed=$((passed + 1))
	else
		printf 'FAIL %s\n' "$name"
		tail -n 60 "$base/log" | sed 's/^/     /'
		failed=$((failed + 1))
	fi
	rm -rf "${base:?}/$word"
done
printf '%s passed, %s failed, 0 skipped\n' "$passed" "$failed"
[ -z "${TEST_TOTALS-}" ] || printf '%s %s 0\n' "$passed" "$failed" >>"$TEST_TOTALS"
[ "$failed" -eq 0 ]
