"""The edge's files: haproxy.cfg and slots.map, as text. What they say is here; who writes and loads them is not."""

from __future__ import annotations

from dataclasses import dataclass, fields
from hashlib import sha256
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from balancer.core import answers
from balancer.core.request_hash import REQUEST_IDS, RequestHash
from balancer.core.routes import Routes

SERVER_OPTIONS = "check inter 1s fall 3 rise 1"
"""The same for servers in the file and for those added at run time, which know no default-server."""

DIGEST_KEY = "digest"
"""The key of slots.map under which the digest of the routes stands, beside the slots."""

_ERRORS = (
    (400, "The request is not HTTP as it must be"),
    (408, "The request did not arrive in time"),
    (500, "The edge failed"),
    (502, answers.BROKE_OFF),
    (503, answers.NO_SERVER),
    (504, answers.TOO_SLOW),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeProfile:
    """What the edge is told beside the routes; a change of it needs a reload. `response_timeout` in seconds."""

    directory: Path
    request_hash: RequestHash
    slots: int
    heartbeat_path: str
    response_timeout: float
    course_errors: bool


def slots_map(routes: Routes) -> str:
    """slots.map: a line per slot, and the digest of the routes; no empty line, as the Runtime API wants it."""
    lines = [f"{slot} {name}" for slot, name in enumerate(routes.slots) if name]
    return "\n".join([f"{DIGEST_KEY} {routes.digest}", *lines])


class ConfigRenderer:
    """haproxy.cfg for one profile; `digest` names the profile and the template together."""

    def __init__(self, profile: EdgeProfile) -> None:
        environment = Environment(  # noqa: S701 (it writes a configuration, not HTML)
            loader=FileSystemLoader(Path(__file__).parent), undefined=StrictUndefined, keep_trailing_newline=True
        )
        self._template = environment.get_template("haproxy.cfg.j2")
        self._profile = profile
        self.digest = ""
        self.digest = sha256(self.render(Routes((), ())).encode()).hexdigest()[:16]

    def render(self, routes: Routes) -> str:
        profile = self._profile
        values: dict[str, Any] = {field.name: getattr(profile, field.name) for field in fields(profile)}
        return self._template.render(
            **values,
            digest=self.digest,
            response_timeout_ms=round(profile.response_timeout * 1000),
            slot_expression=profile.request_hash.expression(profile.slots),
            backends=[backend for backend in routes.backends if not backend.draining],
            server_options=SERVER_OPTIONS,
            errors=_ERRORS,
            body_limit=answers.CONTROL_BODY_LIMIT,
            too_large=answers.TOO_LARGE,
            ids=REQUEST_IDS,
            failure=answers.failure,
        )
