"""The certificate watch: it looks at the data plane's certificates, and reports their renewals and their ends."""

from __future__ import annotations

from datetime import UTC, datetime

from balancer.core.certificate import Certificate
from balancer.core.event import EventKind
from balancer.ports.clock import Clock
from balancer.ports.data_plane import DataPlane
from balancer.service.event_log import EventLog
from balancer.service.problems import Part, Problems

_PAUSE = 15.0
"""Seconds between two looks."""
_FIRST_PAUSE = 5.0
"""Seconds between two looks while no certificate is there. The edge may not have started yet."""


class CertificateWatch:
    """One thread runs `round`. A certificate that ends soon is a problem, but the balancer stays ready: all
    still works. With a certificate that has expired it is not ready."""

    def __init__(self, *, plane: DataPlane, problems: Problems, events: EventLog, clock: Clock) -> None:
        self._plane = plane
        self._problems = problems
        self._events = events
        self._clock = clock
        self.certificates: tuple[Certificate, ...] = ()

    def round(self) -> float:
        """Returns the seconds until the next look. Raises PlaneUnavailable."""
        found = tuple(self._plane.certificates())
        before = {certificate.file: certificate for certificate in self.certificates}
        self.certificates = found
        for certificate in found:
            if certificate != before.get(certificate.file, certificate):
                self._events.record(
                    EventKind.CERTIFICATE,
                    reason="it was renewed",
                    file=certificate.file,
                    names=certificate.names,
                    expires=shown(certificate.expires),
                )
        self._report(found)
        return _PAUSE if found else _FIRST_PAUSE

    def _report(self, found: tuple[Certificate, ...]) -> None:
        now = self._clock.time()
        ending = [certificate for certificate in found if certificate.ends_soon(now)]
        if not ending:
            self._problems.clear(Part.CERTIFICATES)
            return
        reasons = (f"{item.file} {_end(item, now)} {shown(item.expires)}" for item in ending)
        self._problems.report(
            Part.CERTIFICATES,
            "; ".join(reasons) + ". Put a renewed one into the folder tls: it is taken up at once",
            is_warning=not any(item.is_expired(now) for item in ending),
        )


def shown(time: int) -> str:
    """A time in seconds since 1970, as ISO 8601."""
    return datetime.fromtimestamp(time, UTC).isoformat()


def _end(certificate: Certificate, now: float) -> str:
    return "expired at" if certificate.is_expired(now) else "expires at"
