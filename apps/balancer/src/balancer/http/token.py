"""The token: whoever may change the fleet sends `Authorization: Bearer …`. Only its SHA-256 is known here."""

from __future__ import annotations

import hmac
from hashlib import sha256

from flask import Request
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import Unauthorized


def check(request: Request, token_sha256: str) -> None:
    """Raises Unauthorized (401) unless no token is set or the request carries it."""
    if not token_sha256:
        return
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    given = sha256(token.strip().encode()).hexdigest()
    if scheme.lower() != "bearer" or not hmac.compare_digest(given, token_sha256):
        raise Unauthorized(
            "this needs the deployment's token: Authorization: Bearer …", www_authenticate=WWWAuthenticate("bearer")
        )
