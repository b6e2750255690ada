#!/bin/sh
# SPDX-License-Identifier: MIT
# .clang-format is law. `clang-format -i FILE` mends.
set -u
find config ui telemetry launcher tests -name '*.[ch]' -print0 | xargs -0 clang-format --dry-run -Werror
