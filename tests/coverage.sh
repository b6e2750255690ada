#!/bin/sh
# SPDX-License-Identifier: MIT
# Lines covered by the tests that ran in a coverage build, one row a file, the least covered first:
#   tests/coverage.sh BUILD_FOLDER
set -u
find "$1" -name '*.gcda' ! -path '*/tests/*' -exec gcov -n {} + 2>/dev/null | awk '
/^File / { split($0, part, "\x27"); file = part[2] }
/^Lines executed:/ && file !~ /^\// && file ~ /\.c$/ {
	split($0, part, /[:% ]/)
	percent = part[3]
	lines = $NF
	printf "%6.1f%% %5d lines  %s\n", percent, lines, file
	covered += percent * lines / 100
	all += lines
}
END { if (all) printf "%6.1f%% %5d lines  in all\n", 100 * covered / all, all }' | sort -n
