"""The hub's side of TLS: who the balancer is, and that the other side is an edge of the deployment."""

from __future__ import annotations

import logging
import ssl
from pathlib import Path
from typing import Any

_log = logging.getLogger(__name__)
_FILES = ("ca.pem", "certificate.pem", "key.pem")


class Certificates:
    """The files ca.pem, certificate.pem and key.pem of a folder. They are read again when one of them has changed, so
    that connections from then on have the new ones."""

    def __init__(self, folder: Path) -> None:
        self._files = tuple(folder / name for name in _FILES)
        self._seen: object = None
        self._context: ssl.SSLContext | None = None

    def context(self) -> ssl.SSLContext:
        """For the next connection that comes in. Where the changed files cannot be read, the last good ones count.
        Raises OSError, of which ssl.SSLError is one, where there never were any."""
        try:
            seen = tuple((found.st_mtime_ns, found.st_size, found.st_ino) for found in map(Path.stat, self._files))
            if self._context is None or seen != self._seen:
                self._context, self._seen = _server(*self._files), seen
        except OSError as error:
            if self._context is None:
                raise
            _log.warning("edges' certificates not read, the last ones count", extra={"reason": str(error)})
        return self._context


def is_of(name: str, certificate: dict[str, Any]) -> bool:
    """Whether it is for this name, by its subjectAltName. `certificate`: as ssl.SSLObject.getpeercert has it."""
    return ("DNS", name) in certificate.get("subjectAltName", ())


def _server(authority: Path, certificate: Path, key: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(authority)
    context.load_cert_chain(certificate, key)
    return context
