"""docs/http.md against the code: its limits of control, and its links."""

from __future__ import annotations

import re
from pathlib import Path

from balancer.adapters.haproxy import config
from balancer.http import patience
from balancer.ports import answers

DOCS = Path(__file__).parents[3] / "docs"
PAGE = (DOCS / "http.md").read_text(encoding="utf-8")


def cells(first: str) -> list[str]:
    """The other cells of the row that begins so."""
    (row,) = [line for line in PAGE.splitlines() if line.startswith(f"| {first}")]
    return [cell.strip() for cell in row.strip("|").split("|")[1:]]


def numbers(text: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", text)]


def test_the_places_at_the_balancer_are_the_edges() -> None:
    rows = [cells(kind) for kind in ("questions: `GET`", "changes: everything", "bodies that fit into no")]
    public, control = ([numbers(row[side])[0] for row in rows] for side in (0, 1))
    assert public == list(config.PUBLIC_PLACES[:3])
    assert control == list(config.CONTROL_PLACES[:3])
    assert numbers(cells("`GET /events`")[1])[0] == config.CONTROL_PLACES.streams


def test_the_limits_of_control_are_the_codes() -> None:
    most = config._CONTROL_CONNECTIONS
    assert numbers(cells("clients of the control port at once")[0])[0] == most
    assert f"the control port ({most})" in PAGE
    assert numbers(cells("a body of `/add`")[0])[0] * 1024 == answers.CONTROL_BODY_LIMIT
    assert numbers(cells("how long such a body")[0])[0] == config._BODY_TIMEOUT == patience.BODY_TIME
    assert numbers(cells("how long a request waits for its turn")[0])[0] == config._TURN_TIMEOUT


def test_whatever_it_links_to_is_there() -> None:
    links = re.findall(r"\]\((?!http)([^)#]+)", PAGE)
    assert links
    assert [link for link in links if not (DOCS / link).exists()] == []
