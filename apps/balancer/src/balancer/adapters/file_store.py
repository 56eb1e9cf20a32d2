"""The fleet store: the desired fleet as one JSON file, replaced atomically, and a copy in case the file is damaged."""

from __future__ import annotations

import fcntl
import logging
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from balancer.adapters.atomic_file import replace_file
from balancer.adapters.fleet_document import DAMAGES, FleetDocument, NewerFormat
from balancer.core.catalogue import Catalogue
from balancer.core.errors import DamagedState, NewerState, StateUnavailable, Superseded
from balancer.core.fleet import Fleet
from balancer.core.release import Release
from balancer.core.ring_profile import RingProfile

_log = logging.getLogger(__name__)
_PRIVATE = 0o600
"""Permissions of the files: the releases' environments are in them."""


@dataclass(frozen=True, slots=True)
class _Version:
    """One version of the file. Every save makes a new file; the digest also tells two of them apart that came in one
    tick of the file system's clock."""

    inode: int
    modified: int
    digest: bytes

    @classmethod
    def of(cls, path: Path) -> _Version | None:
        """None where there is no file. Raises OSError."""
        try:
            with path.open("rb") as file:
                status = os.fstat(file.fileno())
                return cls(status.st_ino, status.st_mtime_ns, sha256(file.read()).digest())
        except FileNotFoundError:
            return None


class FileStore:
    """The files are fleet.json and its copy fleet.json.last in `directory`. The other arguments are those of
    FleetDocument.

    Which version of the file is this store's own is remembered from its load or save. Another version there is another
    balancer's. Where the file is gone, somebody took it away, and no balancer is known to have saved since; nor
    where it is damaged, for a balancer saves it as a whole. A store that has neither loaded nor saved yet takes the
    file as it is."""

    def __init__(self, directory: Path, *, catalogue: Catalogue, profile: RingProfile, release: Release) -> None:
        self._document = FleetDocument(catalogue=catalogue, profile=profile, release=release)
        self._directory = directory
        self._file = directory / "fleet.json"
        self._copy = directory / "fleet.json.last"
        self._own: _Version | None = None
        self._has_looked = False
        self._lock = threading.Lock()

    def load(self) -> Fleet | None:
        with self._lock:
            try:
                present = [path for path in (self._file, self._copy) if path.exists()]
                # Before it is read: where somebody saves in between, the next save finds out.
                version = self._version()
            except OSError as error:
                raise StateUnavailable(f"the fleet cannot be read: {error}") from error
            for path in present:
                try:
                    content = path.read_bytes()
                    fleet = self._document.read(content)
                except NewerFormat as error:
                    raise NewerState(self._left_alone(path, error)) from error
                except (OSError, *DAMAGES) as error:
                    _log.error("state damaged", extra={"file": str(path), "reason": str(error)})
                    continue
                self._own, self._has_looked = version, True
                if path != self._file:
                    self._mend(content)
                return fleet
            self._own, self._has_looked = version, True
        if present:
            raise DamagedState(f"{self._file} and its copy cannot be read")
        return None

    def save(self, fleet: Fleet) -> None:
        content = self._document.written(fleet)
        with self._lock:
            try:
                self._replace(content)
            except OSError as error:
                raise StateUnavailable(f"the fleet cannot be saved: {error}") from error

    def confirm(self) -> None:
        with self._lock:
            try:
                self._refuse_others()
            except OSError as error:
                raise StateUnavailable(f"the fleet cannot be read: {error}") from error

    def _version(self) -> _Version | None:
        """The version of the file. A file that is there and cannot be read is damaged, and its version is not known:
        None. Raises OSError where not even that can be found out."""
        try:
            return _Version.of(self._file)
        except OSError:
            self._file.stat()
            return None

    def _refuse_others(self) -> None:
        """Raises Superseded where the file is another balancer's, and OSError."""
        present = self._version()
        if self._has_looked and present not in (None, self._own) and not self._is_damaged():
            raise Superseded(f"another balancer has saved the fleet to {self._file}")

    def _is_damaged(self) -> bool:
        """Whether nobody can read the file: then no balancer has saved it so."""
        try:
            self._document.read(self._file.read_bytes())
        except (FileNotFoundError, *DAMAGES):
            return True
        except NewerFormat:
            pass
        return False

    def _mend(self, content: bytes) -> None:
        """Replaces the damaged file with the content of its copy, as a save does."""
        try:
            self._replace(content, with_copy=False)
        except OSError as error:
            raise StateUnavailable(f"the fleet cannot be restored from its copy: {error}") from error

    def _replace(self, content: bytes, *, with_copy: bool = True) -> None:
        """Raises Superseded, and OSError: then the file is as it was."""
        with self._alone():
            self._refuse_others()
            try:
                replace_file(self._file, content, mode=_PRIVATE)
            finally:  # An error may come after the file has its name.
                self._recognise(content)
            if not with_copy:
                return
            try:
                replace_file(self._copy, content, mode=_PRIVATE)
            except OSError as error:  # the fleet itself is saved
                _log.warning("copy of the state not written", extra={"reason": str(error)})

    def _recognise(self, content: bytes) -> None:
        """The file is this store's own where it has this content. The caller is alone."""
        with suppress(OSError):
            present = self._version()
            if present is not None and present.digest == sha256(content).digest():
                self._own, self._has_looked = present, True

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """No other balancer replaces the files meanwhile. The folder itself is the lock: on a full disk a lock of its
        own could not be made, and one that somebody removes would be no lock. Raises OSError."""
        folder = os.open(self._directory, os.O_RDONLY)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            yield
        finally:
            os.close(folder)

    def _left_alone(self, path: Path, error: NewerFormat) -> str:
        return (
            f"{path} {error}. It is left as it is. Run the newer balancer again, or move {self._file} and "
            f"{self._copy.name} away: then the fleet is taken up from its containers, without its weights and its ring "
            "profile"
        )
