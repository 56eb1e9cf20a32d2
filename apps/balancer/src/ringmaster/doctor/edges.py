"""Findings about the edges of several hosts: the document of the API in, findings out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ringmaster.doctor.finding import Finding, well, wrong

_WHY = "docker node ls and docker service ps ringmaster-edge, on a manager; all other edges go on"


def edges(answer: Mapping[str, Any]) -> Iterator[Finding]:
    """Whether every edge is heard of, serves and obeys. On one host there is nothing to find."""
    found = answer["edges"]
    bad = {edge["node"]: what for edge in found if (what := _wrong(edge))}
    for node, what in bad.items():
        yield wrong("edges", f"the one on {node} {what}", _WHY)
    if found and not bad:
        yield well("edges", f"all {len(found)} are heard of and obey")


def _wrong(edge: Mapping[str, Any]) -> str:
    if not edge["leased"]:
        return f"is lost: nothing was heard of it for {edge['silent_for']:.0f} s"
    if edge["problem"]:
        return f"has a problem: {edge['problem']}"
    if not edge["serving"]:
        return "does not serve"
    return "" if edge["in_step"] else "does not obey the present ring"
