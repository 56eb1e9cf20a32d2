"""What cannot run, said with what to do; an empty text where nothing is wrong."""

from __future__ import annotations

import os
import socket
from argparse import ArgumentTypeError, Namespace
from collections.abc import Collection, Mapping

from loadtests.swarm.options import READERS
from loadtests.swarm.target import NotUp, Target


def command_line(given: Namespace, *, alone: bool, shapes: Collection[str]) -> str:
    """What does not go together. `alone`: whether this process is the only one; `shapes`: those in the files of -f."""
    if given.requests and not alone:
        return "--requests is counted in one process: leave out --master, --worker and --processes, or it"
    if len(shapes) > 1 and (given.headless or not given.class_picker):
        return (
            f"one load shape at a time, not {', '.join(sorted(shapes))}: name one of their files, or add --class-picker"
        )
    return ""


def port(host: str, number: int) -> str:
    """Whether locust's page can have the port."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        socket.create_server((host, number), family=family).close()
    except OSError as error:
        why = os.strerror(error.errno) if error.errno else str(error)
        return f"the web page cannot have port {number}, {why.lower()}: say another one, --web-port"
    return ""


def deployment(target: Target) -> str:
    """Whether it is up."""
    try:
        target.check()
    except NotUp as error:
        return str(error)
    return ""


def form(fields: Mapping[str, str], *, target: Target, given_for: str, alone: bool) -> str:
    """What the page's start form has wrong. `given_for`: the URL of the deployment that the token is for; `alone`:
    whether this process is the only one."""
    if target.token and target.url != given_for:
        return f"the token was given for {given_for}: start locust anew with --host {target.url}"
    for name, read in READERS.items():
        try:
            if name in fields:
                read(fields[name])
        except ArgumentTypeError as error:
            return f"{name}: {error}"
    if not alone and int(fields.get("requests", 0)):
        return "requests: counted in one process only: write 0, or start locust anew without workers"
    return ""
