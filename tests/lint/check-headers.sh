#!/bin/sh
# SPDX-License-Identifier: MIT
# Every header compiles alone, first in its file, with both compilers, and has a guard of its own name.
set -u
wrong=0
empty=$(mktemp /tmp/uft-lint.XXXXXX) || exit 1
trap 'rm -f "$empty"' EXIT
for header in $(find config ui telemetry launcher tests -name '*.h' | sort); do
	for compiler in gcc clang; do
		"$compiler" -std=c17 -D_GNU_SOURCE -DUPFRONT_VERSION='"0"' -DUPFRONT_SYSCONFDIR='"/etc"' -I. -Wall -Wextra \
			-Werror -fsyntax-only -include "$header" -x c "$empty" || {
			echo "$header: does not compile alone with $compiler"
			wrong=1
		}
	done
	guard=UPFRONT_$(printf '%s' "$header" | tr '[:lower:]/.-' '[:upper:]___')
	# launcher/command/x.h and its like may leave out the name of the top folder.
	grep -qE "^#ifndef UPFRONT_[A-Z0-9_]+_H$|^#pragma once" "$header" || {
		echo "$header: wanted an include guard such as $guard"
		wrong=1
	}
done
exit "$wrong"
