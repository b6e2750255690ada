# SPDX-License-Identifier: MIT
"""Compose programs, asked how they read a case. Each answers {"config": ...} or {"refused": what it said}."""
import functools
import json
import logging
import os
import subprocess

import cases

V2_DEADLINE_S = 30


# ---- docker-compose 1.29: a Python package, so that it need not be started anew for each case ----

def has_v1():
    try:
        import compose.config.config  # noqa: F401
    except ImportError:
        return False
    return True


def _plain(value):
    """What it has parsed some values into, as plain data again."""
    from compose.config import types

    if isinstance(value, types.ServicePort):
        port = {"target": value.target, "published": value.published, "protocol": value.protocol or "tcp",
                "mode": value.mode or "ingress", "host_ip": value.external_ip}
        return {key: each for key, each in port.items() if each is not None}
    if isinstance(value, types.VolumeSpec):
        return {"type": "bind" if value.external and value.external.startswith("/") else "volume",
                "source": value.external, "target": value.internal, "mode": value.mode}
    if hasattr(value, "repr"):
        return _plain(value.repr())
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple, set)):
        return [_plain(each) for each in value]
    return value


class _NothingThere:
    """An engine without networks, volumes or containers: what a project is made of is checked, nothing of it exists."""

    def __getattr__(self, name):
        import docker.errors

        def answer(*_, **__):
            raise docker.errors.NotFound(name)

        return answer


@functools.lru_cache(None)
def _one_resolver():
    """Its schema and what resolves references in it, made once instead of once a file: half of the time it takes."""
    from compose.config import validation

    resolvers, make = {}, validation.RefResolver
    validation.load_jsonschema = functools.lru_cache(None)(validation.load_jsonschema)

    def one(uri, schema):
        if id(schema) not in resolvers:
            resolvers[id(schema)] = make(uri, schema)
        return resolvers[id(schema)]

    validation.RefResolver = one


def _v1_load(case):
    from compose.cli import command
    from compose.config import config, environment
    from compose.project import Project

    _one_resolver()
    options = {"--file": case.files or None, "--project-name": case.project, "--profile": case.profiles,
               "--env-file": case.env_files[0] if case.env_files else None}
    override = command.get_project_dir(options)
    variables = environment.Environment.from_env_file(override or ".", options["--env-file"])
    variables.silent = True
    files = command.get_config_path_from_options(options, variables)
    name = command.get_project_name(override or ".", case.project, variables)
    loaded = config.load(config.find(".", files, variables, override))
    profiles = command.get_profiles_from_options(options, variables)
    # A project gives volumes their outer names in place.
    services = _plain(loaded.services)
    project = Project.from_config(name, loaded, _NothingThere(), enabled_profiles=profiles)
    active = [service.name for service in project.services if service.enabled_for_profiles(profiles)]
    return name, loaded, [service for service in services if service["name"] in active]


def v1(case):
    import docker.utils

    before, outside = os.getcwd(), dict(os.environ)
    os.environ.clear()
    os.environ.update(case.environment())
    os.chdir(case.folder)
    logging.disable(logging.CRITICAL)
    try:
        name, loaded, active = _v1_load(case)
        services = {}
        for service in active:
            for key in ("command", "entrypoint"):
                if isinstance(service.get(key), str):
                    service[key] = docker.utils.split_command(service[key])
            services[service.pop("name")] = service
        config = {"name": name, "services": services, "networks": loaded.networks, "volumes": loaded.volumes}
        return {"config": cases.movable(config, case.folder)}
    except Exception as error:  # whatever it says in whatever way: it did not read it
        return {"refused": str(error) or repr(error)}
    finally:
        logging.disable(logging.NOTSET)
        os.chdir(before)
        os.environ.clear()
        os.environ.update(outside)


# ---- Compose v2: a program ----

def v2_version():
    """None: it is not there."""
    try:
        done = subprocess.run(["docker", "compose", "version", "--short"], capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=V2_DEADLINE_S)
    except (OSError, subprocess.TimeoutExpired):
        return None
    version = done.stdout.strip().lstrip("v")
    return version if done.returncode == 0 and version.startswith("2.") else None


def _dollars_single(value):
    if isinstance(value, dict):
        return {key.replace("$$", "$"): _dollars_single(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_dollars_single(each) for each in value]
    return value.replace("$$", "$") if isinstance(value, str) else value


def v2(case):
    environment = case.environment()
    environment["DOCKER_CONFIG"] = os.environ.get("DOCKER_CONFIG", os.path.expanduser("~/.docker"))
    done = subprocess.run(["docker", "compose", *case.words, "config", "--format", "json"], cwd=case.folder, env=environment,
                          capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=V2_DEADLINE_S)
    if done.returncode != 0:
        said = done.stderr.strip().splitlines()
        return {"refused": cases.movable(said[-1] if said else "", case.folder)}
    # It prints a file to be read again, in which dollar signs are doubled.
    return {"config": _dollars_single(cases.movable(json.loads(done.stdout), case.folder))}
