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

    def check(self, request: Request, *, no_page: bool = False, may_be_linked: bool = False) -> None:
        """Raises Forbidden (403). `no_page`: see `refusal`. `may_be_linked`: who follows a link of another page to this
        address is not refused for that."""
        is_followed = may_be_linked and _follows_a_link(request)
        caller = Caller(
            client=client_of(request),
            host=request.environ.get("HTTP_HOST"),
            origin=request.environ.get("HTTP_ORIGIN"),
            fetch_site=None if is_followed else request.environ.get("HTTP_SEC_FETCH_SITE"),
        )
        if reason := refusal(caller, self._attached(), self._hosts, no_page=no_page):
            raise Forbidden(reason)


def _follows_a_link(request: Request) -> bool:
    """Whether the browser shows the answer as a page of its own. No other page can see it then, nor frame it."""
    headers = request.headers
    goes = (headers.get("Sec-Fetch-Mode"), headers.get("Sec-Fetch-Dest")) == ("navigate", "document")
    return goes and request.method in ("GET", "HEAD")


def client_of(request: Request) -> str:
    """The client's IP address, empty where it is unknown."""
    client: str = request.environ.get(CLIENT, request.remote_addr or "")
    return client
