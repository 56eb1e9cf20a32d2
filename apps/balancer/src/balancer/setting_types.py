"""The types of settings: how each is read from the text of an environment variable."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Any

from balancer.core import access_log
from balancer.core import value_kinds as kinds
from balancer.core.caller import HOST_NAME
from balancer.core.hostnames import RULE, canonical, is_hostname
from balancer.core.value_kinds import Kind


@dataclass(frozen=True, slots=True)
class Type:
    """`parse` raises ValueError or KeyError, or Unfit with a sentence of its own. `expects` completes "… must be". The
    text of a `secret` setting is never shown."""

    expects: str
    parse: Callable[[str], Any]
    secret: bool = False


def of_kind(kind: Kind, *, secret: bool = False) -> Type:
    return Type(kind.expects, lambda text: kind.check(kind.read(text)), secret)


def integer(low: int, high: int) -> Type:
    return of_kind(kinds.integer(low, high))


def seconds(low: float, high: float) -> Type:
    return of_kind(kinds.seconds(low, high))


def matching(pattern: str, expects: str) -> Type:
    return of_kind(kinds.text(pattern, expects))


def choice(*choices: str) -> Type:
    return Type("one of " + ", ".join(choices), lambda text: text if text in choices else _refuse())


def _access_log(text: str) -> str:
    access_log.part(text)
    return text


def _hostnames(text: str) -> tuple[str, ...]:
    hostnames = tuple(kinds.words(text))
    unique = len({canonical(name) for name in hostnames}) == len(hostnames)
    return hostnames if unique and all(map(is_hostname, hostnames)) else _refuse()


def _hosts(text: str) -> tuple[str, ...]:
    hosts = tuple(kinds.words(text.lower()))
    return hosts if all(map(HOST_NAME.fullmatch, hosts)) else _refuse()


def _networks(text: str) -> tuple[str, ...]:
    return tuple(str(ip_network(word)) for word in kinds.words(text))


def _constraints(text: str) -> tuple[str, ...]:
    constraints = tuple(kinds.words(text))
    return constraints if all(map(_CONSTRAINT.fullmatch, constraints)) else _refuse()


def _object(text: str) -> dict[str, Any]:
    document = json.loads(text)
    return document if isinstance(document, dict) else _refuse()


def _refuse() -> Any:
    raise ValueError


_CONSTRAINT = re.compile(
    r"(node\.(id|hostname|role|ip|platform\.(os|arch)|labels\.[\w.-]+)|engine\.labels\.[\w.-]+) ?[=!]= ?[\w./:-]+",
    re.ASCII,
)

ACCESS_LOG = Type(access_log.EXPECTS, _access_log)
CONSTRAINTS = Type("Swarm's constraints, such as node.role==worker, with commas between them", _constraints)
FLAG = of_kind(kinds.FLAG)
SECRET = of_kind(
    kinds.text(r"([!-~]{16,256})?", "16 to 256 printable ASCII characters without blanks, or empty"), secret=True
)
OBJECT = Type("a JSON object", _object)
HOSTNAMES = Type(f"different hostnames with commas between them: {RULE}", _hostnames)
NETWORKS = Type("IP addresses and networks such as 10.0.0.0/8 with commas between them", _networks)
HOSTS = Type("hosts' names such as ring.example with commas between them, without ports; IDNs as xn--…", _hosts)
PLUGINS = Type("module:NAME with commas between them", kinds.words)
