"""The guard: it refuses callers of control who come from the servers' network, or by a web page of somebody else."""

from __future__ import annotations

from collections.abc import Callable, Collection

from flask import Request
from werkzeug.exceptions import Forbidden

from balancer.core.caller import Attachments, Caller, refusal

CLIENT = "ringmaster.client"
"""Key in the WSGI environment of the client's IP address. The edge tells it; nobody else can over its sockets."""


class Guard:
    """`attached` returns the networks that the balancer's container is attached to now. `hosts`: our names."""

    def __init__(self, *, attached: Callable[[], Attachments], hosts: Collection[str]) -> None:
        self._attached = attached
        self._hosts = frozenset(hosts)

    def check(self, request: Request, *, no_page: bool = False) -> None:
        """Raises Forbidden (403). `no_page`: see `refusal`."""
        caller = Caller(
            client=client_of(request),
            host=request.environ.get("HTTP_HOST"),
            origin=request.environ.get("HTTP_ORIGIN"),
            fetch_site=request.environ.get("HTTP_SEC_FETCH_SITE"),
        )
        if reason := refusal(caller, self._attached(), self._hosts, no_page=no_page):
            raise Forbidden(reason)


def client_of(request: Request) -> str:
    """The client's IP address, empty where it is unknown."""
    client: str = request.environ.get(CLIENT, request.remote_addr or "")
    return client
