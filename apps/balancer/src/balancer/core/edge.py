"""An edge as the balancer knows it, where there are several."""

from __future__ import annotations

import re
from dataclasses import dataclass

NODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,254}")
"""The name of a node, which is its hostname. It becomes a word of Swarm's constraints."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """The edge of the Swarm node `node`. `is_leased`: it was heard of lately, so that changes wait for it.
    `is_serving`: its HAProxy answers. `in_step`: it obeys the present routes. `silent_for`: seconds since it was last
    heard of. `problem`: what its agent says is wrong, empty for nothing."""

    node: str
    is_leased: bool
    is_serving: bool
    in_step: bool
    silent_for: float
    problem: str = ""
