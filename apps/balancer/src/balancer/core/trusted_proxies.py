"""Trusted proxies: whose word counts about where a request came from."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_address, ip_network

HOPS = 8
"""The most trusted proxies on a request's way that are recognised."""


class TrustedProxies:
    """`networks`: addresses and networks as text."""

    def __init__(self, networks: Iterable[str] = ()) -> None:
        self._networks = tuple(map(ip_network, networks))

    def trust(self, address: str) -> bool:
        """Whether this is the address of a trusted proxy. False for what is no address."""
        try:
            parsed = ip_address(address)
        except ValueError:
            return False
        return any(parsed in network for network in self._networks)

    def client(self, peer: str, forwarded_for: str) -> str:
        """The client's address: the first one from the right of X-Forwarded-For that is no trusted proxy's. What is no
        address ends the search, because whoever wrote it did not know the client."""
        client = peer
        for hop in [part.strip() for part in reversed(forwarded_for.split(","))][:HOPS]:
            if not self.trust(client) or not _is_address(hop):
                break
            client = str(ip_address(hop))
        return client


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
