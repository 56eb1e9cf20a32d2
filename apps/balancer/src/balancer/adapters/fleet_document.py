"""The fleet as a JSON document: what a fleet store keeps, in the formats 1 to 5. It knows no file and no engine."""

from __future__ import annotations

import json
import logging
from dataclasses import replace
from typing import Any

from balancer.core.catalogue import Catalogue
from balancer.core.deploy import Deploy, Stage
from balancer.core.errors import InvalidRequest
from balancer.core.fleet import WARM, Fleet, Server
from balancer.core.lifecycle import State
from balancer.core.protocol import HTTP
from balancer.core.release import Release
from balancer.core.ring_profile import RingProfile
from balancer.core.slot_table import SlotTable

_log = logging.getLogger(__name__)
FORMAT = 5
"""The newest format that this balancer reads and writes."""
DAMAGES = (ValueError, LookupError, TypeError)
"""What reading raises for a document that is damaged."""
_FORMAT_WITHOUT_PROTOCOLS = 4
"""Where all releases speak HTTP/1.1, no protocol is saved, and a balancer that knows no other one reads the file."""
_UNKNOWN = {"number": 1, "image": "", "environment": {}, "memory": "", "cpus": 0}
"""The configured release of a file before format 3. No settings are like it, so the servers are rolled to the release
of the settings."""

_ONCE_OF_ALL = (
    "port",
    "heartbeat_path",
    "heartbeat_timeout",
    "read_only",
    "capabilities",
    "stop_timeout",
)
"""Before format 4 these were settings of all servers. Whatever else a release has now, no server had."""


class NewerFormat(Exception):
    """The document has a format that only a newer balancer knows. `number`: the format."""

    def __init__(self, number: int) -> None:
        super().__init__(f"has format {number}, and this balancer knows 1 to {FORMAT}: a newer one wrote it")
        self.number = number


class FleetDocument:
    """`profile` is used where a document has no ring profile, as in format 1, or one that the catalogue does not know.
    `release` is used where a document has no release, as before format 3. Before format 4 a release had four fields:
    the others were as the settings said."""

    def __init__(self, *, catalogue: Catalogue, profile: RingProfile, release: Release) -> None:
        self._catalogue = catalogue
        self._profile = profile
        self._release = release

    def read(self, content: bytes) -> Fleet:
        """The fleet of a document. Raises one of DAMAGES, and NewerFormat: this balancer cannot read all of such a
        document, so it must not replace it."""
        return self._from_document(json.loads(content))

    def written(self, fleet: Fleet, **more: str) -> bytes:
        """The document of a fleet. `more`: further fields, which no balancer reads as a part of the fleet."""
        return json.dumps(_to_document(fleet) | more).encode()

    def _from_document(self, document: dict[str, Any]) -> Fleet:
        number = document["format"]
        if isinstance(number, int) and number > FORMAT:
            raise NewerFormat(number)
        if number not in range(1, FORMAT + 1):
            raise ValueError(f"format {number} is none from 1 to {FORMAT}")
        base = self._base(document)
        fleet = Fleet(
            servers=tuple(_server(server) for server in document["servers"]),
            target=int(document["target"]),
            next_ring_id=int(document["next_ring_id"]),
            table=SlotTable(tuple(int(owner) for owner in document["table"])),
            profile=self._profile_in(document, "profile"),
            configured=self._profile_in(document, "configured"),
            version=int(document.get("version", 1)),
            release=_release(base, document["release"]) if "release" in document else self._release,
            configured_release=_release(base, document.get("configured_release", _UNKNOWN)),
            deploy=_deploy(base, document.get("deploy")),
            releases=tuple(_release(base, release) for release in document.get("releases", ())),
            generation=int(document.get("generation", 1)),
        )
        return fleet if "generation" in document else _with_generations(fleet)

    def _base(self, document: dict[str, Any]) -> Release:
        """What a release of this file has in the fields that the file does not name."""
        if document["format"] >= _FORMAT_WITHOUT_PROTOCOLS:
            return Release()
        told = {name: getattr(self._release, name) for name in _ONCE_OF_ALL}
        return Release(**told, init=False, pids=0)

    def _profile_in(self, document: dict[str, Any], key: str) -> RingProfile:
        """The ring profile in a field of the document. Where it cannot be read, the settings' profile is used: then
        slots move, but no server is lost."""
        try:
            return self._catalogue.profile(document[key]) if key in document else self._profile
        except InvalidRequest as error:
            _log.error("ring profile lost, taking the settings'", extra={"key": key, "reason": str(error)})
            return self._profile


def _to_document(fleet: Fleet) -> dict[str, Any]:
    protocols = {release.protocol for release in (fleet.configured_release, *fleet.known_releases)}
    return {
        "format": _FORMAT_WITHOUT_PROTOCOLS if protocols == {HTTP} else FORMAT,
        "target": fleet.target,
        "next_ring_id": fleet.next_ring_id,
        "servers": [
            {
                "name": server.hostname,
                "ring_id": server.ring_id,
                "state": server.state,
                "address": server.address,
                "weight": server.weight,
                "ramp": server.ramp,
                "release": server.release,
                "rolled": server.rolled,
                "generation": server.generation,
            }
            for server in fleet.servers
        ],
        "table": fleet.table.owners,
        "profile": fleet.profile.document(),
        "configured": fleet.configured.document(),
        "version": fleet.version,
        "release": _numbered(fleet.release),
        "configured_release": _numbered(fleet.configured_release),
        "deploy": fleet.deploy
        and {
            "wish": _numbered(fleet.deploy.release),
            "surge": fleet.deploy.surge,
            "batch": fleet.deploy.batch,
            "stage": fleet.deploy.stage,
            "reason": fleet.deploy.reason,
            **({} if (fleet.deploy.pull, fleet.deploy.anew) == (False, True) else _asked(fleet.deploy)),
        },
        "releases": [_numbered(release) for release in fleet.releases],
        "generation": fleet.generation,
    }


def _numbered(release: Release) -> dict[str, Any]:
    image = {"content": release.content, "digest": release.digest} if release.content else {}
    document = release.document()
    if release.protocol == HTTP:
        del document["protocol"]
    return {"number": release.number, **image, **document}


def _asked(deploy: Deploy) -> dict[str, Any]:
    return {"pull": deploy.pull, "anew": deploy.anew}


def _server(document: dict[str, Any]) -> Server:
    hostname = document["name"]
    release = int(document.get("release", 1))
    return Server(
        hostname,
        int(document["ring_id"]),
        State(document["state"]),
        document["address"],
        int(document.get("weight", 1)),
        int(document.get("ramp", WARM)),
        release,
        bool(document.get("rolled", False)),
        int(document.get("generation", release)),
    )


def _with_generations(fleet: Fleet) -> Fleet:
    """The fleet of a file before format 4, where the number of the release was the generation, and a deploy on its way
    back gave the old release a number of its own."""
    numbers = [fleet.release.number, *(server.release for server in fleet.servers)]
    servers = fleet.servers
    if fleet.deploy is not None:
        back = fleet.deploy.release.number + 1
        numbers.append(back)
        servers = tuple(
            replace(server, release=fleet.release.number) if server.release == back else server for server in servers
        )
    return replace(fleet, servers=servers, generation=max(numbers))


def _release(base: Release, document: dict[str, Any]) -> Release:
    made_of = {"content": document.get("content", ""), "digest": document.get("digest", "")}
    return replace(base, number=int(document["number"]), **made_of).restored(document)


def _deploy(base: Release, document: dict[str, Any] | None) -> Deploy | None:
    if document is None:
        return None
    return Deploy(
        _release(base, document["wish"]),
        surge=int(document["surge"]),
        batch=int(document["batch"]),
        stage=Stage(document["stage"]),
        reason=document["reason"],
        pull=bool(document.get("pull", False)),
        anew=bool(document.get("anew", True)),
    )
