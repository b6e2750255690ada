#!/bin/sh
# SPDX-License-Identifier: MIT
# Every check of tests/lint, one case each; a check prints what is wrong and ends non-zero. B is the build folder whose program
# the documentation is compared with.
set -u
cd "$(dirname "$0")/../.." || exit 1
export B="${B:-build/release}"
passed=0 failed=0
for check in tests/lint/check-*.sh; do
	name=${check##*/check-}
	name=${name%.sh}
	if said=$(sh "$check" 2>&1); then
		printf 'ok   lint/%s\n' "$name"
		passed=$((passed + 1))
	else
		printf 'FAIL lint/%s\n' "$name"
		printf '%s\n' "$said" | sed 's/^/     /'
		failed=$((failed + 1))
	fi
done
printf '%s passed, %s failed, 0 skipped\n' "$passed" "$failed"
[ -z "${TEST_TOTALS-}" ] || printf '%s %s 0\n' "$passed" "$failed" >>"$TEST_TOTALS"
[ "$failed" -eq 0 ]
