"""How long a placement takes: a fresh table, and changes of one server, under every strategy; what else the core does.

Prints Markdown tables of milliseconds of processor time, the least of the rounds, and whether the targets are met. With
--clear also how many times as long the clear forms take, to which tests hold the strategies slot by slot.
"""

from __future__ import annotations

import argparse
import platform
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from time import process_time

PROJECT = Path(__file__).parents[2]
sys.path[:0] = [str(PROJECT), str(PROJECT / "apps" / "balancer" / "src")]

from balancer.core.fleet import Fleet  # noqa: E402 (the search path comes first)
from balancer.core.prediction import expectations  # noqa: E402
from balancer.core.preview import preview  # noqa: E402
from balancer.core.request_hash import slot_shares  # noqa: E402
from balancer.core.ring_profile import RingProfile  # noqa: E402
from balancer.core.routes import routes  # noqa: E402
from balancer.core.slot_table import Member, SlotTable  # noqa: E402
from balancer.core.strategies import Course, Maglev, Ring, Strategy, Table  # noqa: E402
from balancer.core.strategies import ring as ring_module  # noqa: E402
from balancer.core.strategies.strategy import table_of  # noqa: E402
from loadtests.ring.markdown import table  # noqa: E402
from loadtests.ring.speed import three_digits  # noqa: E402
from tests.unit.balancer.core.strategies.clear_forms import clear  # noqa: E402

PROMISED = {"fresh": 500.0, "change": 100.0}
"""Milliseconds at most, at M = 65536 and N = 1000, whatever the weights."""
PROMISED_AT = 65_536, 1000
HEAVIEST = 256


@dataclass(frozen=True, slots=True)
class Case:
    """The servers before, none for a fresh table, and after. `weighted`: whether their weights differ."""

    before: Sequence[Member]
    after: Sequence[Member]
    weighted: bool = False


def cases(servers: int) -> dict[str, Case]:
    even = [Member(ring_id) for ring_id in range(1, servers + 1)]
    heavy = [Member(1, HEAVIEST), *even[1:]]
    mixed = [Member(one.ring_id, 1 + one.ring_id * 7919 % HEAVIEST) for one in even]
    newcomer, middle = Member(servers + 1), servers // 2
    return {
        "fresh": Case([], even),
        "fresh, one of weight 256": Case([], heavy, weighted=True),
        "fresh, weights 1 to 256": Case([], mixed, weighted=True),
        "one joins": Case(even, [*even, newcomer]),
        "one leaves": Case(even, [*even[:middle], *even[middle + 1 :]]),
        "one is replaced": Case(even, [*even[:middle], *even[middle + 1 :], newcomer]),
        "a weight from 1 to 2": Case(even, [*even[:-1], Member(servers, 2)], weighted=True),
        "a weight from 1 to 256": Case(even, heavy, weighted=True),
        "the one of weight 256 leaves": Case(heavy, heavy[1:], weighted=True),
        "one joins, one has weight 256": Case(heavy, [*heavy, newcomer], weighted=True),
        "one joins weights 1 to 256": Case(mixed, [*mixed, Member(servers + 1, 100)], weighted=True),
    }


def strategies(slots: int) -> dict[str, Strategy]:
    return {
        "table": Table(slots=slots),
        "course": Course(slots=slots),
        "ring": Ring(slots=slots),
        "ring, 9 on slots": Ring(slots=slots, points="slots"),
        "maglev": Maglev(slots=slots),
    }


def measured(slots: int, servers: int, *, rounds: int, with_clear: bool) -> dict[str, dict[str, tuple[float, float]]]:
    """case → strategy → milliseconds, and the times as long that the clear form takes; 0 where it is not measured."""
    found: dict[str, dict[str, tuple[float, float]]] = {}
    for name, case in cases(servers).items():
        found[name] = {}
        for title, strategy in strategies(slots).items():
            if max(len(case.before), len(case.after)) > strategy.capacity or (case.weighted and not strategy.weighted):
                continue
            before = strategy.place(case.before, SlotTable.empty(slots))
            own = min(_placing(strategy, case, before) for _ in range(rounds))
            others = 0.0
            if with_clear and not isinstance(strategy, Course):
                others = milliseconds(
                    lambda placing=strategy, case=case, before=before: clear(placing, case.after, before)
                )
            found[name][title] = own, others / own
    return found


def _placing(strategy: Strategy, case: Case, before: SlotTable) -> float:
    """A fresh table is made as after a start: nothing is known of its servers."""
    if not case.before:
        ring_module._points_on_slots.cache_clear()
    return milliseconds(lambda: strategy.place(case.after, before))


def milliseconds(work: Callable[[], object]) -> float:
    began = process_time()
    work()
    return (process_time() - began) * 1000


def following(slots: int, servers: int, *, rounds: int) -> dict[str, dict[str, str]]:
    """What the core does at a change, beside the strategy's own work: of `table`, but it is alike for all."""
    profile = RingProfile(strategy=Table(slots=slots))
    fleet = Fleet.first([f"N{number}" for number in range(servers)], profile)
    fleet = fleet.grow({server.instance: f"10.0.0.1:{server.ring_id}" for server in fleet.servers})
    joining, address = fleet.begin_join(["newcomer"]), {"newcomer": "10.0.0.2:1"}
    larger = joining.grow(address)
    served, serving = routes(larger), {server.ring_id for server in larger.servers}
    wanted = {server.hostname: None for server in larger.servers}

    def anew(work: Callable[[], object]) -> Callable[[], object]:
        def made() -> object:
            table_of.cache_clear()
            return work()

        return made

    slot_shares(profile.request_hash, slots)
    parts: Mapping[str, Callable[[], object]] = {
        "the next fleet, its table included": anew(lambda: joining.grow(address)),
        "the routes of it": lambda: routes(larger),
        "their digest": lambda: served.digest,
        "the table's digest": larger.table.digest,
        "slots that moved": lambda: fleet.table.moved(larger.table),
        "expected shares": lambda: expectations(larger, larger.table.among(serving)),
        "a preview, its table included": anew(lambda: preview(fleet, profile, wanted)),
        "once a request hash: its shares of the slots": lambda: slot_shares.__wrapped__(profile.request_hash, slots),
    }
    return {name: {"ms": three_digits(min(milliseconds(work) for _ in range(rounds)))} for name, work in parts.items()}


def run(slots: Sequence[int], servers: Sequence[int], *, rounds: int, with_clear: bool) -> Iterator[str]:
    """The tables, then a line for each target."""
    for at in product(slots, servers):
        found = measured(*at, rounds=rounds, with_clear=with_clear)
        title = "M = {}, N = {}: ms".format(*at) + (" (so many times as long: the clear form)" if with_clear else "")
        yield table(
            title, {case: {name: _cell(*cell) for name, cell in of.items()} for case, of in found.items()}, first=""
        )
        if at == PROMISED_AT:
            yield table("M = {}, N = {}: what else the core does".format(*at), following(*at, rounds=rounds), first="")
            yield from _targets(found)


def _cell(own: float, times: float) -> str:
    return three_digits(own) + (f" ({three_digits(times)})" if times else "")


def _targets(found: Mapping[str, Mapping[str, tuple[float, float]]]) -> Iterator[str]:
    for kind, limit in PROMISED.items():
        taken = {
            (own, f"{name}: {case}")
            for case, of in found.items()
            for name, (own, _) in of.items()
            if case.startswith("fresh") == (kind == "fresh")
        }
        longest, what = max(taken)
        verdict = "met" if longest <= limit else "MISSED"
        yield f"- {kind}: {limit:.0f} ms at most; {longest:.0f} ms ({what}): {verdict}"


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when the targets are met or not measured, 1 when one is not met."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--slots", type=int, nargs="+", default=[512, 65_536], metavar="M")
    parser.add_argument("--servers", type=int, nargs="+", default=[10, 100, 1000], metavar="N")
    parser.add_argument("--rounds", type=int, default=5, help="the least time of so many counts (5)")
    parser.add_argument("--clear", action="store_true", help="time the clear forms, too: minutes")
    given = parser.parse_args(arguments)
    print(f"Python {platform.python_version()}, {platform.machine()}\n")
    missed = False
    for part in run(given.slots, given.servers, rounds=given.rounds, with_clear=given.clear):
        print(part, flush=True)
        missed = missed or part.endswith("MISSED")
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
