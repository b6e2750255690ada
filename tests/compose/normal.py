# SPDX-License-Identifier: MIT
"""
The normal form in which readings are compared: what differs in spelling only is spelled one way, each for the reason that is given.
Whatever is not named here is compared as it stands.
"""
import re
import signal

import cases

UNITS_NS = {"ns": 1, "us": 10**3, "µs": 10**3, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9}
SIZES = {"": 1, "b": 1, "k": 2**10, "m": 2**20, "g": 2**30, "t": 2**40}


# ---- Values ----

def scalar(value):
    """Typed or as text: JSON's type is how a program prints what it will read again as a Compose file."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value == int(value):
        return str(int(value))
    return str(value)


def plain(value):
    if isinstance(value, dict):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(each) for each in value]
    return scalar(value)


def duration(value):
    """90s, 1m30s and, of version 1, nanoseconds as a number: one number of milliseconds."""
    if isinstance(value, (int, float)):
        return value / 10**6
    parts = re.findall(r"([0-9.]+)(ns|us|µs|ms|s|m|h)", value)
    if not parts or "".join(a + b for a, b in parts) != value:
        return value
    return sum(float(number) * UNITS_NS[unit] for number, unit in parts) / 10**6


def size(value):
    """512m or 536870912: bytes."""
    found = re.fullmatch(r"([0-9.]+) *([kmgt]?)i?b?", str(value).lower())
    return int(float(found[1]) * SIZES[found[2]]) if found else value


def entries(value):
    """["NAME=value", "NAME"] or {NAME: value}."""
    if isinstance(value, list):
        pairs = [str(each).partition("=") for each in value]
        value = {name: text if equals else None for name, equals, text in pairs}
    return {str(key): scalar(each) for key, each in value.items()}


def hosts(value):
    """name:address, name=address or a map of them."""
    if isinstance(value, list):
        return sorted(re.sub("[:=]", "=", each, count=1) for each in value)
    return sorted(f"{name}={address}" for name, address in value.items())


def one_or_more(value):
    """One text or a list; version 1 keeps what two files both say twice."""
    return list(dict.fromkeys(plain(value if isinstance(value, list) else [value])))


def unordered(value):
    """Of these neither the order nor a repetition says anything: version 1 keeps them as sets."""
    return sorted(set(one_or_more(value)))


def without_empty(value):
    """A key with nothing behind it and none at all mean the same; "networks: {a: null}" names a."""
    return {key: each for key, each in value.items() if each not in (None, "", [], {})}


# ---- Parts of a service ----

def ports(value):
    """A list by what it publishes; `mode` is for swarms only."""
    made = []
    for each in value:
        port = {key: scalar(each.get(key)) for key in ("host_ip", "published", "target", "protocol")}
        port["protocol"] = port["protocol"] or "tcp"
        made.append(without_empty(port))
    return sorted(made, key=str)


def volumes(value):
    """Version 1 says the short form's mode in one word; create_host_path is what the short form means."""
    made = []
    for each in value:
        each = dict(each)
        mode = (each.pop("mode", None) or "rw").split(",")
        if "ro" in mode:
            each["read_only"] = True
        if "nocopy" in mode:
            each["volume"] = {"nocopy": True}
        for word in mode:
            if word in ("z", "Z"):
                each["bind"] = {"selinux": word}
            if word in ("shared", "rshared", "slave", "rslave", "private", "rprivate"):
                each["bind"] = {"propagation": word}
        if isinstance(each.get("bind"), dict):
            each["bind"] = {key: one for key, one in each["bind"].items() if key != "create_host_path"}
        if isinstance(each.get("tmpfs"), dict) and "size" in each["tmpfs"]:
            each["tmpfs"] = {**each["tmpfs"], "size": size(each["tmpfs"]["size"])}
        if each.get("read_only") is False:
            del each["read_only"]
        made.append(plain(without_empty(each)))
    return sorted(made, key=lambda volume: volume.get("target", ""))


def depends_on(value):
    """A list of names or a map; `required` is true and `restart` false unless it is said."""
    if isinstance(value, list):
        value = {name: None for name in value}
    return {name: {"condition": "service_started", "required": "true", "restart": "false", **plain(each or {})}
            for name, each in value.items()}


def healthcheck(value):
    made = {}
    for key, each in value.items():
        if each is None:
            continue
        if key in ("interval", "timeout", "start_period", "start_interval"):
            made[key] = duration(each)
        elif key == "test" and isinstance(each, str):
            made[key] = ["CMD-SHELL", each]
        else:
            made[key] = plain(each)
    # Version 1 makes a test of it.
    if made.get("disable") == "true" or made.get("test") == ["NONE"]:
        return {"disable": "true"}
    return made


def build(value):
    if isinstance(value, str):
        value = {"context": value}
    made = {}
    for key, each in value.items():
        made[key] = entries(each) if key in ("args", "labels") else plain(each)
    # Version 2 spells the default out.
    if made.get("dockerfile") == "Dockerfile" or "dockerfile_inline" in made:
        made.pop("dockerfile", None)
    return made


def ulimits(value):
    """Version 2 prints none at all for 0."""
    return {name: plain(each) if each != {} else "0" for name, each in value.items()}


def deploy(value):
    made = plain(value)
    for bounds in (made.get("resources") or {}).values():
        if "memory" in bounds:
            bounds["memory"] = size(bounds["memory"])
        if "cpus" in bounds:
            bounds["cpus"] = float(bounds["cpus"])
    for policy in ("restart_policy", "update_config", "rollback_config"):
        for key in ("delay", "window", "monitor"):
            if key in (made.get(policy) or {}):
                made[policy][key] = duration(made[policy][key])
    if "labels" in made:
        made["labels"] = entries(value["labels"])
    return without_empty(made)


def networks(value):
    """A list of names, or a map in which nothing may stand behind them."""
    return {name: None for name in value} if isinstance(value, list) else {name: plain(each) or None for name, each in value.items()}


def references(value):
    """Of configs and secrets: short form or long; the target that a short form means is spelled out by one version of them."""
    made = []
    for each in value:
        each = {"source": each} if isinstance(each, str) else plain(each)
        if each.get("target") == "/run/secrets/" + each["source"]:
            del each["target"]
        if str(each.get("mode", "")).startswith("0"):
            each["mode"] = str(int(each["mode"], 8))  # as a YAML file writes it
        made.append(without_empty(each))
    return sorted(made, key=str)


def devices(value):
    """SOURCE[:TARGET[:PERMISSIONS]] or a map of these."""
    made = []
    for each in value:
        if isinstance(each, str):
            parts = each.split(":")
            each = {"source": parts[0], "target": parts[1] if len(parts) > 1 else parts[0],
                    "permissions": parts[2] if len(parts) > 2 else "rwm"}
        made.append(plain(each))
    return made


def restart(value):
    """Version 1 takes it apart."""
    if isinstance(value, dict):
        limit = value.get("MaximumRetryCount")
        return value["Name"] + (f":{limit}" if limit else "")
    return "no" if value is False else value


def logging(value):
    return plain(value)


SERVICE = {
    "annotations": entries, "build": build, "cap_add": unordered, "cap_drop": unordered, "configs": references, "depends_on": depends_on,
    "deploy": deploy, "devices": devices, "dns": one_or_more, "dns_opt": one_or_more, "dns_search": one_or_more, "environment": entries,
    "expose": unordered, "extra_hosts": hosts, "healthcheck": healthcheck, "labels": entries, "logging": logging,
    "mem_limit": size, "mem_reservation": size, "memswap_limit": size, "networks": networks, "ports": ports,
    "profiles": unordered, "restart": restart, "secrets": references, "security_opt": unordered, "shm_size": size,
    "stop_grace_period": duration, "sysctls": entries, "tmpfs": one_or_more, "ulimits": ulimits, "volumes": volumes,
}

# What says nothing beside what is compared: by then they have been read into something else.
READ_ELSEWHERE = ("env_file", "extends", "label_file")


def service(value):
    made = {key: SERVICE.get(key, plain)(each) for key, each in value.items()
            if each is not None and key not in READ_ELSEWHERE and not key.startswith("x-")}
    made = without_empty(made)
    # Who names no network is in the one that every project has.
    if "networks" not in made and "network_mode" not in made:
        made["networks"] = {"default": None}
    # One number under two names, 1 unless it is said.
    scale = made.pop("scale", None) or (made.get("deploy") or {}).pop("replicas", None)
    made["scale"] = scale or "1"
    if made.get("deploy") in ({}, {"mode": "replicated"}, {"placement": {}}):
        del made["deploy"]
    for key in ("tty", "stdin_open", "privileged", "read_only", "init"):
        if made.get(key) == "false":
            del made[key]
    return made


# ---- The rest of the file ----

def _outer_names(section, project):
    """Version 2 and the programs that run a stack make a name of the project's and the thing's own."""
    made = {}
    for name, value in (section or {}).items():
        value = plain(value or {})
        external = value.get("external")
        if isinstance(external, dict):
            value["name"] = external.get("name", name)
        made[name] = value.get("name") or (name if external in ("true",) else f"{project}_{name}")
    return made


def _used_names(services):
    """Networks and volumes that a service uses: of others nothing is made, and version 2 leaves them out."""
    used = {"networks": set(), "volumes": set()}
    for each in services.values():
        used["networks"].update(each.get("networks") or {})
        used["volumes"].update(volume["source"] for volume in each.get("volumes") or []
                               if volume.get("type") == "volume" and volume.get("source"))
    return used


def document(config):
    services = {name: service(value or {}) for name, value in (config.get("services") or {}).items()}
    used = _used_names(services)
    made = {"name": config["name"], "services": services}
    for kind in ("networks", "volumes"):
        section = dict(config.get(kind) or {})
        if "default" in used[kind]:
            section.setdefault("default", None)
        names = _outer_names(section, config["name"])
        made[kind] = {name: names[name] for name in sorted(used[kind]) if name in names}
    return made


def differences(ours, theirs, path=()):
    """Each place where two normal forms differ: (path, ours, theirs); None stands for what is not there."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        found = []
        for key in sorted(set(ours) | set(theirs)):
            if ours.get(key) != theirs.get(key) or (key in ours) != (key in theirs):
                found += differences(ours.get(key), theirs.get(key), path + (key,))
        return found
    return [] if ours == theirs else [(path, ours, theirs)]


# ---- What upfront reads ----

def view(answer, folder):
    """A view's answer as a document: of each service the tree, and over it what is acted upon."""
    answer = cases.movable(answer, folder)
    tree = answer["tree"]
    services = {}
    for name, value in (tree.get("services") or {}).items():
        value = dict(value or {})
        # Files of variables have been read: what a service gets is both together.
        value["environment"] = answer["services"][name]["environment"]
        services[name] = value
    return document({**tree, "services": services})


def _signal(text):
    return int(text) if text.isdigit() else signal.Signals["SIG" + text.removeprefix("SIG")].value


def _published(port):
    first, _, last = (port.get("published") or "0").partition("-")
    return {"host_ip": port.get("host_ip"), "published": int(first), "published_end": int(last or first),
            "target": int(port["target"]), "protocol": port["protocol"]}


def _healthcheck(check):
    """What is asked and how often; what is left out is asked as the engine would. None: nothing is."""
    test = check.get("test") or ["NONE"]
    if check.get("disable") == "true" or test == ["NONE"]:
        return None
    return {"argv": ["/bin/sh", "-c", test[1]] if test[0] == "CMD-SHELL" else test[1:],
            # Milliseconds are the shortest that engines take.
            "interval": max(check.get("interval") or 30000, 1), "timeout": check.get("timeout") or 30000,
            "start_period": check.get("start_period") or 0, "retries": int(check.get("retries") or 3)}


def to_act_upon(form):
    """Of a service in normal form: what upfront itself goes by."""
    flags = {key: form.get(key) == "true" for key in ("tty", "stdin_open", "init")}
    return {
        "argv": (form.get("entrypoint") or []) + (form.get("command") or []),
        "depends_on": form.get("depends_on") or {},
        "environment": form.get("environment") or {},
        "healthcheck": _healthcheck(form.get("healthcheck") or {}),
        "labels": form.get("labels") or {},
        "ports": sorted((_published(port) for port in form.get("ports") or []), key=str),
        "restart": form.get("restart") or "no",
        "scale": form["scale"],
        "stop_grace_period": form.get("stop_grace_period", 10000),
        "stop_signal": _signal(form.get("stop_signal") or "SIGTERM"),
        **flags,
    }


def acted_upon(read):
    """The same of a view's answer, where it has been read into numbers."""
    return {
        "argv": read.get("argv") or [],
        "depends_on": depends_on(read["depends_on"]),
        "environment": read["environment"],
        "healthcheck": read.get("healthcheck"),
        "labels": read["labels"],
        "ports": sorted(({"host_ip": None, **port} for port in read["ports"]), key=str),
        "restart": read["restart"] + (f":{read['restart_limit']}" if read["restart_limit"] else ""),
        "scale": scalar(read["replicas"]),
        "stop_grace_period": read["stop_grace_period"],
        "stop_signal": read["stop_signal"],
        **{key: read[key] for key in ("tty", "stdin_open", "init")},
    }
