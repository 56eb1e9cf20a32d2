"""The token of the deployment, sent as `Authorization: Bearer …`. The balancer knows only its SHA-256."""

from __future__ import annotations

import hmac
from hashlib import sha256

from flask import Request
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import Unauthorized


def check(request: Request, token_sha256: str) -> None:
    """Raises Unauthorized (401) where a token is set and the request does not carry it."""
    if not token_sha256:
        return
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    given = sha256(token.strip().encode()).hexdigest()
    if scheme.lower() != "bearer" or not hmac.compare_digest(given, token_sha256):
        raise Unauthorized(
            "this needs the deployment's token: Authorization: Bearer …", www_authenticate=WWWAuthenticate("bearer")
        )
