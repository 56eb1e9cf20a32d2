"""One system, deployed by `make up` as a user would, that the tests of the infrastructure look at.

Some of them change what all others see. They have their place at the end, in the order of LAST.
"""

from __future__ import annotations

import secrets
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import testinfra
from docker.models.containers import Container
from testinfra.host import Host

from tests.containers import started
from tests.deployment import base_image
from tests.infra.make import MadeSystem, Run

LAST = ("guarded", "refused", "taken_down")
"""Fixtures that change the system for good, in this order: it gets a token, is refused a change, is taken away."""

REFUSED = 'VARS={"ringmaster_variables": {"replicas": 0}}'


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    def stage(item: pytest.Item) -> int:
        fixtures = getattr(item, "fixturenames", ())
        return max((place for place, name in enumerate(LAST, 1) if name in fixtures), default=0)

    items.sort(key=stage)


@pytest.fixture(scope="session")
def made() -> Iterator[tuple[MadeSystem, Run]]:
    """The system and the `make up` that it came from."""
    system = MadeSystem()
    try:
        run = system.up()
        assert run.code == 0, run.output
        yield system, run
    finally:
        if system.traces:
            down = system.down()
            sys.stderr.write(down.output if down.code else "")
        traces = system.traces
        system.containers.close()
        assert not traces, f"left behind by {system.deployment}: {traces}"


@pytest.fixture(scope="session")
def first_run(made: tuple[MadeSystem, Run]) -> Run:
    return made[1]


@pytest.fixture
def system(made: tuple[MadeSystem, Run]) -> MadeSystem:
    """Ready; until a test takes it down."""
    made[0].wait_until_ready()
    return made[0]


@pytest.fixture(scope="session")
def here() -> Host:
    """This machine."""
    return testinfra.get_host("local://")


@pytest.fixture(params=["edge", "balancer", "server"])
def containers(request: pytest.FixtureRequest, system: MadeSystem) -> list[Container]:
    """All containers of one role."""
    found = system.containers.of(request.param)
    assert found, f"no container of the role {request.param}"
    return found


def inside(container: Container) -> Host:
    """The machine that a container is for what runs in it, with the rights of what runs in it."""
    return testinfra.get_host(f"docker://{container.name}")


@pytest.fixture(scope="session")
def guarded(made: tuple[MadeSystem, Run]) -> Run:
    """The `make up` that gave the system a token."""
    system, _ = made
    system.token = secrets.token_hex(16)
    run = system.up()
    assert run.code == 0, run.output
    return run


@pytest.fixture(scope="session")
def refused(made: tuple[MadeSystem, Run]) -> Run:
    """A `make up` that asked the running system for what Terraform does not allow."""
    system, _ = made
    return system.up(REFUSED)


@dataclass(frozen=True, slots=True)
class TakenDown:
    """`bystander`: another deployment's container before, `beside`: the same after."""

    first: Run
    second: Run
    base_image: str
    bystander: tuple[object, object]
    beside: tuple[object, object]


@pytest.fixture(scope="session")
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
