"""The edge's files for one set of routes: the texts of haproxy.cfg and slots.map. Nothing is written or loaded here."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from balancer.adapters.haproxy import slot_map
from balancer.core.request_hash import REQUEST_IDS
from balancer.core.routes import IDEMPOTENT, Backend, Routes
from balancer.ports import answers

SERVER_OPTIONS = "check inter 1s downinter 200ms fall 3 rise 1 observe layer4 error-limit 3 on-error mark-down"
"""The options of a server, in the file and for `add server` at run time, which ignores default-server.

When three connections in a row to a server fail, the server gets no requests until a check has passed. This limits how
many requests have to be repeated before the balancer takes the server off the ring.
"""

KEYLESS_TABLE = "keyless"

_IDLE_SECONDS = 60
"""Seconds that a client's connection may be idle."""

_ERRORS = (
    (400, "The request is not HTTP as it must be"),
    (408, "The request did not arrive in time"),
    (500, "The edge failed"),
    (502, answers.BROKE_OFF),
    (503, answers.NO_SERVER),
    (504, answers.TOO_SLOW),
)

_TEMPLATE = Environment(  # noqa: S701 (it writes a configuration, not HTML)
    loader=FileSystemLoader(Path(__file__).parent), undefined=StrictUndefined, keep_trailing_newline=True
).get_template("haproxy.cfg.j2")


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeOptions:
    """The options of the edge, beside its routes. `directory`: the folder of its files and sockets. `response_timeout`:
    in seconds. `course_errors`: a server's 404 becomes the handout's 400. `explain`: answers name their server, slot
    and attempt. `access_log`: which requests are logged, "errors" or "all". `bufsize`: bytes of a buffer of HAProxy.
    """

    directory: Path
    heartbeat_path: str
    response_timeout: float
    course_errors: bool
    explain: bool
    access_log: str
    bufsize: int


class EdgeFiles:
    """The files' texts, each made at its first use."""

    def __init__(self, options: EdgeOptions, routes: Routes) -> None:
        self.routes = routes
        self._options = options

    @cached_property
    def serving(self) -> tuple[Backend, ...]:
        """The backends that take new requests: all but the draining ones and those of weight 0."""
        return tuple(backend for backend in self.routes.backends if backend.weight and not backend.draining)

    @cached_property
    def digest(self) -> str:
        """The digest of the routes."""
        return self.routes.digest

    @cached_property
    def slots_map(self) -> list[str]:
        return slot_map.lines(self.digest, self.routes.slots, self.serving, self.routes.bound)

    @cached_property
    def fixed_digest(self) -> str:
        """A digest of everything that a running HAProxy cannot change: the whole configuration without the servers."""
        return sha256(self._render(digest="", backends=()).encode()).hexdigest()[:16]

    @cached_property
    def configuration(self) -> str:
        return self._render(digest=self.fixed_digest, backends=self.serving)

    def _render(self, *, digest: str, backends: tuple[Backend, ...]) -> str:
        options, routes = self._options, self.routes
        values: dict[str, Any] = {field.name: getattr(options, field.name) for field in fields(options)}
        return _TEMPLATE.render(
            **values,
            digest=digest,
            backends=backends,
            key=routes.key,
            request_hash=routes.request_hash,
            slots=len(routes.slots),
            is_bounded=routes.bound is not None,
            map=f"map({options.directory}/slots.map)",
            share_key=slot_map.SHARE_KEY,
            share_unit=slot_map.SHARE_UNIT,
            walk=slot_map.WALK,
            response_timeout_ms=round(options.response_timeout * 1000),
            idle_seconds=_IDLE_SECONDS,
            server_options=SERVER_OPTIONS,
            keyless_table=KEYLESS_TABLE,
            errors=_ERRORS,
            body_limit=answers.CONTROL_BODY_LIMIT,
            too_large=answers.TOO_LARGE,
            ids=REQUEST_IDS,
            idempotent=" ".join(IDEMPOTENT),
            failure=answers.failure,
        )
