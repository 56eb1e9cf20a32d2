"""Plays a case of smuggling against a plane, and judges what its client and the server behind the plane have seen."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from tests.contract.smuggling import Case

_ANSWER = re.compile(rb"HTTP/1\.\d (\d{3})[^\r\n]*\r\n((?:[^\r\n]+\r\n)*)\r\n")
_MARKER = re.compile(rb"(?i:x-marker): ([^\r\n]*)")
_NAMED = re.compile(rb"([asv])-(\d{5})")
_PATIENCE = 8.0
"""Seconds that an answer may take on a busy machine."""
_WAITS = 0.5
"""Seconds of silence after which a plane waits for the rest of a request."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the client of a case got: the heads whose answers came, as letters; the last answer's status, 0 for none;
    and whether the plane closed the connection. `foreign`: targets of other cases in its answers."""

    heads: str
    status: int
    closed: bool
    foreign: tuple[bytes, ...] = ()

    @classmethod
    def of(cls, received: bytes, *, number: bytes, closed: bool) -> Self:
        answers = [(int(status), _MARKER.search(fields)) for status, fields in _ANSWER.findall(received)]
        final = [(status, marker) for status, marker in answers if status >= 200]
        named = [_named(marker[1]) for _, marker in final if marker]
        foreign = tuple(marker[1] for _, marker in final if marker and _named(marker[1])[1] not in (b"", number))
        return cls("".join(letter for letter, _ in named), final[-1][0] if final else 0, closed, foreign)


def _named(target: bytes) -> tuple[str, bytes]:
    """Letter and number of a target. Only the attack itself can lose its name on the way."""
    found = _NAMED.search(target)
    return (found[1].decode(), found[2]) if found else ("a", b"")


def number_of(case: Case) -> bytes:
    found = _NAMED.search(case.sent)
    assert found, case
    return found[2]


def play(case: Case, host: str, port: int) -> Outcome:
    """Sends the case in one piece, and reads until the plane closes or is silent for too long."""
    received, closed = b"", False
    try:
        with socket.create_connection((host, port), timeout=_PATIENCE) as connection:
            connection.sendall(case.sent)
            connection.settimeout(_WAITS if case.waits else _PATIENCE)
            while data := connection.recv(65536):
                received += data
        closed = True
    except TimeoutError:
        """The plane waits."""
    except OSError:
        closed = True
    return Outcome.of(received, number=number_of(case), closed=closed)


def judge(case: Case, outcome: Outcome, seen: Iterable[bytes]) -> str:
    """What is wrong, empty for nothing. `seen`: the targets of the case's requests at the server, in order."""
    heads = "".join(_named(target)[0] for target in seen)
    if outcome.foreign:
        return f"another client's answers: {outcome.foreign}"
    if not any(reading.startswith(heads) for reading in case.readings):
        return f"the server saw {heads!r}, allowed are {case.readings}"
    if not any(reading.startswith(outcome.heads) for reading in case.readings):
        return f"the client got answers to {outcome.heads!r}, allowed are {case.readings}"
    if outcome.heads in case.readings and outcome.heads:
        return ""
    if outcome.closed:
        is_refused = 400 <= outcome.status < 500 or outcome.status in (501, 505)
        return "" if is_refused else f"{outcome.status} at the end, answers to {outcome.heads!r}"
    return "" if case.waits else f"neither refused nor answered: {outcome}"


def by_case(targets: Iterable[bytes]) -> dict[bytes, list[bytes]]:
    """The targets by the number in them."""
    found: dict[bytes, list[bytes]] = {}
    for target in targets:
        if number := _named(target)[1]:
            found.setdefault(number, []).append(target)
    return found
