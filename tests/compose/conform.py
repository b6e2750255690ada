#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""
What upfront reads of Compose files, against what Compose programs read of the same: `make compose`.

The cases are those that are kept (cases.py) and GENERATED ones made from SEED on (generate.py). upfront's side is tests/compose/view.
Asked are docker-compose 1.29, live; Compose v2, by the answers that are kept and, where `docker compose` is there, live as well.
Where the two differ version 2 counts: it is the Compose Specification's own. Where one of them cannot read a case the other counts.

Whatever differs then is a bug, or has its entry in differences.json: a name, where it is seen, and the sentence about it that stands
in the manual page. An entry that no case needs any more, or whose sentence is not there, fails.

conform.py NAME... takes only cases whose names hold one of these, and says all that it finds.
"""
import concurrent.futures
import fnmatch
import json
import os
import re
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True

import cases
import engines
import generate
import normal

DIFFERENCES = os.path.join(cases.ROOT, "differences.json")
MANUAL = os.path.join(cases.ROOT, "..", "..", "launcher", "upfront.1.scd")
MANUAL_HEADING = "# DIFFERENCES FROM COMPOSE"
# Fewer than this, and the reader is broken rather than the cases.
READ_BY_V1_MIN = 120


# ---- The differences that stay ----

class Differences:
    def __init__(self):
        with open(DIFFERENCES, encoding="utf-8") as file:
            self.entries = json.load(file)
        self.seen = set()

    def explain(self, kind, case, path=""):
        """Whether an entry of this kind ("value", "reads", "refuses") is about this place."""
        for entry in self.entries:
            if entry["kind"] == kind and case in entry["cases"] and any(
                    fnmatch.fnmatchcase(path, each) for each in entry.get("paths", ["*"])):
                self.seen.add(entry["name"])
                return True
        return False

    def problems(self):
        """Entries without need, entries the manual page does not have, and sentences of it that are no entry's."""
        found = [f"{entry['name']}: no case needs this entry of differences.json any more"
                 for entry in self.entries if entry["name"] not in self.seen]
        said = manual_sentences()
        listed = [entry["manual"] for entry in self.entries]
        found += [f"not in the manual page: {each}" for each in listed if each not in said]
        found += [f"only in the manual page: {each}" for each in said if each not in listed]
        return found


def manual_sentences():
    """The paragraphs of the section that begin with a dash, without their markup."""
    with open(MANUAL, encoding="utf-8") as file:
        section = file.read().partition(MANUAL_HEADING + "\n")[2].partition("\n# ")[0]
    paragraphs = re.findall(r"^- (.*?)(?=\n- |\n\n|\Z)", section, re.DOTALL | re.MULTILINE)
    return [re.sub(r"\\(.)|(?<!\w)[*_]|[*_](?!\w)", lambda found: found[1] or "", " ".join(each.split())) for each in paragraphs]


# ---- Answers ----

def views(every):
    """upfront's answers, in order."""
    asked = "".join(json.dumps(case.request()) + "\n" for case in every)
    done = subprocess.run([os.environ["COMPOSE_VIEW"]], input=asked, capture_output=True, text=True, check=False)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    if done.returncode != 0 or len(answers) != len(every):
        sys.exit(f"conform.py: {os.environ['COMPOSE_VIEW']} ended at case {len(answers)}: {done.stderr}")
    return answers


def v2_answers(every):
    """(kept answers, live answers), None where there is none."""
    kept = [None if case.made else case.expected() for case in every]
    version = engines.v2_version()

    def ask(case, answer):
        # What this very version said of these very files is kept already.
        return None if version is None or (answer and answer["version"] == version) else engines.v2(case)

    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        return kept, list(pool.map(ask, every, kept))


# ---- One case ----

class Comparison:
    """upfront's reading of a case, held against another's; what differs is added to `problems`."""

    def __init__(self, case, view, known):
        self.case, self.view, self.known = case, view, known
        self.problems = []

    def say(self, text):
        self.problems.append(text)

    def against(self, who, answer, counts=None):
        """`counts`: the answer of a program that knows better, where there is one."""
        refused, read = "refused" in answer, "errors" not in self.view
        if refused and read:
            if not (counts and "config" in counts) and not self.known.explain("reads", self.case.name):
                self.say(f"{who} refuses it: {answer['refused']}")
        elif not refused and not read:
            if not (counts and "refused" in counts) and not self.known.explain("refuses", self.case.name):
                self.say(f"{who} reads it, upfront does not: {self.view['errors'][0]['message']}")
        elif read:
            self._against_config(who, normal.document(answer["config"]),
                                 normal.document(counts["config"]) if counts and "config" in counts else None)

    def _against_config(self, who, theirs, counting):
        excused = {path for path, _, _ in normal.differences(theirs, counting)} if counting else set()
        ours = normal.view(self.view, self.case.folder)
        self._compare(who, ours, theirs, excused, ())
        for name, read in cases.movable(self.view["services"], self.case.folder).items():
            if name in theirs["services"]:
                acted = normal.to_act_upon((counting or theirs)["services"].get(name) or theirs["services"][name])
                self._compare(f"{who}, acted upon", normal.acted_upon(read), acted, set(), ("services", name))

    def _compare(self, who, ours, theirs, excused, above):
        for path, mine, other in normal.differences(ours, theirs, above):
            if any(path[:len(each)] == each for each in excused):
                continue
            if not self.known.explain("value", self.case.name, "/".join(path)):
                self.say(f"{'/'.join(path)}: upfront {mine!r}, {who} {other!r}")

    def check_place(self):
        """An error says where, unless what is wrong is that a file given on the command line is not there."""
        given = self.case.files + self.case.env_files
        if all(os.path.exists(os.path.join(self.case.folder, path)) for path in given):
            for error in self.view["errors"]:
                if not error["file"] or error["line"] < 1 or error["column"] < 1:
                    self.say(f"no file, line and column: {error}")


def compare(case, view, answers, known):
    """Problems of one case, by the answers {"v1", "kept", "live"} that there are."""
    comparison = Comparison(case, view, known)
    v2 = answers["live"] or answers["kept"]
    if not case.made and answers["kept"] is None:
        comparison.say(f"no {cases.EXPECTED} of these files: make compose-golden")
    for who, answer in (("version 2", answers["live"]), ("version 2, as kept", answers["kept"])):
        if answer is not None:
            comparison.against(who, answer)
    if answers["v1"] is not None:
        comparison.against("version 1", answers["v1"], v2)
    if "errors" in view:
        comparison.check_place()
    return comparison.problems


# ---- All of them ----

def summary(failed, passed, skipped):
    """As cmocka ends, for tests/run.sh."""
    print(f"[==========] {passed + failed} test(s) run.")
    print(f"[  PASSED  ] {passed} test(s).")
    if skipped:
        print(f"[  SKIPPED ] {skipped} test(s).")
    if failed:
        print(f"[  FAILED  ] {failed} test(s).")
    return 1 if failed else 0


def main(names):
    seed, count = int(os.environ.get("SEED", "1")), int(os.environ.get("GENERATED", "100"))
    known, has_v1 = Differences(), engines.has_v1()
    with tempfile.TemporaryDirectory() as folder:
        every = cases.kept("cases") + cases.kept("refused") + generate.make(folder, seed, count, engines.v2_version() is not None)
        every = [case for case in every if not names or any(name in case.name for name in names)]
        kept, live = v2_answers(every)
        answers = [{"kept": one, "live": other, "v1": engines.v1(case) if has_v1 else None}
                   for case, one, other in zip(every, kept, live)]
        failed = 0
        for case, view, answer in zip(every, views(every), answers):
            problems = compare(case, view, answer, known)
            failed += bool(problems)
            for problem in problems:
                print(f"{case.name}: {problem}")
            if problems and case.made:
                print(generate.text(case))
    general = [] if names else known.problems()
    read = sum(answer["v1"] is not None and "config" in answer["v1"] for answer in answers)
    if has_v1 and not names and read < READ_BY_V1_MIN:
        general.append(f"version 1 read {read} cases only")
    print("\n".join(general))
    if not has_v1:
        print("skipped: docker-compose 1.29 is not installed: nothing was asked live")
    return summary(failed + bool(general), len(every) - failed + (not general), not has_v1)


sys.exit(main(sys.argv[1:]))
