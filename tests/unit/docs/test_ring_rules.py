"""Rules of a ring in infra/terraform (ring.json), by which a plan refuses one, against the balancer's own."""

from __future__ import annotations

import json
import runpy
from itertools import product
from typing import Any

import pytest

from balancer.core.catalogue import Catalogue
from balancer.core.errors import InvalidRequest
from balancer.core.strategies import STRATEGIES
from balancer.core.strategies.strategy import Strategy
from loadtests.ring.figures import PROJECT

TERRAFORM = PROJECT / "infra" / "terraform"
RULES: dict[str, Any] = json.loads((TERRAFORM / "modules" / "ringmaster" / "ring.json").read_text())


def strategy(name: str, **parameters: int | str) -> Strategy:
    return Catalogue().profile(document(name, **parameters)).strategy


def document(name: str, **parameters: int | str) -> dict[str, int | str]:
    return (
        {"strategy": "ring", "points": "slots", **parameters}
        if name == "ring of slots"
        else {"strategy": name, **parameters}
    )


def test_the_file_is_what_the_program_prints() -> None:
    assert runpy.run_path(str(TERRAFORM / "ring.py"))["rules"]() == RULES


def test_every_strategy_and_parameter_has_its_rules() -> None:
    assert RULES.keys() == {*STRATEGIES, "ring of slots"}
    for name, rules in RULES.items():
        ruled = {*rules["choices"], *(["virtual_servers"] if rules["virtual_servers"] else [])}
        assert ruled == set(strategy(name).parameters())


@pytest.mark.parametrize("name", RULES)
def test_the_balancer_takes_every_choice_and_no_other(name: str) -> None:
    for parameter, values in RULES[name]["choices"].items():
        for value in values:
            few = {"virtual_servers": 1} if RULES[name]["virtual_servers"] else {}
            strategy(name, **few, **{parameter: value})
        for wrong in (max(values) * 2, "another") if parameter == "slots" else ("another",):
            with pytest.raises(InvalidRequest):
                strategy(name, **{parameter: wrong})


@pytest.mark.parametrize("name", [name for name, rules in RULES.items() if rules["virtual_servers"]])
def test_a_server_has_at_most_as_many_virtual_servers_as_the_balancer_says(name: str) -> None:
    most = RULES[name]["virtual_servers"]["most"]
    strategy(name, slots=65_536, virtual_servers=most)
    with pytest.raises(InvalidRequest):
        strategy(name, slots=65_536, virtual_servers=most + 1)


@pytest.mark.parametrize("name", RULES)
def test_the_room_is_the_balancers(name: str) -> None:
    rules = RULES[name]
    for slots, virtual_servers in product(rules["choices"]["slots"], (1, 2, 7)):
        if virtual_servers > slots:
            continue
        few = {"virtual_servers": virtual_servers} if rules["virtual_servers"] else {}
        room = slots // (virtual_servers if rules["virtual_servers_sit_in_slots"] else 1)
        assert strategy(name, slots=slots, **few).capacity == room
