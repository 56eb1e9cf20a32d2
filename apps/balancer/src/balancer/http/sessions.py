"""Who asks, and how the page gets a token: by a link whose code counts once."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import NoReturn

from flask import Blueprint, Response, g, request
from pydantic import Field
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import Forbidden, Unauthorized

from balancer.core import document
from balancer.core.errors import Busy, InvalidRequest
from balancer.core.tokens import Role
from balancer.http import body, token
from balancer.http.answer import respond
from balancer.http.guard import client_of
from balancer.http.operation import Answer, Document, Operation, described
from balancer.ports import answers
from balancer.service.sessions import CODE_SECONDS, SESSION_SECONDS, Sessions
from balancer.service.tokens import Tokens

_log = logging.getLogger(__name__)

_EXAMPLE = {"code": "the code of a link"}
_LONGEST = 256
"""Characters of a code that is looked at."""


class WhoAmI(Document):
    """Who asks. Where no token is wanted, everybody may do everything and has no name."""

    name: str
    role: Role
    token_wanted: bool


class Link(Document):
    """The code of a link CONTROL_URL/#code=CODE, which opens the page once."""

    code: str
    expires: int = Field(description="Seconds")


class Code(Document):
    """What opens a session."""

    code: str = Field(min_length=1, max_length=_LONGEST)


class Session(Document):
    """A session. Its token counts as the token that made the link, as long as that one counts."""

    token: str
    name: str
    role: Role
    expires: int = Field(description="Seconds")


WHO = Operation(
    id="whoami",
    tag="sessions",
    summary="Whose token this is, and what it may do",
    answers={200: Answer(description="Name and role of the token", document=WhoAmI)},
    errors=(401, 403),
)
LINK = Operation(
    id="link",
    tag="sessions",
    summary="Makes a link that opens the page once",
    description="It is for the name and role of the token that asks, and counts for a minute.",
    answers={201: Answer(description="The link's code", document=Link)},
    errors=(401, 403, 409),
)
BEGIN = Operation(
    id="beginSession",
    tag="sessions",
    summary="Exchanges the code of a link for a token",
    answers={200: Answer(description="The session", document=Session)},
    errors=(400, 401, 403, 408, 413),
    body=Code,
    example=_EXAMPLE,
    is_open=True,
)


def sessions_api(sessions: Sessions, tokens: Tokens) -> Blueprint:
    api = Blueprint("sessions", __name__)

    @api.get("/whoami")
    @described(WHO)
    def whoami() -> Response:
        who = g.token
        told = WhoAmI(
            name=who.name if who else "", role=who.role if who else Role.CHANGE, token_wanted=tokens.are_wanted
        )
        return _respond(told)

    @api.post("/sessions/links")
    @described(LINK)
    def link() -> Response:
        if not tokens.are_wanted:
            raise Busy("this deployment wants no token, so a link has nothing to bring: open the page itself")
        maker = tokens.own(token.bearer(request))
        if maker is None:
            raise Forbidden("a session makes no links: ask with the token itself")
        return _respond(Link(code=sessions.link(maker.sha256), expires=CODE_SECONDS), HTTPStatus.CREATED)

    @api.post("/sessions")
    @described(BEGIN)
    def begin() -> Response:
        text = sessions.begin(_code(body.read(request)))
        who = None if text is None else tokens.holder(text)
        if text is None or who is None:
            _refuse()
        g.who = who.name
        _log.info("session begun", extra={"who": who.name, "role": who.role, "client": client_of(request)})
        return _respond(Session(token=text, name=who.name, role=who.role, expires=SESSION_SECONDS))

    return api


def _code(text: bytes) -> str:
    wanted = document.json_object(text, example=answers.compact(_EXAMPLE))
    document.known_fields(wanted, "code")
    code = wanted.get("code")
    if not isinstance(code, str) or not 0 < len(code) <= _LONGEST or not code.isascii():
        raise InvalidRequest(f"code must be the text in the link after #code=, at most {_LONGEST} characters")
    return code


def _refuse() -> NoReturn:
    raise Unauthorized(
        f"this code does not count: it was used, is older than {CODE_SECONDS} s, or was never given; make a new link",
        www_authenticate=WWWAuthenticate("bearer"),
    )


def _respond(told: Document, status: int = HTTPStatus.OK) -> Response:
    """A secret is in it, or whose it is: nobody keeps it."""
    response = respond(answers.compact(told.model_dump(mode="json")), status)
    response.headers["Cache-Control"] = "no-store"
    return response
