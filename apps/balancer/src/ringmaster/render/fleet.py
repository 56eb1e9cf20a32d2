"""The fleet as one picture: whether all is well, every server with its share and load, the deploy, what ails."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from ringmaster.render import words
from ringmaster.render.deploys import summary
from ringmaster.render.fitting import Fitting

Document = Mapping[str, Any]

_SPARE = ("", "slots", "release", "weight", "in flight", "share", "err/s", "response", "measured", "req/s")


def status(health: Document, ring: Document, deployed: Document, load: Document | None) -> RenderableType:
    """The answers of /readyz, /ring, /deploy and /load. `load`: None where the balancer has no /load."""
    parts: list[RenderableType] = [headline(health, ring), Text(), servers(ring, load), Text(), *_notes(ring, deployed)]
    return Group(*parts, *ailments(health))


def headline(health: Document, ring: Document) -> Text:
    word = ("ready", words.GOOD) if health["ready"] else ("not ready", words.BAD)
    step = ("in step", words.GOOD) if ring["in_step"] else ("out of step", words.BAD)
    silent = f", {len(health['silent'])} silent" if health["silent"] else ""
    return words.line(
        word, f"  {health['N']} of {health['target']} servers{silent}, ring version {ring['version']}, ", step
    )


def servers(ring: Document, load: Document | None) -> Fitting:
    """The table of all servers, with their nodes where there are several hosts."""
    loads = {one["hostname"]: one for one in load["servers"]} if load else {}
    figures = ("measured", "req/s", "err/s", "in flight", "response") if load else ()
    has_nodes = any(server.get("node") for server in ring["servers"])
    node = ("node",) if has_nodes else ()
    columns = ("server", "state", *node, "release", "weight", "slots", "share", *figures, "")
    shown = Fitting(columns=columns, spare=_SPARE, left=("server", "state", "node", ""))
    for server in ring["servers"]:
        shown.add_row(
            words.plain(server["hostname"]),
            words.state(server["state"]),
            *((words.plain(server["node"] or "-"),) if has_nodes else ()),
            str(server["release"]),
            _weight(server),
            str(server["slots"]),
            words.percent(server["share"]),
            *(_load(loads.get(server["hostname"])) if load else ()),
            words.bar(server["share"]),
        )
    return shown


def ailments(health: Document) -> Iterator[Text]:
    """What does not work, each with what mends it where the balancer says so."""
    remedies = health.get("remedies", {})
    for part, reason in health["ailments"].items():
        yield words.line((f"{part}: ", words.BAD), reason)
        if part in remedies:
            yield words.line(("  → ", words.GOOD), remedies[part])


def replicas(answer: Document) -> Text:
    """The answer of /rep, /add and /rm."""
    message = answer["message"]
    return words.line((words.number(message["N"], "server"), "bold"), ": ", " ".join(message["replicas"]) or "none")


def weighed(server: Document) -> Text:
    """The answer of PATCH /servers/…"""
    return words.line(
        (server["hostname"], "bold"),
        f" has weight {server['weight']}: {words.number(server['slots'], 'slot')}, {words.percent(server['share'])}",
    )


def _weight(server: Document) -> str:
    warmth = server.get("warmth", 1)
    return str(server["weight"]) if warmth == 1 else f"{server['weight']} at {warmth:.0%}"


def _load(load: Document | None) -> tuple[str, ...]:
    if load is None:
        return ("-",) * 5
    return (
        words.percent(load["share"]),
        f"{load['requests_per_second']:.1f}",
        f"{load['errors_per_second']:.1f}",
        str(load["in_flight"]),
        words.duration(load["response_time"] or None),
    )


def _notes(ring: Document, deployed: Document) -> Iterator[Text]:
    yield words.line(("ring    ", "bold"), words.profile(ring["profile"]))
    if ring["requests_without_key"]:
        yield words.line(("keyless ", "bold"), f"{ring['requests_without_key']} requests came without the key")
    yield words.line(("deploy  ", "bold"), summary(deployed))
