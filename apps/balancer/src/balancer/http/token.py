"""The token of a request, sent as `Authorization: Bearer …`, and what it allows."""

from __future__ import annotations

from flask import Request
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import Forbidden, Unauthorized

from balancer.core.control_paths import may_change
from balancer.core.tokens import Role
from balancer.service.tokens import Tokens


def check(request: Request, tokens: Tokens) -> str:
    """The name of the request's token, empty where no token is asked for. Raises Unauthorized (401) where a token is
    asked for and the request has none, Forbidden (403) where the token may not do what the request wants."""
    if not tokens.are_wanted:
        return ""
    scheme, _, text = request.headers.get("Authorization", "").partition(" ")
    token = tokens.holder(text.strip())
    if scheme.lower() != "bearer" or token is None:
        raise Unauthorized(
            "this needs the deployment's token: Authorization: Bearer …", www_authenticate=WWWAuthenticate("bearer")
        )
    if token.role is Role.READ and may_change(request.method, request.path):
        raise Forbidden(f"the token {token.name} may only read: take one whose role is change")
    return token.name
