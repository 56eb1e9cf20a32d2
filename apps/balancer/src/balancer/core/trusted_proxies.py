"""Trusted proxies: whose word counts about where a request came from."""

from __future__ import annotations

import re
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

HOPS = 8
"""The most trusted proxies on a request's way that are recognised."""
_LAST_PORT = 65535


class TrustedProxies:
    """`networks`: addresses and networks as text."""

    def __init__(self, networks: Iterable[str] = ()) -> None:
        self._networks = tuple(map(ip_network, networks))

    def trust(self, address: str) -> bool:
        """Whether this is the address of a trusted proxy. False for what is no address."""
        parsed = _parse(address)
        if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped:
            parsed = parsed.ipv4_mapped
        return parsed is not None and any(parsed in network for network in self._networks)

    def client(self, peer: str, forwarded_for: str) -> str:
        """The client's address: the first one from the right of X-Forwarded-For that is no trusted proxy's. What is no
        address ends the search, because whoever wrote it did not know the client."""
        client = peer
        for hop in [part.strip() for part in reversed(forwarded_for.split(","))][:HOPS]:
            parsed = _parse(hop)
            if parsed is None or not self.trust(client):
                break
            client = _text(parsed)
        return client


def _parse(text: str) -> IPv4Address | IPv6Address | None:
    """The address in a text, as HAProxy's hdr_ip finds it: an IPv4 address may have a port, and an IPv6 address may be
    in brackets. None for anything else."""
    with_port = re.fullmatch(r"([0-9.]+):([0-9]+)", text)
    in_brackets = re.fullmatch(r"\[([^\]]*:[^\]]*)\]", text)
    if with_port and int(with_port[2]) > _LAST_PORT:
        return None
    address = with_port[1] if with_port else in_brackets[1] if in_brackets else text
    try:
        return None if "%" in address else ip_address(address)
    except ValueError:
        return None


def _text(address: IPv4Address | IPv6Address) -> str:
    """As HAProxy writes it."""
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return f"::ffff:{mapped}" if mapped else str(address)
