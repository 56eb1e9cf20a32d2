"""What the hub in the balancer and the agents beside the edges say to each other: one JSON object a line, over TLS in
which both sides show a certificate of the deployment's own authority.

An agent opens every connection, and its first line says what the connection is:

- `{"edge": {"node": NAME}}`: the stream. From then on
  - the hub says `{"files": …}`, see `files_document`, whenever there are others, and the agent makes its edge obey
    them. Where the hub has said others on this stream before, it says only what differs from those, see
    `changes_document`: `files_of` wants them;
  - the hub says `{"ask": VERB, "id": NUMBER, …}`, see VERBS. The agent answers, in the order in which it was told files
    and asked: `{"answer": NUMBER, "result": …}`, or `{"answer": NUMBER, "error": TEXT}`;
  - the agent says `{"beat": {"obeys": NAME, "serving": BOOLEAN, "problem": TEXT}}` every BEAT seconds at least, and at
    once when one of the three has changed. NAME is that of the files that its edge obeys, empty for none or for others
    than the latest ones. `serving`: HAProxy answers, so that it may send requests to servers.
- `{"tunnel": SOCKET}`, one of TUNNELS: what follows are the bytes of a connection to that socket of the balancer. Where
  one side ends its half, the whole connection ends as soon as all bytes of that half are delivered.

A side that is told what it does not know ends the connection.
"""

from __future__ import annotations

import base64
import json
import sys
import zlib
from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction
from typing import Any

from balancer.adapters.haproxy.edge_files import EdgeFiles
from balancer.core.certificate import Certificate
from balancer.core.load import Load
from balancer.core.routes import Backend
from balancer.core.server_load import ServerCounters
from balancer.core.traffic import CountedKey, KeyCounts

BEAT = 0.5
"""Seconds between two beats of an agent."""
LONGEST_LINE = 64 * 1024 * 1024
"""Bytes."""
HUB_NAME = "ringmaster-balancer"
"""The name in the hub's certificate; the agents find the hub under it, too."""
EDGE_NAME = "ringmaster-edge"
"""The name in the agents' certificate."""
TUNNELS = ("balancer.sock", "control.sock")
"""The balancer's sockets, as listeners.EDGE_SOCKETS has them."""
_NOBODY = 0xFFFF
"""Stands for no owner of a slot."""
_SAME = 0xFFFE
"""Stands for the owner that the slot had before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Beat:
    """What an agent says of its edge. `obeys`: the name of the EdgeFiles."""

    obeys: str = ""
    serving: bool = False
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Verb:
    """One question: how its result becomes JSON, and what the JSON means."""

    encode: Callable[[Any], Any]
    decode: Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class ActivityColumns:
    """The activity of an edge's servers: the instances in order, and for each field of Activity their figures."""

    instances: tuple[str, ...]
    figures: tuple[Sequence[int], ...]


ACTIVITY = ("in_flight", "given", "taken", "given_up")
"""The fields of Activity."""


def columns(told: Sequence[Sequence[Any]]) -> ActivityColumns:
    """Raises ValueError, TypeError for what are no columns."""
    instances, *figures = told
    if len(figures) != len(ACTIVITY) or any(len(column) != len(instances) for column in figures):
        raise ValueError("an activity has five columns of one length")
    return ActivityColumns(tuple(instances), tuple(figures))


def _same(value: Any) -> Any:
    return value


VERBS: Mapping[str, Verb] = {
    # instance → Activity; the hub gets the columns: it adds up those of many edges
    "activity": Verb(
        lambda found: [
            sorted(found),
            *([getattr(found[instance], name) for instance in sorted(found)] for name in ACTIVITY),
        ],
        columns,
    ),
    # has the argument "instance"
    "close_idle": Verb(_same, _same),
    "load": Verb(asdict, lambda told: Load(**told)),
    "keyless": Verb(_same, int),
    "certificates": Verb(
        lambda found: [asdict(each) for each in found],
        lambda told: tuple(Certificate(**{**each, "names": tuple(each["names"])}) for each in told),
    ),
    # instance → ServerCounters
    "counters": Verb(
        lambda found: {
            instance: [each.in_flight, each.requests, each.errors, each.response_time]
            for instance, each in found.items()
        },
        lambda told: {instance: ServerCounters(*each) for instance, each in told.items()},
    ),
    "keys": Verb(
        lambda found: {"sampled": found.sampled, "keys": [[each.slot, each.key, each.count] for each in found.keys]},
        lambda told: KeyCounts(told["sampled"], tuple(CountedKey(*each) for each in told["keys"])),
    ),
    "exposition": Verb(_same, str),
    "old_processes": Verb(_same, int),
}


def line(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, separators=(",", ":")).encode() + b"\n"


def files_document(files: EdgeFiles) -> dict[str, Any]:
    """The files as JSON. A slot is two bytes, the number of its owner in `backends`; both large fields are deflated."""
    numbers = _numbers(files)
    slots = array("H", (numbers.get(owner, _NOBODY) for owner in files.slots))
    return {
        **_head(files),
        "configuration": _packed(files.configuration.encode()),
        "slots": _packed(_little(slots).tobytes()),
        "backends": _rows(files),
    }


def changes_document(files: EdgeFiles, base: EdgeFiles) -> dict[str, Any]:
    """The files as JSON, as what differs from `base`, whose name is said. The lines of the configuration and the
    backends are runs: `[START, COUNT, ITEM, …]` stands for so many items of the base from START on, and then the items
    that follow. A slot that keeps its owner has the number _SAME."""
    numbers = {"": _NOBODY, **_numbers(files)}
    before = base.slots if len(base.slots) == len(files.slots) else (None,) * len(files.slots)
    slots = array(
        "H",
        (
            _SAME if owner == known and owner in numbers else numbers.get(owner, _NOBODY)
            for owner, known in zip(files.slots, before, strict=True)
        ),
    )
    lines = _runs(files.configuration.split("\n"), base.configuration.split("\n"))
    return {
        **_head(files),
        "base": base.name,
        "configuration": _packed(json.dumps(list(lines)).encode()),
        "slots": _packed(_little(slots).tobytes()),
        "backends": list(_runs(_rows(files), _rows(base))),
    }


def files_of(document: Mapping[str, Any], base: EdgeFiles | None = None) -> EdgeFiles:
    """The files of a document. `base`: the files before on this stream. Raises ValueError, KeyError, TypeError,
    IndexError for a document that is none, or is about another base."""
    configuration = _unpacked(document["configuration"]).decode()
    backends, before = document["backends"], None
    if "base" in document:
        if base is None or base.name != document["base"]:
            raise ValueError(f"these are changes of {document['base']}, and that is not here")
        configuration = "\n".join(_whole(json.loads(configuration), base.configuration.split("\n")))
        backends, before = _whole(backends, _rows(base)), base.slots
    backends = tuple(Backend(*each) for each in backends)
    slots = _little(array("H", _unpacked(document["slots"])))
    owners = {_NOBODY: "", **{number: backend.instance for number, backend in enumerate(backends)}}
    return EdgeFiles(
        digest=document["digest"],
        fixed_digest=document["fixed_digest"],
        configuration=configuration,
        slots=tuple(
            before[slot] if number == _SAME and before is not None else owners[number]
            for slot, number in enumerate(slots)
        ),
        backends=backends,
        bound=Fraction(document["bound"]) if document["bound"] else None,
        server_options=document["server_options"],
    )


def _head(files: EdgeFiles) -> dict[str, Any]:
    return {
        "digest": files.digest,
        "fixed_digest": files.fixed_digest,
        "bound": files.bound and str(files.bound),
        "server_options": dict(files.server_options),
    }


def _numbers(files: EdgeFiles) -> dict[str, int]:
    return {backend.instance: number for number, backend in enumerate(files.backends)}


def _rows(files: EdgeFiles) -> list[list[Any]]:
    return [[each.instance, each.address, each.draining, each.weight, each.protocol] for each in files.backends]


def _runs(items: Sequence[Any], base: Sequence[Any]) -> Iterator[list[Any]]:
    """The items as runs of those of `base`."""
    places = {repr(item): place for place, item in reversed(list(enumerate(base)))}
    run: list[Any] = [0, 0]
    for item in items:
        goes_on = len(run) == 2 and run[0] + run[1] < len(base) and base[run[0] + run[1]] == item
        place = None if goes_on else places.get(repr(item))
        if goes_on:
            run[1] += 1
        elif place is None:
            run.append(item)
        else:
            yield run
            run = [place, 1]
    yield run


def _whole(runs: Sequence[Sequence[Any]], base: Sequence[Any]) -> list[Any]:
    """The items of such runs."""
    items: list[Any] = []
    for start, count, *others in runs:
        items += [*base[start : start + count], *others]
    return items


def _little(numbers: array[int]) -> array[int]:
    """Little-endian, or from it."""
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers


def _packed(content: bytes) -> str:
    return base64.b64encode(zlib.compress(content)).decode()


def _unpacked(text: str) -> bytes:
    try:
        return zlib.decompress(base64.b64decode(text, validate=True))
    except zlib.error as error:
        raise ValueError(f"damaged: {error}") from error
