"""The caller of control: where a request comes from, and why it is refused before anything else of it is looked at."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, ip_address
from typing import Literal

from balancer.core.document import printable

ByteOrder = Literal["little", "big"]

LOCALHOST = "localhost"
HOST_NAME = re.compile(r"(?!.*\.\.)[a-z0-9]([a-z0-9._-]{0,251}[a-z0-9])?")
"""A name that the setting control_hosts may hold."""

_HOST = re.compile(r"(?P<name>\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:(?P<port>[0-9]{0,5}))?")
_ORIGIN = re.compile(r"(?P<scheme>https?)://(?P<host>.+)")
_PORTS = {"http": 80, "https": 443}
_LAST_PORT = 65535
_OUR_OWN_PAGE = frozenset({"same-origin", "none"})
"""What Sec-Fetch-Site says of a page's own origin, and of an address that a person typed."""

_IS_UP, _HAS_GATEWAY = 1, 2
"""Flags of a route in Linux."""

_STRANGER = "it is not known where this request comes from, and control answers nobody unknown"
_SERVER = (
    "this comes from the servers' network, and control answers nobody there: ask from the engine's host, or from a "
    "network that the balancer is not attached to"
)
_PAGE = "a web page of another origin asks for this: open this address itself, or ask with a program that is no browser"
_SERVERS_PAGE = (
    "a web page asks for this, and the pages of the public port are the servers': use the control port, or a program "
    "that is no browser"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """`client`: an IP address. The others are headers of the request, None where it has none."""

    client: str
    host: str | None = None
    origin: str | None = None
    fetch_site: str | None = None


@dataclass(frozen=True, slots=True)
class Attachments:
    """The networks that a container is attached to, and the gateways of its routes. The engine's host, and who comes
    from it through a published port, has a gateway's address."""

    networks: tuple[IPv4Network, ...] = ()
    gateways: frozenset[IPv4Address] = frozenset()

    def has(self, address: IPv4Address | IPv6Address) -> bool:
        """Whether this is the address of another container in one of the networks."""
        is_host = address in self.gateways or address.is_loopback
        return not is_host and any(address in network for network in self.networks)


def attachments(routes: str, byte_order: ByteOrder) -> Attachments:
    """The attachments by the text of /proc/net/route. `byte_order`: the processor's, as addresses have it there."""
    networks, gateways = [], set()
    for line in routes.splitlines()[1:]:
        fields = line.split()
        target, gateway, mask = (_address(fields[column], byte_order) for column in (1, 2, 7))
        flags = int(fields[3], 16)
        if flags & _HAS_GATEWAY:
            gateways.add(gateway)
        elif flags & _IS_UP:
            networks.append(IPv4Network(f"{target}/{mask}", strict=False))
    return Attachments(tuple(networks), frozenset(gateways))


def refusal(caller: Caller, attached: Attachments, names: Collection[str], *, no_page: bool = False) -> str:
    """Why the caller is refused, as a sentence that says what to do; empty where it is not. `names`: the hosts' names
    that are ours beside localhost, in lower case. `no_page`: not even a page of this very origin may ask."""
    return next(_refusals(caller, attached, names, no_page=no_page), "")


def _refusals(caller: Caller, attached: Attachments, names: Collection[str], *, no_page: bool) -> Iterator[str]:
    client = _client(caller.client)
    if client is None:
        yield _STRANGER
    elif attached.has(client):
        yield _SERVER
    if caller.host and not _is_ours(caller.host, names):
        yield (
            f"the Host {printable(caller.host)} is none of this deployment's: ask by IP address or as localhost, or "
            "name it in control_hosts"
        )
    if caller.origin is not None and not _is_own_origin(caller.origin, caller.host or ""):
        yield _PAGE
    if caller.fetch_site is not None and caller.fetch_site not in _OUR_OWN_PAGE:
        yield _PAGE
    if no_page and (caller.origin is not None or caller.fetch_site is not None):
        yield _SERVERS_PAGE


def _client(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return (isinstance(address, IPv6Address) and address.ipv4_mapped) or address


def _is_ours(host: str, names: Collection[str]) -> bool:
    """A name that leads a browser to us may be an attacker's (DNS rebinding); an address leads nowhere else."""
    name, _ = _parts(host)
    return name == LOCALHOST or name in names or _is_address(name)


def _is_address(name: str) -> bool:
    in_brackets = name.startswith("[")
    try:
        return isinstance(ip_address(name.strip("[]")), IPv6Address) == in_brackets
    except ValueError:
        return False


def _is_own_origin(origin: str, host: str) -> bool:
    """Whether a page of this origin was loaded from the very host and port that it asks now."""
    found = _ORIGIN.fullmatch(origin.lower())
    if not found:
        return False
    usual = _PORTS[found["scheme"]]
    (theirs, their_port), (ours, our_port) = _parts(found["host"]), _parts(host)
    return bool(theirs) and (theirs, usual if their_port is None else their_port) == (
        ours,
        usual if our_port is None else our_port,
    )


def _parts(host: str) -> tuple[str, int | None]:
    """Name and port of a Host header, the name in lower case and without its last dot; the name is empty where the text
    is no host. The port is None where there is none."""
    found = _HOST.fullmatch(host.lower())
    if not found or int(found["port"] or 0) > _LAST_PORT:
        return "", None
    return found["name"].removesuffix("."), int(found["port"]) if found["port"] else None


def _address(digits: str, byte_order: ByteOrder) -> IPv4Address:
    return IPv4Address(int(digits, 16).to_bytes(4, byte_order))
