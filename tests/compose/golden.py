#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Writes down how Compose v2 reads each case that is kept: `make compose-golden`."""
import concurrent.futures
import json
import os
import sys

sys.dont_write_bytecode = True

import cases
import engines

version = engines.v2_version()
if version is None:
    sys.exit("golden.py: no 'docker compose' of version 2 here (DOCKER_CONFIG says where it looks for its plugins)")


def write(case):
    answer = {"version": version, "sum": case.sum(), **engines.v2(case)}
    with open(os.path.join(case.folder, cases.EXPECTED), "w", encoding="utf-8") as file:
        json.dump(answer, file, indent=1, sort_keys=True, ensure_ascii=False)
        file.write("\n")


every = cases.kept("cases") + cases.kept("refused")
with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
    list(pool.map(write, every))
print(f"{len(every)} answers of Compose {version} written down")
