# SPDX-License-Identifier: MIT
"""
The cases: a folder each in cases/ (files that are read) and refused/ (files that are not), laid out as a project's folder is.

  arguments         if it is there: "NAME=value ... -f FILE -p PROJECT --profile NAME --env-file FILE" as a shell would split it
  expected-v2.json  what Compose v2 said, by golden.py: its "config", or what it "refused"; and a sum over the files it was said of

Nothing but these variables, HOME and PATH is in the environment. The folder's path is written as <here>, and the one it lies in as <above>, so that it may lie anywhere.
"""
import hashlib
import json
import os
import shlex

ROOT = os.path.dirname(os.path.abspath(__file__))
HOME = "/home/person"
EXPECTED = "expected-v2.json"
ARGUMENTS = "arguments"
HERE = "<here>"
ABOVE = "<above>"
OPTIONS = {"-f": "files", "-p": "project", "--profile": "profiles", "--env-file": "env_files"}


class Case:
    def __init__(self, folder, made=False):
        self.folder, self.made = folder, made
        self.name = os.path.join(os.path.basename(os.path.dirname(folder)), os.path.basename(folder))
        self.files, self.env_files, self.profiles, self.project = [], [], [], None
        self.variables = {}
        self.words = []
        self._read_arguments()

    def _read_arguments(self):
        path = os.path.join(self.folder, ARGUMENTS)
        words = []
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                words = shlex.split(file.read())
        while words and "=" in words[0] and not words[0].startswith("-"):
            name, _, value = words.pop(0).partition("=")
            self.variables[name] = value
        self.words = words
        for option, value in zip(words[::2], words[1::2]):
            if OPTIONS[option] == "project":
                self.project = value
            else:
                getattr(self, OPTIONS[option]).append(value)

    def environment(self):
        return {"HOME": HOME, "PATH": os.environ.get("PATH", "/usr/bin:/bin"), **self.variables}

    def request(self):
        """What tests/compose/view is asked."""
        asked = {
            "directory": self.folder,
            "files": self.files,
            "env_files": self.env_files,
            "profiles": self.profiles,
            "environment": self.environment(),
        }
        if self.project is not None:
            asked["project"] = self.project
        return asked

    def sum(self):
        """Over all files of the case, so that an answer is known to be one to them."""
        found = hashlib.sha256()
        for folder, folders, names in os.walk(self.folder):
            folders.sort()
            for name in sorted(names):
                path = os.path.join(folder, name)
                if name == EXPECTED:
                    continue
                with open(path, "rb") as file:
                    found.update(os.path.relpath(path, self.folder).encode() + b"\0" + file.read() + b"\0")
        return found.hexdigest()

    def expected(self):
        """Compose v2's answer as it was written down; None: there is none to these files."""
        try:
            with open(os.path.join(self.folder, EXPECTED), encoding="utf-8") as file:
                answer = json.load(file)
        except FileNotFoundError:
            return None
        return answer if answer["sum"] == self.sum() else None


def movable(value, folder):
    """The same value wherever the folder lies."""
    if isinstance(value, dict):
        return {movable(key, folder): movable(each, folder) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [movable(each, folder) for each in value]
    if not isinstance(value, str):
        return value
    return value.replace(folder, HERE).replace(os.path.dirname(folder), ABOVE)


def kept(kind):
    folder = os.path.join(ROOT, kind)
    return [Case(os.path.join(folder, name)) for name in sorted(os.listdir(folder))]
