"""The documents of the ring API, and how each is made of what the services tell."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated

from pydantic import Field, WithJsonSchema

from balancer.core import fleet
from balancer.core.explanation import Explanation
from balancer.core.fleet import ON_THE_RING, WARM
from balancer.core.lifecycle import State
from balancer.core.prediction import Expectation
from balancer.core.routes import hostname, routes
from balancer.core.slot_table import SlotTable
from balancer.http.documents import Digest, Hostname, Node, ReleaseNumber, Share, Version, WeightOfServer
from balancer.http.operation import Document
from balancer.http.ring_profile_document import RingProfile
from balancer.service import ring_service

_STATES = [state for state in State if state is not State.GONE]


class Versioned(Document):
    version: Version


class Server(Document):
    """A server of the fleet."""

    hostname: Hostname
    ring_id: int = Field(ge=1, description="Never given twice.")
    state: Annotated[str, WithJsonSchema({"type": "string", "enum": _STATES})] = Field(
        description="A joining, spare or leaving server is not on the ring; while one is down or silent its slots walk "
        "on to the next living owner."
    )
    release: ReleaseNumber
    weight: WeightOfServer
    warmth: float = Field(gt=0, le=1, description="The part of its weight that counts yet, below 1 during slow start.")
    slots: int = Field(ge=0, description="How many slots it owns.")
    share: Share = Field(description="Of all requests that come now.")
    node: Node


class WeighedServer(Server, Versioned):
    """The server, and the ring's version."""


class Ring(Document):
    """The ring."""

    profile: RingProfile
    version: Version
    digest: Digest
    slots: int = Field(ge=2, description="M.")
    servers: list[Server] = Field(description="In the order of joining.")
    requests_without_key: Annotated[int, Field(ge=0)] | None = Field(
        description="Requests without the key that the profile asks for, since the data plane started or, at the edge, "
        "got another profile; null while it does not answer."
    )
    in_step: bool = Field(description="Whether the data plane obeys exactly this ring.")


class Slots(Document):
    """Slot 0 to M - 1."""

    version: Version
    digest: Digest
    owners: list[str] = Field(description="Each slot's owner; empty on an empty ring.")
    answering: list[str] = Field(description="Who answers its requests now; empty where nobody does.")


class Stop(Document):
    """A server that the walk comes to."""

    slot: int = Field(ge=0, description="The first slot from the key's own on that it owns.")
    hostname: Hostname
    state: Annotated[str, WithJsonSchema({"type": "string", "enum": list(ON_THE_RING)})] = Field(
        description="The server's; the walk ends at one that serves."
    )


class Lookup(Document):
    """Where a key goes, before bounded load."""

    key: str = Field(description="The key as text; bytes that are not UTF-8 are written as \\xff.")
    request_hash: str = Field(description="Its name.")
    slot: int = Field(ge=0, description="The key's slot.")
    owner: str | None = Field(description="Who owns the slot; null on an empty ring.")
    server: str | None = Field(description="Who answers now; null where nobody does.")
    walk: list[Stop] = Field(description="From the key's slot clockwise to the server that answers, every owner once.")
    why: str = Field(description="The same in one sentence.")


class Weight(Document):
    """What the server shall weigh."""

    weight: WeightOfServer


def owners(servers: Iterable[fleet.Server], table: SlotTable) -> list[str]:
    """The hostname of every slot's owner."""
    hostnames = {server.ring_id: server.hostname for server in servers}
    return [hostnames.get(owner, "") for owner in table.owners]


def slots(present: fleet.Fleet) -> Slots:
    return Slots(
        version=present.version,
        digest=present.table.digest(),
        owners=owners(present.of(*ON_THE_RING), present.table),
        answering=[hostname(instance) for instance in routes(present).slots],
    )


def ring(seen: ring_service.Ring) -> Ring:
    present = seen.fleet
    return Ring(
        profile=RingProfile(**present.profile.document()),
        version=present.version,
        digest=present.table.digest(),
        slots=present.table.slots,
        servers=[_server(expected, seen.nodes) for expected in seen.servers],
        requests_without_key=seen.keyless,
        in_step=seen.in_step,
    )


def weighed(seen: ring_service.Ring, hostname: str) -> WeighedServer:
    """The server of that name, which is in the fleet."""
    changed = next(expected for expected in seen.servers if expected.server.hostname == hostname)
    return WeighedServer(version=seen.fleet.version, **dict(_server(changed, seen.nodes)))


def _server(expected: Expectation, nodes: Mapping[str, str]) -> Server:
    server = expected.server
    return Server(
        hostname=server.hostname,
        ring_id=server.ring_id,
        state=server.state,
        release=server.release,
        weight=server.weight,
        warmth=server.ramp / WARM,
        slots=expected.slots,
        share=expected.share,
        node=nodes[server.instance],
    )


def lookup(explanation: Explanation) -> Lookup:
    return Lookup(
        key=explanation.key.decode(errors="backslashreplace"),
        request_hash=explanation.request_hash,
        slot=explanation.slot,
        owner=explanation.owner,
        server=explanation.server,
        walk=[Stop(slot=stop.slot, hostname=stop.hostname, state=stop.state) for stop in explanation.walk],
        why=explanation.why,
    )
