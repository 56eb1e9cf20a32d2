"""The token of a request, sent as `Authorization: Bearer …`, and what it allows."""

from __future__ import annotations

from collections.abc import Callable

from flask import Request
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import Forbidden, Unauthorized

from balancer.core.control_paths import may_change
from balancer.core.tokens import Role, Token
from balancer.service.tokens import Tokens


def check(request: Request, tokens: Tokens) -> Token | None:
    """The token of the request, or the one that its session stands for; None where no token is asked for. Raises
    Unauthorized (401) where a token is asked for and the request has none, Forbidden (403) where the token may not do
    what the request wants."""
    if not tokens.are_wanted:
        return None
    token = tokens.holder(bearer(request))
    if token is None:
        raise Unauthorized(
            "this needs the deployment's token: Authorization: Bearer …", www_authenticate=WWWAuthenticate("bearer")
        )
    if token.role is Role.READ and may_change(request.method, request.path):
        raise Forbidden(f"the token {token.name} may only read: take one whose role is change")
    return token


def lasts(request: Request, tokens: Tokens) -> Callable[[], bool]:
    """Returns whether the token that let the request in counts still, which an answer without an end has to ask."""
    if not tokens.are_wanted:
        return lambda: True
    text = bearer(request)
    return lambda: tokens.holder(text) is not None


def bearer(request: Request) -> str:
    """What the request says for a token; empty where it says none."""
    scheme, _, text = request.headers.get("Authorization", "").partition(" ")
    return text.strip() if scheme.lower() == "bearer" else ""
