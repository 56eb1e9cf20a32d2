"""`make down`, after everything that the other tests did to the system, a refused change among it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from testinfra.host import Host

from tests.containers import started
from tests.deployment import base_image
from tests.infra.make import MadeSystem, Run

pytestmark = [pytest.mark.docker, pytest.mark.terraform, pytest.mark.ansible]


@dataclass(frozen=True, slots=True)
class TakenDown:
    """`bystander`: another deployment's container before, `beside`: the same after."""

    first: Run
    second: Run
    base_image: str
    bystander: tuple[object, object]
    beside: tuple[object, object]


@pytest.fixture(scope="module")
def taken_down(made: tuple[MadeSystem, Run]) -> Iterator[TakenDown]:
    """The system after two `make down`. Another deployment's container has a similar name and was on its network."""
    system, _ = made
    engine = system.containers.engine
    bystander = engine.containers.run(
        base_image(),
        ["sleep", "600"],
        name=f"{system.prefix}ringmaster-edge-2",
        labels={"ringmaster.deployment": f"{system.deployment}-2", "ringmaster.role": "server"},
        init=True,
        detach=True,
    )
    try:
        engine.networks.get(f"{system.prefix}ringmaster").connect(bystander)
        before = started(bystander)
        base = str(engine.images.get(base_image()).id)
        yield TakenDown(system.down(), system.down(), base, before, started(bystander))
    finally:
        bystander.remove(force=True)


@pytest.fixture
def gone(made: tuple[MadeSystem, Run], refused: Run, taken_down: TakenDown) -> MadeSystem:
    assert refused.code != 0
    assert taken_down.first.code == 0, taken_down.first.output
    return made[0]


def test_nothing_is_left(gone: MadeSystem) -> None:
    assert gone.traces == {}


def test_nobody_listens_any_more(gone: MadeSystem, here: Host) -> None:
    listening = here.socket.get_listening_sockets()
    assert not [address for address in listening if address.endswith((f":{gone.public}", f":{gone.control}"))]


@pytest.mark.usefixtures("gone")
def test_a_second_time_is_fine(taken_down: TakenDown) -> None:
    assert taken_down.second.code == 0, taken_down.second.output
    assert taken_down.second.recap["changed"] == 0


@pytest.mark.usefixtures("gone")
def test_the_engine_and_the_base_image_stay(taken_down: TakenDown, here: Host) -> None:
    assert here.check_output(f"docker image inspect --format '{{{{.Id}}}}' {base_image()}") == taken_down.base_image


@pytest.mark.usefixtures("gone")
def test_another_deployments_container_runs_on(taken_down: TakenDown) -> None:
    assert taken_down.beside == taken_down.bystander
