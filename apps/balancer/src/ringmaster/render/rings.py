"""The ring in tables: as it is, and beside another one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from ringmaster.render import words
from ringmaster.render.fitting import Fitting
from ringmaster.render.fleet import servers

Document = Mapping[str, Any]


def ring(answer: Document) -> RenderableType:
    """The answer of GET /ring and PUT /ring."""
    step = ("in step", words.GOOD) if answer["in_step"] else ("out of step", words.BAD)
    head = words.line(f"version {answer['version']}, ", step, ": ", (words.profile(answer["profile"]), "bold"))
    keyless = answer["requests_without_key"]
    notes = [words.line(f"{keyless} requests came without the key")] if keyless else []
    return Group(head, Text(), servers(answer, None), *notes)


def preview(answer: Document) -> RenderableType:
    """The answer of /ring/preview: both rings, and what moves."""
    now, then = answer["now"], answer["then"]
    head = words.line(("now  ", "bold"), words.profile(now["profile"]))
    other = words.line(("then ", "bold"), words.profile(then["profile"]))
    return Group(head, other, Text(), _both(now, then, answer.get("traffic")), Text(), *_moves(answer))


def _both(now: Document, then: Document, traffic: Document | None) -> Fitting:
    figures = ("seen now", "seen then") if traffic else ()
    columns = ("server", "weight", "→ ", "slots", "→  ", "share", "→   ", *figures, "now", "then")
    spare = ("now", "then", "weight", "→ ", "slots", "→  ")
    shown = Fitting(columns=columns, spare=spare, left=("server", "now", "then"))
    sides = [{server["hostname"]: server for server in side["servers"]} for side in (now, then)]
    for hostname in dict.fromkeys([*sides[0], *sides[1]]):
        one, other = (side.get(hostname, {}) for side in sides)
        seen = [words.percent(traffic[side].get(hostname)) for side in ("now", "then")] if traffic else []
        cells = [str(server.get(what, "-")) for what in ("weight", "slots") for server in (one, other)]
        shares = [words.percent(server.get("share")) for server in (one, other)]
        bars = [words.bar(server.get("share", 0), 16) for server in (one, other)]
        shown.add_row(words.plain(hostname), *cells, *shares, *seen, *bars)
    return shown


def _moves(answer: Document) -> list[Text]:
    moved, traffic = answer["moved"], answer.get("traffic")
    slots = (
        f"{moved['slots']} of {moved['of']} slots" if moved["slots"] is not None else f"all slots, {moved['of']} then"
    )
    text = f"{words.percent(moved['share'])} of all keys, {slots}; no ring could do with less than "
    lines = [words.line(("moves ", "bold"), text, words.percent(moved["minimum"]))]
    if traffic:
        kind = "exactly" if traffic["is_exact"] else "about"
        seen = f"{kind} {words.percent(traffic['moved'])} of the {traffic['counted']} requests that were counted"
        lines.append(words.line(("traffic ", "bold"), f"moves {seen}"))
    return lines
