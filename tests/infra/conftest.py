"""One system, deployed by `make up` as a user would, that the tests of the infrastructure look at.

Some of them change what all others see. They have their place at the end, in the order of LAST.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest
import testinfra
from docker.models.containers import Container
from testinfra.host import Host

from tests.infra.make import MadeSystem, Run
from tests.polling import until

LAST = ("changed_fleet", "guarded", "refused", "taken_down")
"""Fixtures that change the system for good, in this order: what the fixtures' own lines say."""

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


@pytest.fixture(scope="session")
def changed_fleet(made: tuple[MadeSystem, Run]) -> list[str]:
    """The fleet after `/add`, `/rm` and the engine's `kill` of its first server, which none of it is any more."""
    system, _ = made
    first, *rest = system.replicas
    assert system.add(2, ["guest-1", "guest-2"]).status == 200
    assert system.rm(1, ["guest-1"]).status == 200
    system.containers.server(first).kill()
    survivors = [*rest, "guest-2"]

    def healed() -> list[str]:
        replicas = system.replicas
        is_whole = system.is_ready and len(replicas) == len(survivors) + 1 and first not in replicas
        return replicas if is_whole else []

    replicas = until(healed, f"{first} is replaced", within=30)
    assert replicas[:-1] == survivors
    return replicas


@pytest.fixture(scope="session")
def refused(made: tuple[MadeSystem, Run]) -> Run:
    """A `make up` that asked the running system for what Terraform does not allow."""
    system, _ = made
    return system.up(REFUSED)
