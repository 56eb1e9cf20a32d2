"""The golden tables: golden/NAME.txt holds what each strategy makes of some histories of members.

They are what running deployments route by, so they change only with a written reason in docs/decisions. Then COMMAND
writes them again.
"""

from __future__ import annotations

from pathlib import Path

from balancer.core.slot_table import Member, SlotTable
from balancer.core.strategies import STRATEGIES, Course, Maglev, Ring, Strategy, Table

COMMAND = "PYTHONPATH=apps/balancer/src python -m tests.unit.balancer.core.strategies.golden_tables"
FOLDER = Path(__file__).parent / "golden"

HISTORIES = (
    "1",
    "1 2 3",
    "1 2 3 4 5 6",
    "1 2 3 4 5 6 7 8 9 10",
    "17 905 90210",
    "1 → 1 2 → 1 2 3",
    "1 → 1 2 → 1 2 3 → 1 2 3 4 → 1 2 3 4 5 → 1 2 3 4 5 6",
    "1 2 3 → 1 3 → 1 3 4",
)
WEIGHTED = ("1 2x2 3x4", "1 2 3 → 1 2x5 3", "1 2 3 → 1 2x0 3")
PLACINGS: dict[str, tuple[Strategy, ...]] = {
    "table": (Table(), Table(slots=4096)),
    "course": (Course(), Course(probing="triangular"), Course(slots=1024, virtual_servers=16)),
    "ring": (
        Ring(),
        Ring(slots=4096),
        *(Ring(points="slots", point_hash=name) for name in ("xxh64", "md5", "sha1", "sha256")),
    ),
    "maglev": (Maglev(slots=512), Maglev()),
}
SMALL: dict[str, Strategy] = {
    "table": Table(slots=32),
    "course": Course(slots=32, virtual_servers=3),
    "ring": Ring(slots=32, virtual_servers=4),
    "maglev": Maglev(slots=32),
}


def golden(name: str) -> str:
    """The file of a strategy: the digest of the table after every history, and one small table slot by slot."""
    lines = [
        f"# What the strategy {name} makes of these members, as ids or as id x weight; → goes to the next members.",
        "# It changes only with a written reason in docs/decisions. Written by:",
        f"# {COMMAND}",
    ]
    for placing in PLACINGS[name]:
        histories = (*HISTORIES, *WEIGHTED) if placing.weighted else HISTORIES
        lines += ["", repr(placing)]
        lines += [f"{after(placing, history).digest()}  {history}" for history in histories]
    small = SMALL[name]
    table = after(small, "1 2 3 → 1 3 4").owners
    lines += ["", f"{small}, slot by slot after 1 2 3 → 1 3 4", " ".join(map(str, table))]
    return "\n".join(lines) + "\n"


def after(placing: Strategy, history: str) -> SlotTable:
    """The table when the members have been those of each step of the history, one after the other."""
    table = SlotTable.empty(placing.slots)
    for step in history.split(" → "):
        table = placing.place([_member(text) for text in step.split()], table)
    return table


def _member(text: str) -> Member:
    ring_id, _, weight = text.partition("x")
    return Member(int(ring_id), int(weight or 1))


if __name__ == "__main__":
    for strategy in STRATEGIES:
        (FOLDER / f"{strategy}.txt").write_text(golden(strategy))
