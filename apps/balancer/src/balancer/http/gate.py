"""The gate of control: the guard, then the token, then the audit. Both applications have the same one."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Flask, g, request

from balancer.http import token
from balancer.http.audit import Audit
from balancer.http.guard import Guard
from balancer.service.tokens import Tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    guard: Guard
    tokens: Tokens
    audit: Audit

    def install(self, app: Flask) -> None:
        app.after_request(self.audit.close)

    def enter(self, *, needs_token: bool = True, no_page: bool = False, may_be_linked: bool = False) -> None:
        """Lets the present request in, or raises Unauthorized (401) or Forbidden (403). No body is read before.
        `no_page`: not even a page of this very origin may ask. `may_be_linked`: a page of anybody may link to it."""
        self.audit.begin()
        self.guard.check(request, no_page=no_page, may_be_linked=may_be_linked)
        if needs_token:
            g.token = token.check(request, self.tokens)
            g.who = g.token.name if g.token else ""
