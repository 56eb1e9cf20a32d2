"""The files of an edge for one set of routes, as texts, and the servers that a running edge has to have.

The balancer makes them (config.py); whoever stands beside HAProxy makes it obey them (running_edge.py)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from balancer.adapters.haproxy import slot_map
from balancer.core.routes import Backend


@dataclass(frozen=True)
class EdgeFiles:
    """`digest`: of the routes. `fixed_digest`: of all that a running HAProxy cannot change. `configuration`: the text
    of haproxy.cfg. `slots`, `backends` and `bound` as the routes have them. `server_options`: protocol → HAProxy's
    words for a server that speaks it."""

    digest: str
    fixed_digest: str
    configuration: str
    slots: tuple[str, ...]
    backends: tuple[Backend, ...]
    bound: Fraction | None
    server_options: Mapping[str, str]

    @property
    def name(self) -> str:
        """A short name of exactly these files."""
        return f"{self.digest}-{self.fixed_digest}"

    @cached_property
    def serving(self) -> tuple[Backend, ...]:
        return serving(self.backends)

    @cached_property
    def slots_map(self) -> list[str]:
        """The lines of slots.map."""
        return slot_map.lines(self.digest, self.slots, self.serving, self.bound)


def serving(backends: Iterable[Backend]) -> tuple[Backend, ...]:
    """The backends that take new requests: all but the draining ones and those of weight 0."""
    return tuple(backend for backend in backends if backend.weight and not backend.draining)
