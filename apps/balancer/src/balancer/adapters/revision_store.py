"""The fleet store over revisions, of which there is one of each number: that makes a save a compare-and-swap."""

from __future__ import annotations

import json
import logging
import threading
from contextlib import suppress
from typing import Protocol
from uuid import uuid4

from balancer.adapters.fleet_document import DAMAGES, FleetDocument, NewerFormat
from balancer.core.catalogue import Catalogue
from balancer.core.errors import DamagedState, NewerState, Superseded
from balancer.core.fleet import Fleet
from balancer.core.release import Release
from balancer.core.ring_profile import RingProfile

_log = logging.getLogger(__name__)
_WRITER = "writer"
"""The field of a document that says which store wrote it. It is no part of the fleet."""


class Revisions(Protocol):
    """A place that keeps contents under growing numbers. Every method may raise StateUnavailable."""

    def newest(self) -> tuple[int, bytes] | None:
        """The newest revision and its content; None where there is none yet. The content is empty where nobody can read
        it."""

    def replace(self, expected: int, content: bytes) -> int:
        """Makes the revision after `expected`, and returns its number. `expected`: 0 where there is none yet. Raises
        Superseded where that is not the newest any more; somebody may have taken the newest one away, or all, but not
        have put another fleet there. After StateUnavailable it may have been made all the same, or still be made."""


class RevisionStore:
    """A FleetStore. The other arguments are those of FleetDocument.

    Where a save got no answer, its revision may be there all the same. So every document names the store that wrote it:
    a newest revision of this store's own is nobody else's save."""

    def __init__(self, revisions: Revisions, *, catalogue: Catalogue, profile: RingProfile, release: Release) -> None:
        self._revisions = revisions
        self._document = FleetDocument(catalogue=catalogue, profile=profile, release=release)
        self._writer = uuid4().hex
        self._revision: int | None = None
        """The revision that this store knows, 0 for none; None before it has looked."""
        self._lock = threading.Lock()

    def load(self) -> Fleet | None:
        with self._lock:
            revision, content = self._newest()
            try:
                fleet = self._document.read(content) if revision else None
            except NewerFormat as error:
                raise NewerState(
                    f"revision {revision} of the fleet {error}. It is left as it is. Run the newer balancer again"
                ) from error
            except DAMAGES as error:
                _log.error("state damaged", extra={"revision": revision, "reason": str(error)})
                self._revision = revision
                raise DamagedState(f"revision {revision} of the fleet cannot be read: {error}") from error
            self._revision = revision
            return fleet

    def save(self, fleet: Fleet) -> None:
        content = self._document.written(fleet, **{_WRITER: self._writer})
        with self._lock:
            if self._revision is None:
                self._revision = self._newest()[0]
            try:
                self._revision = self._revisions.replace(self._revision, content)
            except Superseded:
                self._recognise()
                self._revision = self._revisions.replace(self._revision, content)

    def confirm(self) -> None:
        with self._lock:
            if self._revision is not None:
                self._recognise()

    def _newest(self) -> tuple[int, bytes]:
        return self._revisions.newest() or (0, b"")

    def _recognise(self) -> None:
        """Takes note of the newest revision where it is this store's own. Raises Superseded where it is another's."""
        revision, content = self._newest()
        known = self._revision or 0
        if revision > known and self._wrote(content):
            self._revision = revision
        elif revision > known or 0 < revision < known - 1:
            raise Superseded(f"another balancer has saved revision {revision} of the fleet")

    def _wrote(self, content: bytes) -> bool:
        with suppress(*DAMAGES):
            return bool(json.loads(content)[_WRITER] == self._writer)
        return False
