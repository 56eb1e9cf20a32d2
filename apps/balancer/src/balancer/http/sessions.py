"""Who asks, and how the page gets a token: by a link whose code counts once."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import NoReturn

from flask import Blueprint, Response, g, request
from pydantic import Field
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import Forbidden, Unauthorized

from balancer.core.errors import Busy
from balancer.core.tokens import Role
from balancer.http import body, token
from balancer.http.answer import give
from balancer.http.documents import Error
from balancer.http.guard import client_of
from balancer.http.operation import Answer, Document, Operation, described
from balancer.service.sessions import CODE_SECONDS, SESSION_SECONDS, Sessions
from balancer.service.tokens import Tokens

_log = logging.getLogger(__name__)

_EXAMPLE = '{"code":"CODE"}'


class WhoAmI(Document):
    """Who asks. Where no token is wanted, everybody may do everything and has no name."""

    name: str
    role: Role
    token_wanted: bool


class Link(Document):
    """The code of a link CONTROL_URL/#code=CODE, which opens the page once."""

    code: str
    expires: int = Field(description="Seconds.")


class Code(Document):
    """What opens a session."""

    code: str = Field(description="What the link has after #code=.", json_schema_extra={"example": "CODE"})


class Session(Document):
    """A session. Its token counts as the token that made the link, as long as that one counts."""

    token: str
    name: str
    role: Role
    expires: int = Field(description="Seconds.")


WHO = Operation(
    id="whoami",
    tag="sessions",
    summary="Whose token this is, and what it may do",
    answers={200: Answer(description="Name and role of the token.", document=WhoAmI)},
)
LINK = Operation(
    id="link",
    tag="sessions",
    summary="Makes a link that opens the page once",
    description="It is for the name and role of the token that asks, and counts for a minute. A session makes none.",
    answers={
        201: Answer(description="The link's code.", document=Link),
        409: Answer(description="The deployment wants no token, so a link has nothing to bring.", document=Error),
    },
)
BEGIN = Operation(
    id="beginSession",
    tag="sessions",
    summary="Exchanges the code of a link for a token",
    answers={
        200: Answer(description="The session.", document=Session),
        401: Answer(description="The code was used, is too old, or was never given.", document=Error),
    },
    body=Code,
    example={"code": "CODE"},
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
        return _give(told)

    @api.post("/sessions/links")
    @described(LINK)
    def link() -> Response:
        if not tokens.are_wanted:
            raise Busy("this deployment wants no token, so a link has nothing to bring: open the page itself")
        maker = tokens.own(token.bearer(request))
        if maker is None:
            raise Forbidden("a session makes no links: ask with the token itself")
        return _give(Link(code=sessions.link(maker.sha256), expires=CODE_SECONDS), HTTPStatus.CREATED)

    @api.post("/sessions")
    @described(BEGIN)
    def begin() -> Response:
        text = sessions.begin(body.read_document(request, Code, example=_EXAMPLE).code)
        who = None if text is None else tokens.holder(text)
        if text is None or who is None:
            _refuse()
        g.who = who.name
        _log.info("session begun", extra={"who": who.name, "role": who.role, "client": client_of(request)})
        return _give(Session(token=text, name=who.name, role=who.role, expires=SESSION_SECONDS))

    return api


def _refuse() -> NoReturn:
    raise Unauthorized(
        f"this code does not count: it was used, is older than {CODE_SECONDS} s, or was never given; make a new link",
        www_authenticate=WWWAuthenticate("bearer"),
    )


def _give(told: Document, status: int = HTTPStatus.OK) -> Response:
    """A secret is in it, or whose it is: nobody keeps it."""
    response = give(told, status)
    response.headers["Cache-Control"] = "no-store"
    return response
