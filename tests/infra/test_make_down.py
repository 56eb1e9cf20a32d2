"""`make down`, after everything that the other tests did to the system, a refused change among it."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
from docker.models.containers import Container
from testinfra.host import Host

from tests.containers import started
from tests.deployment import base_image
from tests.infra.make import MadeSystem, Run

pytestmark = [pytest.mark.docker, pytest.mark.terraform, pytest.mark.ansible]


@dataclass(frozen=True, slots=True)
class TakenDown:
    """`bystander`: another deployment's container before, `beside`: the same after. `derived`, `kept`: so of one
    whose image was built from that of the servers."""

    first: Run
    second: Run
    base_image: str
    bystander: tuple[object, object]
    beside: tuple[object, object]
    derived: tuple[object, object]
    kept: tuple[object, object]


@contextmanager
def users_own(system: MadeSystem) -> Iterator[Container]:
    """A container of an image that a user built from the servers' one. Both inherit its label."""
    engine = system.containers.engine
    (server, *_) = system.containers.of("server")
    dockerfile = io.BytesIO(f'FROM {server.image.tags[0]}\nCMD ["sleep", "600"]\n'.encode())
    image, _ = engine.images.build(fileobj=dockerfile, tag=f"{system.prefix}shop:1.4", forcerm=True)
    assert image.labels == {"ringmaster.deployment": system.deployment}
    container = engine.containers.run(str(image.id), entrypoint=[], name=f"{system.prefix}shop", init=True, detach=True)
    try:
        yield container
        assert engine.images.get(f"{system.prefix}shop:1.4").id == image.id
    finally:
        container.remove(force=True)
        engine.images.remove(f"{system.prefix}shop:1.4", force=True)


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
        with users_own(system) as own:
            derived = started(own)
            first, second = system.down(), system.down()
            kept = started(own)
        yield TakenDown(first, second, base, before, started(bystander), derived, kept)
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


@pytest.mark.usefixtures("gone")
def test_what_a_user_built_from_our_image_runs_on_and_is_not_named(taken_down: TakenDown) -> None:
    assert taken_down.kept == taken_down.derived
    assert "docker image rm" not in taken_down.first.output
