# SPDX-License-Identifier: MIT
"""
Cases made from a seed: a stack of a few services, each with some of the keys that people use, written in one of the ways that YAML
has; often with a .env, a file of variables, a second file over the first or a service that extends another; now and then with a
mistake that every Compose program refuses.

Where both versions are asked everything may be in it. Without version 2 ("modern" is false) only what both read alike.
"""
import os
import random
import re
import shlex

import cases

WORDS = ["web", "db", "cache", "worker", "queue", "gate", "mail", "search", "jobs", "probe"]
TEXTS = ["plain", "two words", "a=b", "a:b", "http://host:80/path?q=1", "x#y", "it's", 'say "hi"', "{brace}", "[list]", "*star", "&and",
         "100%", "@at", "-dash", "trailing ", "a, b", "Grüße", "~", "null", "true", "no", "12", "1.10", "0x10", "", "- item", "a: b", "tab\there"]
VARIABLES = {"SET": "value", "EMPTY": "", "TAG": "1.2", "PORT": "8080", "WORDS": "some words", "DOLLAR": "a$b", "COUNT": "3"}
DURATIONS = ["10s", "1m30s", "500ms", "2m", "1h", "90s", "1m0s", "45s"]
# Of these version 1, or both, mind what two files say of the same thing.
NOT_IN_OVERRIDES = ("profiles", "scale", "extra_hosts", "dns", "tmpfs")
SIZES = ["64m", "1g", "512k", "100000b", "128mb"]


class Stack:
    """One case while it is being made."""

    def __init__(self, seed, modern):
        self.random = random.Random(seed)
        self.modern = modern
        self.volumes, self.networks, self.files = set(), set(), {}
        self.names = self.random.sample(WORDS, self.random.randint(1, 5))
        self.variables = {name: value for name, value in VARIABLES.items() if self.chance(70)}
        self.words = []

    def chance(self, percent):
        return self.random.randrange(100) < percent

    def pick(self, *options):
        return self.random.choice(options)

    def some(self, options, least=1, most=3):
        return self.random.sample(list(options), self.random.randint(least, min(most, len(options))))

    # ---- Values ----

    def variable(self, default):
        """A text with a variable in it that may be set or not."""
        name = self.random.choice(list(VARIABLES) + ["UNSET", "NOT_THERE"])
        forms = ["${%s:-%s}", "${%s-%s}"]
        if self.modern:
            forms += ["${%s:-${OTHER:-%s}}", "${%s:+%s}", "${%s+%s}", "${UNSET:-$%s%s}"]
        return self.random.choice(forms) % (name, default)

    def text(self):
        roll = self.random.randrange(10)
        if roll < 5:
            return self.random.choice(TEXTS)
        if roll < 7:
            return self.pick("pre-", "", "a ") + self.variable(self.pick("d", "", "some text", "a-b", "http://x:1/"))
        if roll < 8:
            return self.pick("$$5", "^v[0-9]+$$", "$${KEPT}", "a$$b$$")
        if roll < 9:
            return self.pick("ends in $", "$(pwd)", "$SET$", "a$-b") if self.modern else self.pick("$SET-x", "${SET}")
        return self.random.choice(["${SET}", "$TAG.x", "${WORDS}", "${DOLLAR}"])

    def number(self):
        return self.random.choice([0, 1, 80, -3, 1.5, 65536])

    def entries(self, values):
        """A map, or a list of NAME=value."""
        names = self.some(["A", "B", "LOG_LEVEL", "db.host", "SET", "FROM_FILE", "lower-case"], 0, 5)
        if self.chance(50):
            return [name if self.chance(10) and values else f"{name}={self.text()}" for name in names]
        made = {}
        for name in names:
            roll = self.random.randrange(10)
            made[name] = self.number() if roll < 2 else None if roll < 3 and values else self.text()
        return made

    def some_ports(self):
        made = []
        for _ in range(self.random.randint(1, 3)):
            port = self.port()
            # Version 1 refuses a port that is said twice, and ${PORT} may say the same each time.
            if self.modern or not any(str(each)[:6] == str(port)[:6] for each in made):
                made.append(port)
        return made

    def port(self):
        low = self.random.randrange(1000, 9000)
        return self.random.choice([
            str(low), f"{low}:80", f"127.0.0.1:{low}:80", f"{low}:53/udp", f"{low}-{low + 2}:{low}-{low + 2}", f"{low}-{low + 1}",
            f"${{PORT:-{low}}}:80", f"127.0.0.1::{low}", {"target": 80, "published": low},
            {"target": low, "protocol": "udp", "mode": "host"}])

    def some_volumes(self):
        """Version 1 refuses two at one place; of the other it counts the last."""
        targets = ["/data", "/var/lib/x", "/srv", "/etc/x.conf"]
        if self.modern and self.chance(20):
            targets += targets
        return [self.volume(target) for target in self.some(targets)]

    def volume(self, target):
        name = self.pick("data", "state", "logs")
        kind = self.random.randrange(6)
        if kind < 2 or kind == 4:
            self.volumes.add(name)
        return [f"{name}:{target}", f"{name}:{target}:ro", f"./{name}:{target}", f"../{name}/:{target}:ro",
                {"type": "volume", "source": name, "target": target}, {"type": "bind", "source": f"./{name}", "target": target,
                                                                      "read_only": True}][kind]

    def command(self):
        words = self.some(["run", "--port", "8080", "--name=x", "a b", "it's", "-v", "serve", "${SET}", "$$HOME", "", "true", "*"], 1, 5)
        return words if self.chance(50) else " ".join(shlex.quote(word) for word in words)

    def depends_on(self, earlier):
        wanted = self.some(earlier)
        if self.chance(50):
            return wanted
        return {name: {"condition": self.pick("service_started", "service_healthy", "service_completed_successfully")} for name in wanted}

    def healthcheck(self):
        check = {"test": self.pick("curl -f http://localhost", ["CMD", "true"], ["CMD-SHELL", "test -f /x || exit 1"], "test $$A = b")}
        for key in self.some(["interval", "timeout", "start_period"], 0, 3):
            check[key] = self.random.choice(DURATIONS)
        if self.chance(50):
            check["retries"] = self.random.randint(1, 20)
        return check

    def network(self):
        wanted = self.some(["front", "back", "lan"], 1, 2)
        self.networks.update(wanted)
        if self.chance(50):
            return wanted
        return {name: self.pick(None, {"aliases": [name + ".local"]}) for name in wanted}

    # ---- A service ----

    def keys(self, name, earlier):
        """What may stand in a service, each as often as it says."""
        keys = [
            (40, "command", self.command), (10, "entrypoint", self.command), (60, "environment", lambda: self.entries(True)),
            (25, "labels", lambda: self.entries(False)), (40, "ports", self.some_ports),
            (35, "volumes", self.some_volumes), (25, "healthcheck", self.healthcheck),
            (30, "restart", lambda: self.pick("no", "always", "on-failure", "on-failure:3", "unless-stopped")),
            (15, "stop_grace_period", lambda: self.random.choice(DURATIONS)), (15, "networks", self.network),
            (10, "stop_signal", lambda: self.pick("SIGTERM", "SIGINT", "SIGQUIT")), (10, "user", lambda: self.pick("root", "1000:1000", "${SET:-0}")),
            (10, "working_dir", lambda: self.pick("/srv", "/srv/${TAG:-x}")), (10, "hostname", lambda: name + "-host"),
            (10, "expose", lambda: self.some(["80", "443", "8000"])), (10, "dns", lambda: self.pick("1.1.1.1", ["1.1.1.1", "8.8.8.8"])),
            (10, "cap_add", lambda: self.some(["NET_ADMIN", "SYS_TIME"])), (10, "tmpfs", lambda: self.pick("/run", ["/run", "/tmp"])),
            (10, "extra_hosts", lambda: self.some(["one:10.0.0.1", "two:10.0.0.2"])), (10, "tty", lambda: self.pick(True, False)),
            (10, "init", lambda: True), (10, "mem_limit", lambda: self.random.choice(SIZES)), (10, "env_file", self.env_file),
            (10, "ulimits", lambda: {"nofile": self.pick(1024, {"soft": 10, "hard": 20})}), (15, "profiles", lambda: self.some(["debug", "tools"])),
            (10, "scale", lambda: self.random.randint(1, 4)),
            (10, "logging", lambda: {"driver": "json-file", "options": {"max-size": "1m"}}),
        ]
        if earlier:
            keys.append((40, "depends_on", lambda: self.depends_on(earlier)))
        return keys

    def service(self, name, earlier, over=False):
        made = {} if over and self.chance(80) else {"image": f"{name}:{self.pick('1', 'latest', '${TAG:-2}', '${TAG-3}')}"}
        for percent, key, make in self.keys(name, earlier):
            if self.chance(percent // 2 if over else percent) and not (over and key in NOT_IN_OVERRIDES):
                made[key] = make()
        # A dependency of a service that is always there must be as well, and one name is for one container.
        if "profiles" in made and not over:
            made.pop("profiles") if self.chance(30) else None
        return made

    def env_file(self):
        path = self.pick("one.env", "two.env")
        self.files.setdefault(path, self.dotenv(["FROM_FILE", "A", "EXTRA"]))
        return self.pick(path, [path], ["./" + path])

    def dotenv(self, names):
        lines = []
        for name in self.some(names, 1, len(names)):
            value = self.pick("bare", '"double quoted"', "'single'", "with=equals", "", "a # comment", "x#y", "two words", '"# kept"')
            if self.modern and self.chance(20):
                value = self.pick("${SET}-x", '"${SET:-d} y"', "'$SET'", "$TAG")
            lines.append(self.pick("", "", "export ") + name + "=" + value)
            if self.chance(10):
                lines.append(self.pick("# a comment", ""))
        return "\n".join(lines) + "\n"

    # ---- The files ----

    def make(self):
        services = {}
        for name in self.names:
            services[name] = self.service(name, [each for each in services if "profiles" not in services[each]])
        if len(services) > 1 and self.chance(25):
            self.extend(services)
        document = {"services": services}
        if self.chance(20):
            self.anchor(document)
        if self.modern and self.chance(20):
            document = {"name": self.pick("shop", "my-stack", "${SET:-named}"), **document}
        over = None
        if self.chance(30):
            over = {"services": {name: self.service(name, [], True) for name in self.some(self.names)}}
            over["services"] = {name: each or {"labels": {"over": "1"}} for name, each in over["services"].items()}
        for section in ("volumes", "networks"):
            names = sorted(getattr(self, section))
            if names:
                document[section] = {name: self.pick(None, {}, {"name": "outer-" + name}) for name in names}
        # What another file mends, or nobody starts, version 1 minds and version 2 does not.
        started = [each for each in services.values() if "profiles" not in each]
        if over is None and started and self.chance(10):
            self.mistake(self.random.choice(started))
        self.files["compose.yaml"] = self.yaml(document)
        if self.chance(50):
            self.files[".env"] = self.dotenv(["SET", "TAG", "UNSET", "COUNT", "A"])
        self.arguments(over)

    def extend(self, services):
        """A service that is another one with something changed, of this file or of another one."""
        base = self.service("base", [])
        for key in ("profiles", "networks", "volumes"):
            base.pop(key, None)
        name = self.random.choice(list(services))
        if self.chance(50):
            services["base"] = base
            services[name]["extends"] = self.pick({"service": "base"}, "base") if self.modern else {"service": "base"}
        else:
            self.files["common/base.yaml"] = self.yaml({"services": {"base": base}})
            services[name]["extends"] = {"file": "common/base.yaml", "service": "base"}
            if "env_file" in base:
                for path in list(self.files):
                    if path.endswith(".env"):
                        self.files["common/" + path] = self.files[path]

    def anchor(self, document):
        """What several services have in common, by a merge key; `text` below knows how it is written."""
        document["x-common"] = {"restart": "always", "labels": {"from": "common"}}
        for each in document["services"].values():
            if self.chance(60):
                each["<<"] = "*common"

    def mistake(self, service):
        key, value = self.random.choice([("comand", "run"), ("depends_on", ["nobody"]), ("networks", ["nowhere"]), ("ports", ["1-3:1-2"]),
                                         ("env_file", "nowhere.env"), ("image", "${NOT_THERE:?is needed}"), ("image", "${UNCLOSED"),
                                         ("volumes", ["undeclared:/x"]), ("environment", {"A": {"b": "c"}}), ("restart", 5)])
        service[key] = value

    def arguments(self, over):
        words = [f"{name}={value}" for name, value in self.variables.items()]
        if over is not None:
            self.files["over.yaml"] = self.yaml(over)
            words += ["-f", "compose.yaml", "-f", "over.yaml"]
        if self.chance(30):
            words += ["--profile", self.pick("debug", "tools")]
        if self.chance(20):
            words += ["-p", "given"]
        self.files[cases.ARGUMENTS] = " ".join(shlex.quote(word) for word in words) + "\n"

    # ---- YAML, in one of its ways ----

    def scalar(self, value):
        if value is None:
            return self.pick("", "~", "null")
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, (int, float)):
            return str(value)
        plain = re.fullmatch(r"[A-Za-z/.$^(][A-Za-z0-9/._${}^()+=:?-]*", value) and value.lower() not in (
            "true", "false", "null", "no", "yes", "on", "off", "y", "n") and not value.endswith(":") and not re.search("[{}]", value)
        if plain and self.chance(60):
            return value
        if self.chance(50) and "\t" not in value:
            return "'" + value.replace("'", "''") + "'"
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"').replace("\t", "\\t") + '"'

    def flow(self, value):
        if isinstance(value, dict):
            return "{" + ", ".join(f"{key}: {self.flow_item(each)}" for key, each in value.items()) + "}"
        if isinstance(value, list):
            return "[" + ", ".join(self.flow_item(each) for each in value) + "]"
        return self.scalar(value)

    def flow_item(self, value):
        if value is None:
            return "null"
        if isinstance(value, str) and re.search(r"[?:$,]", value):
            return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
        return self.flow(value)

    def block(self, value, indent):
        pad = " " * indent
        lines = []
        for key, each in value.items() if isinstance(value, dict) else ((None, item) for item in value):
            head = pad + (f"{key}:" if key is not None else "-")
            if key == "<<":
                lines.append(f"{head} *common")
            elif isinstance(each, (dict, list)) and each and (indent < 4 or self.chance(60)) and (key is not None):
                anchor = " &common" if key == "x-common" else ""
                lines.append(head + anchor + "\n" + self.block(each, indent + 2))
            else:
                lines.append(f"{head} {self.flow(each) if isinstance(each, (dict, list)) else self.scalar(each)}".rstrip(" "))
            if self.chance(4):
                lines.append(pad + "# a comment")
        return "\n".join(lines)

    def yaml(self, document):
        order = sorted(document, key=lambda key: not key.startswith("x-"))
        return self.block({key: document[key] for key in order}, 0) + "\n"


def make(folder, seed, count, modern):
    made = []
    for number in range(seed, seed + count):
        stack = Stack(number, modern)
        stack.make()
        root = os.path.join(folder, "generated", f"seed-{number}")
        for path, content in stack.files.items():
            full = os.path.join(root, path)
            os.makedirs(os.path.dirname(full), exist_ok=True)
            with open(full, "w", encoding="utf-8") as file:
                file.write(content)
        made.append(cases.Case(root, made=True))
    return made


def text(case):
    """All its files, for whoever looks into what failed."""
    shown = []
    for folder, _, names in os.walk(case.folder):
        for name in sorted(names):
            path = os.path.join(folder, name)
            with open(path, encoding="utf-8") as file:
                shown.append(f"--- {os.path.relpath(path, case.folder)}\n{file.read()}")
    return "".join(shown)
