"""The golden histories: golden_histories.txt holds the digests of tables that random fleets of random weights had.

They were recorded with the plain forms of the strategies (Ringmaster before decision 37) and change only with a written
reason in docs/decisions. Then COMMAND writes them again.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from pathlib import Path

from balancer.core.slot_table import Member, SlotTable
from balancer.core.strategies import Course, Maglev, Ring, Strategy, Table

COMMAND = "PYTHONPATH=apps/balancer/src python -m tests.unit.balancer.core.strategies.golden_histories"
FILE = Path(__file__).parent / "golden_histories.txt"

PLACINGS: tuple[Strategy, ...] = (
    *(Table(slots=slots) for slots in (2, 8, 64, 512, 4096)),
    *(Course(slots=slots, probing=probing) for slots in (64, 4096) for probing in ("linear", "triangular")),
    *(Ring(slots=slots, virtual_servers=number) for slots, number in ((2, 3), (64, 1), (512, 0), (4096, 20))),
    *(
        Ring(slots=slots, points="slots", point_hash=name)
        for slots, name in ((64, "xxh64"), (512, "md5"), (4096, "sha1"))
    ),
    *(Maglev(slots=slots) for slots in (2, 64, 512, 4096)),
)
LARGE: tuple[Strategy, ...] = (Table(slots=65_536), Course(slots=65_536), Ring(slots=65_536), Maglev())
WEIGHTS: dict[str, tuple[int, ...]] = {
    "equal": (16,),
    "one in ten heavy": (16,) * 9 + (16 * 256,),
    "starting": tuple(range(1, 17)),
    "any": tuple(16 * weight for weight in (0, 1, 2, 3, 5, 7, 17, 31, 100, 200, 255, 256)),
}
HISTORIES = 2
"""Of each strategy and kind of weights; one of a large strategy, of any weights."""


def golden() -> str:
    lines = [
        "# The digests of the tables that random fleets had, one after the other.",
        "# They change only with a written reason in docs/decisions. Written by:",
        f"# {COMMAND}",
    ]
    return "\n".join([*lines, *recorded(PLACINGS, HISTORIES, 40, WEIGHTS), *recorded(LARGE, 1, 1000, ("any",))]) + "\n"


def recorded(placings: Iterable[Strategy], histories: int, servers: int, kinds: Iterable[str]) -> Iterator[str]:
    for placing in placings:
        at_most = min(servers, placing.capacity)
        yield f"\n{placing!r}, up to {at_most} servers"
        for kind in kinds if placing.weighted else ("equal",):
            for number in range(histories):
                yield f"{' '.join(digests(placing, kind, number, at_most=at_most))}  {kind}, history {number}"


def digests(placing: Strategy, kind: str, number: int, *, at_most: int) -> Iterator[str]:
    """A fleet comes, one of its servers goes, one comes, one gets another weight, and a third of them goes."""
    chance = random.Random(f"{placing!r} {kind} {number}")  # noqa: S311 (it repeats itself)
    choices = WEIGHTS[kind] if placing.weighted else (1,)

    def below(limit: int) -> int:
        """The only way of drawing that Python promises never to change."""
        return int(chance.random() * limit)

    def weight() -> int:
        return choices[below(len(choices))]

    ring_ids = iter(range(1 + below(10_000), 1 << 20))
    fleet = [Member(next(ring_ids), weight()) for _ in range(max(1, at_most - below(1 + at_most // 3)))]
    table = placing.place(fleet, SlotTable.empty(placing.slots))
    yield table.digest()
    gone = fleet.pop(below(len(fleet)))
    for change in ("goes", "comes", "weight", "third"):
        if change == "comes":
            fleet.append(Member(next(ring_ids), gone.weight or choices[-1]))
        elif change == "weight":
            fleet[below(len(fleet))] = Member(next(ring_ids), weight())
        elif change == "third":
            fleet = [member for member in fleet if below(3)]
        table = placing.place(fleet, table)
        yield table.digest()


if __name__ == "__main__":
    FILE.write_text(golden())
