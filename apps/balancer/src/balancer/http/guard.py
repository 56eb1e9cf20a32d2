"""The guard: it refuses callers of control who come from the servers' network, or by a web page of somebody else."""

from __future__ import annotations

from collections.abc import Callable, Collection
from ipaddress import ip_address

from flask import Request
from werkzeug.exceptions import Forbidden

from balancer.core.caller import Attachments, Caller, refusal

CLIENT = "ringmaster.client"
"""Key in the WSGI environment of the client's IP address, where not the peer's address is meant."""


class Guard:
    """`attached` returns the networks that the balancer's container is attached to now. `hosts`: our names."""

    def __init__(self, *, attached: Callable[[], Attachments], hosts: Collection[str]) -> None:
        self._attached = attached
        self._hosts = frozenset(hosts)

    def check(self, request: Request, *, own_check: str) -> None:
        """Raises Forbidden (403). `own_check`: the path of our own health check, the only request without a client: it
        comes over a unix socket, from one of our own containers."""
        client = client_of(request)
        if not client and (request.method, request.path) == ("GET", own_check):
            return
        caller = Caller(
            client=client,
            host=request.environ.get("HTTP_HOST"),
            origin=request.environ.get("HTTP_ORIGIN"),
            fetch_site=request.environ.get("HTTP_SEC_FETCH_SITE"),
        )
        if reason := refusal(caller, self._attached(), self._hosts):
            raise Forbidden(reason)


def is_from_inside(request: Request) -> bool:
    """Whether a request comes from one of our own containers: it has no client, or a loopback address."""
    client = client_of(request)
    return not client or ip_address(client).is_loopback


def client_of(request: Request) -> str:
    """The client's IP address. Empty for our own health checks."""
    client: str = request.environ.get(CLIENT, request.remote_addr or "")
    return client
