#!/bin/sh
# SPDX-License-Identifier: MIT
# What holds for every file: one SPDX line on top, at most 800 lines, no words that put work off, shell that parses,
# JSON that is JSON.
set -u
wrong=0
say() {
	echo "$*"
	wrong=1
}
for file in $(find config ui telemetry launcher tests .ci -type f \( -name '*.[ch]' -o -name '*.sh' -o -name '*.py' -o -path '.ci/*' \) | sort); do
	head -n 3 "$file" | grep -q 'SPDX-License-Identifier: MIT' || say "$file: no SPDX line on top"
	lines=$(wc -l <"$file")
	[ "$lines" -le 800 ] || say "$file: $lines lines, at most 800: split it by noun"
done
for file in $(find config ui telemetry launcher tests -name '*.[ch]' | sort); do
	found=$(grep -nE '\b(TODO|FIXME|XXX|HACK)\b' "$file") && say "$file: $found"
done
for file in $(find config tests .ci -type f \( -name '*.sh' -o -path '.ci/*' \) | sort); do
	sh -n "$file" || say "$file: does not parse"
	[ -x "$file" ] || case $file in tests/lint/check-*) ;; *) say "$file: is not executable" ;; esac
done
find config telemetry launcher tests -name '*.json' ! -path '*/corpus/*' -print0 | sort -z | xargs -0 python3 -c '
import json, sys
wrong = 0
for path in sys.argv[1:]:
    try:
        json.load(open(path, encoding="utf-8"))
    except ValueError as error:
        print(f"{path}: is no valid JSON: {error}")
        wrong = 1
sys.exit(wrong)' || wrong=1
exit "$wrong"
