"""A call as it comes over the socket: one JSON line, read strictly. What its fields may be is checked here, too."""

from __future__ import annotations

import json
import re
from base64 import b64decode
from collections.abc import Mapping
from typing import Any

from balancer.core.document import json_object, known_fields, printable
from balancer.core.edge import NODE
from balancer.core.errors import InvalidRequest
from balancer.core.fleet import Server
from balancer.core.hostnames import RESERVED, VALID, canonical
from balancer.core.image import CONTENT
from balancer.core.lifecycle import State
from balancer.core.release import FIELDS, Release

_EXAMPLE = '{"verb":"observe"}'
_NAME = re.compile(rf"({VALID.pattern})(\.[1-9][0-9]{{0,9}}|\.spare)?")
"""The name of a server's container, and its instance."""
_CONTAINER = re.compile(r"([0-9a-f]{64}|[0-9a-z]{25})?")
"""The id of an engine's container or of a Swarm's service."""
_LARGEST = 2**31 - 1

Fields = Mapping[str, Any]


def parse(line: bytes) -> dict[str, Any]:
    """The JSON object of a line. Raises InvalidRequest for anything that two readers could understand differently."""
    if not line.startswith(b"{") or b"\0" in line:
        raise InvalidRequest(f"the call is not a JSON object in UTF-8, such as {_EXAMPLE}")
    document = json_object(line, example=_EXAMPLE)
    try:
        json.dumps(document, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise InvalidRequest("the call has half a pair of surrogates") from None
    return document


def all_fields(document: object, *names: str) -> Fields:
    """The object, which has exactly these fields. Raises InvalidRequest."""
    if not isinstance(document, dict):
        raise InvalidRequest(f"{printable(str(document))} is not an object of {', '.join(names)}")
    known_fields(document, *names)
    if missing := set(names) - document.keys():
        raise InvalidRequest(f"the field {min(missing)} is missing")
    return document


def name(value: object) -> str:
    """The name of a server's container, or its instance."""
    match = _NAME.fullmatch(_text(value))
    if match is None or canonical(match[1]) in RESERVED:
        raise InvalidRequest(f"{printable(str(value))} is not the name of a server")
    return match[0]


def container(value: object) -> str:
    """The whole id of a container or a service, or nothing."""
    if not _CONTAINER.fullmatch(_text(value)):
        raise InvalidRequest(f"{printable(str(value))} is not the whole id of a container")
    return str(value)


def nodes(value: object) -> frozenset[str]:
    """The names of nodes."""
    if not isinstance(value, list) or not all(isinstance(node, str) and NODE.fullmatch(node) for node in value):
        raise InvalidRequest(f"{printable(str(value))} is not a list of nodes")
    return frozenset(value)


def server(document: object) -> Server:
    told = all_fields(document, "hostname", "ring_id", "rolled", "generation")
    if told["rolled"] is not True and told["rolled"] is not False:
        raise InvalidRequest("rolled must be true or false")
    hostname = name(told["hostname"])
    if "." in hostname:
        raise InvalidRequest(f"{printable(hostname)} is not a hostname")
    return Server(
        hostname,
        _integer("ring_id", told["ring_id"]),
        State.JOINING,
        rolled=told["rolled"],
        generation=_integer("generation", told["generation"]),
    )


def release(document: object) -> Release:
    """The release, all of whose fields are given and fit."""
    told = all_fields(document, "number", "content", *FIELDS)
    content = _text(told["content"])
    if not re.fullmatch(CONTENT, content):
        raise InvalidRequest(f"{printable(content)} is not the whole id of an image")
    number = _integer("number", told["number"])
    return Release(number, content=content).changed({name: told[name] for name in FIELDS})


def revision(value: object) -> int:
    return _integer("expected", value)


def content(value: object) -> bytes:
    """What base64 says."""
    try:
        return b64decode(_text(value), validate=True)
    except ValueError as error:
        raise InvalidRequest(f"content is not base64: {error}") from error


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise InvalidRequest(f"{printable(str(value))} is not a string")
    return value


def _integer(field: str, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _LARGEST:
        raise InvalidRequest(f"{field} must be an integer from 0 to {_LARGEST}")
    return value
