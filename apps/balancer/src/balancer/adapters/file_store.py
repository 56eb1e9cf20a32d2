"""The fleet store: the desired fleet as one JSON file, replaced atomically, and a copy in case the file is damaged."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

from balancer.adapters.atomic_file import replace_file
from balancer.core.catalogue import Catalogue
from balancer.core.deploy import Deploy, Stage
from balancer.core.errors import InvalidRequest, NewerState, StateUnavailable
from balancer.core.fleet import WARM, Fleet, Server
from balancer.core.lifecycle import State
from balancer.core.release import Release
from balancer.core.ring_profile import RingProfile
from balancer.core.slot_table import SlotTable

_log = logging.getLogger(__name__)
_FORMAT = 3
_UNKNOWN = {"number": 1, "image": "", "environment": {}, "memory": "", "cpus": 0}
"""The configured release of a file before format 3. No settings are like it, so the servers are rolled to the release
of the settings."""


class FileStore:
    """The files are fleet.json and its copy fleet.json.last in `directory`. `profile` is used where the file has no
    ring profile, as in format 1, or one that the catalogue does not know. `release` is used where the file has no
    release, as before format 3."""

    def __init__(self, directory: Path, *, catalogue: Catalogue, profile: RingProfile, release: Release) -> None:
        self._catalogue = catalogue
        self._profile = profile
        self._release = release
        self._file = directory / "fleet.json"
        self._copy = directory / "fleet.json.last"

    def load(self) -> Fleet | None:
        try:
            present = [path for path in (self._file, self._copy) if path.exists()]
        except OSError as error:
            raise StateUnavailable(f"the fleet cannot be read: {error}") from error
        for path in present:
            try:
                content = path.read_bytes()
                document = json.loads(content)
                self._refuse_newer(path, document)
                fleet = self._from_document(document)
            except (OSError, ValueError, LookupError, TypeError) as error:
                _log.error("state damaged", extra={"file": str(path), "reason": str(error)})
                continue
            if path != self._file:
                self._mend(content)
            return fleet
        if present:
            raise StateUnavailable(f"{self._file} and its copy cannot be read")
        return None

    def _mend(self, content: bytes) -> None:
        """Replaces the damaged file with the content of its copy."""
        try:
            replace_file(self._file, content)
        except OSError as error:
            raise StateUnavailable(f"the fleet cannot be restored from its copy: {error}") from error

    def save(self, fleet: Fleet) -> None:
        content = json.dumps(_to_document(fleet)).encode()
        try:
            replace_file(self._file, content)
        except OSError as error:
            raise StateUnavailable(f"the fleet cannot be saved: {error}") from error
        try:
            replace_file(self._copy, content)
        except OSError as error:  # the fleet itself is saved
            _log.warning("copy of the state not written", extra={"reason": str(error)})

    def _refuse_newer(self, path: Path, document: dict[str, Any]) -> None:
        """Raises NewerState for a file of a newer format. This balancer cannot read all of such a file, so it must
        replace it neither by a new fleet nor by the copy."""
        number = document["format"]
        if isinstance(number, int) and number > _FORMAT:
            raise NewerState(
                f"{path} has format {number}, and this balancer knows 1 to {_FORMAT}: a newer one wrote it. It is left "
                f"as it is. Run the newer balancer again, or move {self._file} and {self._copy.name} away: then the "
                "fleet is taken up from its containers, without its weights and its ring profile"
            )

    def _from_document(self, document: dict[str, Any]) -> Fleet:
        if document["format"] not in range(1, _FORMAT + 1):
            raise ValueError(f"format {document['format']} is none from 1 to {_FORMAT}")
        return Fleet(
            servers=tuple(
                Server(
                    server["name"],
                    int(server["ring_id"]),
                    State(server["state"]),
                    server["address"],
                    int(server.get("weight", 1)),
                    int(server.get("ramp", WARM)),
                    int(server.get("release", 1)),
                    bool(server.get("rolled", False)),
                )
                for server in document["servers"]
            ),
            target=int(document["target"]),
            next_ring_id=int(document["next_ring_id"]),
            table=SlotTable(tuple(int(owner) for owner in document["table"])),
            profile=self._profile_in(document, "profile"),
            configured=self._profile_in(document, "configured"),
            version=int(document.get("version", 1)),
            release=_release(document["release"]) if "release" in document else self._release,
            configured_release=_release(document.get("configured_release", _UNKNOWN)),
            deploy=_deploy(document.get("deploy")),
        )

    def _profile_in(self, document: dict[str, Any], key: str) -> RingProfile:
        """The ring profile in a field of the document. Where it cannot be read, the settings' profile is used: then
        slots move, but no server is lost."""
        try:
            return self._catalogue.profile(document[key]) if key in document else self._profile
        except InvalidRequest as error:
            _log.error("ring profile lost, taking the settings'", extra={"key": key, "reason": str(error)})
            return self._profile


def _to_document(fleet: Fleet) -> dict[str, Any]:
    return {
        "format": _FORMAT,
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
    }


def _numbered(release: Release) -> dict[str, Any]:
    image = {"content": release.content, "digest": release.digest} if release.content else {}
    return {"number": release.number, **image, **release.document()}


def _asked(deploy: Deploy) -> dict[str, Any]:
    return {"pull": deploy.pull, "anew": deploy.anew}


def _release(document: dict[str, Any]) -> Release:
    return Release(
        number=int(document["number"]),
        image=document["image"],
        environment=dict(document["environment"]),
        memory=document["memory"],
        cpus=float(document["cpus"]),
        content=document.get("content", ""),
        digest=document.get("digest", ""),
    )


def _deploy(document: dict[str, Any] | None) -> Deploy | None:
    if document is None:
        return None
    return Deploy(
        _release(document["wish"]),
        surge=int(document["surge"]),
        batch=int(document["batch"]),
        stage=Stage(document["stage"]),
        reason=document["reason"],
        pull=bool(document.get("pull", False)),
        anew=bool(document.get("anew", True)),
    )
