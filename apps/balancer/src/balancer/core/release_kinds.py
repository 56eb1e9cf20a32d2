"""The kinds of values that the fields of a release have, beside those that anything may have."""

from __future__ import annotations

import json
import re

from balancer.core.document import printable
from balancer.core.image import NAME_RULE, PATTERN, is_name
from balancer.core.linux_names import CAPABILITIES as KNOWN_CAPABILITIES
from balancer.core.linux_names import SIGNAL as KNOWN_SIGNAL
from balancer.core.protocol import PROTOCOLS
from balancer.core.value_kinds import (
    STRINGS,
    Kind,
    Unfit,
    mapping,
    matching,
    number,
    pattern_schema,
    strings,
    text,
    words,
)

MEMORY = r"([1-9][0-9]{0,14}[bkmg]?)?"
MOST_CPUS = 512
OUR_LABELS = "ringmaster."

_VOLUME = re.compile(r"(?P<source>/[^:\0]*|[A-Za-z0-9][A-Za-z0-9_.-]+):(?P<target>/[^:\0]+)(:ro)?")
_TMPFS = re.compile(
    r"(size=[1-9][0-9]*[kmg%]?|mode=[0-7]{3,4}|uid=[0-9]+|gid=[0-9]+|nr_inodes=[0-9]+[kmg]?|exec|noexec)"
)
_STATUS = re.compile(r"[1-5][0-9]{2}(-[1-5][0-9]{2})?(,[1-5][0-9]{2}(-[1-5][0-9]{2})?)*")
_LOG_DRIVERS = (
    "json-file",
    "local",
    "journald",
    "syslog",
    "gelf",
    "fluentd",
    "awslogs",
    "gcplogs",
    "splunk",
    "none",
)


def _statuses(value: object) -> str:
    statuses = matching(_STATUS.pattern, value)
    for low, _, high in (part.partition("-") for part in statuses.split(",")):
        if high and int(low) > int(high):
            raise Unfit(f"no status is in {low}-{high}")
    return statuses


def _image(value: object) -> str:
    if not isinstance(value, str) or not is_name(value):
        raise ValueError
    return value


def _environment(value: object) -> dict[str, str]:
    variables = mapping(value)
    for name, content in variables.items():
        if not name or "=" in name or "\0" in name + content:
            raise Unfit(f"{printable(name)} cannot be a variable")
    return variables


def _labels(value: object) -> dict[str, str]:
    labels = mapping(value)
    for name, content in labels.items():
        if not name or "\0" in name + content:
            raise Unfit(f"{printable(name)} cannot be a label")
        if name.lower().startswith(OUR_LABELS):
            raise Unfit(f"{printable(name)}: labels that begin with {OUR_LABELS} are Ringmaster's own")
    return labels


def _volumes(value: object) -> tuple[str, ...]:
    volumes = strings(value)
    targets: set[str] = set()
    for volume in volumes:
        match = _VOLUME.fullmatch(volume)
        if match is None or ".." in volume.replace(":", "/").split("/"):
            raise Unfit(f"{printable(volume)} is none; write VOLUME:/target or /host/path:/target, and :ro after it")
        if match["target"] in targets:
            raise Unfit(f"{printable(match['target'])} is the target of two volumes")
        targets.add(match["target"])
    return volumes


def _tmpfs(value: object) -> dict[str, str] | None:
    if value is None:
        return None
    folders = mapping(value)
    for path, options in folders.items():
        if not re.fullmatch(r"/[^:,\0]+", path) or ".." in path.split("/"):
            raise Unfit(f"{printable(path)} is not an absolute path")
        if options and not all(_TMPFS.fullmatch(option) for option in options.split(",")):
            raise Unfit(f"{printable(options)} must be of size=, mode=, uid=, gid=, nr_inodes=, exec and noexec")
    return folders


def _capabilities(value: object) -> tuple[str, ...]:
    names = tuple(name.removeprefix("CAP_") for name in strings(value))
    for name in names:
        if name not in KNOWN_CAPABILITIES:
            raise Unfit(f"{printable(name)} is not a capability, such as NET_BIND_SERVICE")
    return names


def _log_options(value: object) -> dict[str, str] | None:
    return None if value is None else mapping(value)


def _json_or_nothing(text: str) -> object:
    return json.loads(text) if text else None


_OBJECT = {"type": "object", "additionalProperties": {"type": "string"}}
_OBJECT_OR_NULL = _OBJECT | {"type": ["object", "null"]}

IMAGE = Kind(NAME_RULE, _image, str, pattern_schema(PATTERN))
ENVIRONMENT = Kind(
    'a JSON object of strings, such as {"MODE":"fast"}',
    _environment,
    json.loads,
    _OBJECT | {"propertyNames": {"pattern": "^[^=]+$"}},
)
LABELS = Kind('a JSON object of strings, such as {"team":"shop"}', _labels, json.loads, _OBJECT)
LIMIT = text(MEMORY, "such as 256m, or empty for no limit")
CPUS = number(0, MOST_CPUS, f"a number from 0 (no limit) to {MOST_CPUS}")
PROTOCOL = text("|".join(PROTOCOLS), "http or h2c")
PATH = text(r"/[A-Za-z0-9._~%/?&=+,:@-]*", "a path that starts with /, without blanks and quotes")
HOST = text(r"([A-Za-z0-9._:\[\]-]+)?", "a host such as app.example or app.example:8080, or empty for the address")
STATUS = Kind("statuses such as 200, 200-399 or 200,204", _statuses, str, pattern_schema(_STATUS.pattern))
USER = text(r"([A-Za-z0-9_.-]+(:[A-Za-z0-9_.-]+)?)?", "a user such as 1000:1000 or app, or empty for the image's")
FOLDER = text(r"(/[^\0\n]*)?", "an absolute path, or empty for the image's")
VOLUMES = Kind('a JSON list such as ["data:/data","shared:/shared:ro"]', _volumes, json.loads, STRINGS)
TMPFS = Kind(
    'a JSON object such as {"/tmp":"size=64m,exec"}, or empty for 64 MB of /tmp where the root is read-only',
    _tmpfs,
    _json_or_nothing,
    _OBJECT_OR_NULL,
)
CAPABILITIES = Kind("Linux capabilities, such as NET_BIND_SERVICE", _capabilities, words, STRINGS)
SIGNAL = text(rf"({KNOWN_SIGNAL.pattern})?", "a signal such as SIGTERM or SIGQUIT, or empty for the image's")
LOG_DRIVER = text("|".join(_LOG_DRIVERS), "one of " + ", ".join(_LOG_DRIVERS))
LOG_OPTIONS = Kind(
    'a JSON object of strings, such as {"max-size":"10m"}, or empty for the default',
    _log_options,
    _json_or_nothing,
    _OBJECT_OR_NULL,
)
