"""One system, deployed by `make up` as a user would, that the tests of the infrastructure look at.

Some of them change what all others see. They have their place at the end, in the order of LAST.
"""

from __future__ import annotations

import json
import secrets
import socket
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import testinfra
from docker.models.containers import Container
from testinfra.host import Host
from xdist.scheduler import LoadScopeScheduling

from tests.containers import started
from tests.deployment import base_image, free_ports
from tests.forward_proxy import ForwardProxy
from tests.infra.make import MadeSystem, Refusal, Run
from tests.polling import until

LAST = ("changed_fleet", "guarded", "rolled_back", "refused", "taken_down")
"""Fixtures that change the system for good, in the order in which they do."""
WITHOUT = (
    "test_bare_machine.py",
    "test_collection.py",
    "test_edge_certificates.py",
    "test_engine.py",
    "test_examples.py",
    "test_four_runs.py",
    "test_hosts_filter.py",
    "test_images.py",
    "test_inputs.py",
    "test_kept_network.py",
    "test_own_answers.py",
    "test_preflight.py",
    "test_proxies.py",
    "test_pull.py",
    "test_refresh.py",
    "test_second_host.py",
    "test_secrets.py",
    "test_servers_filter.py",
    "test_settings.py",
    "test_swarm_preflight.py",
    "test_swarm_refusals.py",
    "test_swarm_script.py",
    "test_terraform_provider.py",
    "test_umask.py",
    "test_verify_nodes.py",
    "test_verify_servers.py",
    "interrupted.py",
)
"""Files whose tests do not look at the deployed system."""

EVERY_SECOND = 'VARS={"ringmaster_prometheus_scrape_interval": "1s"}'
"""How often Prometheus asks, and looks at its rules."""
REFUSED = 'VARS={"ringmaster_variables": {"replicas": 0}}'
MISTYPED = 'VARS={"ringmaster_variables": {"replcas": 5}}'
MAGLEV = {"ring": {"strategy": "maglev"}}
SERVERS = {
    "server_environment": {"COLOUR": "green"},
    "server_pids": 300,
    "server_tmpfs": {"/tmp": "size=32m,mode=1777"},  # noqa: S108 (a path in the container)
    "server_labels": {"com.example.team": "shop"},
    "heartbeat": {"status": "200-299"},
}
BROKEN = 'VARS={"ringmaster_variables": {"ring": {"strategy": "maglev"}, "server_image": "%s"}}'


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    def stage(item: pytest.Item) -> int:
        fixtures = getattr(item, "fixturenames", ())
        return max((place for place, name in enumerate(LAST, 1) if name in fixtures), default=0)

    items.sort(key=stage)


class OneSystem(LoadScopeScheduling):
    """One process has all tests that may look at the deployed system; each of the others has whole files of the
    rest."""

    def _split_scope(self, nodeid: str) -> str:
        file = Path(nodeid.partition("::")[0]).name
        return file if file in WITHOUT else "the deployed system"


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> OneSystem:
    return OneSystem(config, log)


@pytest.fixture(scope="session")
def refusals(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Refusal]]:
    """What is wrong → the `make up` that has to say so."""
    taken, mistyped, engineless, locked, looked_at = (MadeSystem() for _ in range(5))
    certificates = tmp_path_factory.mktemp("tls")
    for name, mode in (("shop.crt", 0o644), ("shop.key", 0o600)):
        (certificates / name).touch(mode)
    ports = (taken.control, looked_at.public)
    with ExitStack() as held, ThreadPoolExecutor() as pool:
        for port in ports:
            held.enter_context(socket.create_server(("127.0.0.1", port)))
        yield {
            "taken": Refusal(taken, pool.submit(taken.up)),
            "mistyped": Refusal(mistyped, pool.submit(mistyped.up, MISTYPED)),
            "engineless": Refusal(engineless, pool.submit(engineless.up, DOCKER_HOST="unix:///nowhere/docker.sock")),
            "looked at": Refusal(looked_at, pool.submit(looked_at.doctor, MISTYPED)),
            "locked": Refusal(locked, pool.submit(locked.up, f"TLS={certificates}")),
        }
    taken.close()
    mistyped.close()
    engineless.close()
    locked.close()
    looked_at.close()


@pytest.fixture(scope="session")
def made(refusals: dict[str, Refusal]) -> Iterator[tuple[MadeSystem, Run]]:
    """The system and the `make up` that it came from. The refusals go on beside it, which saves their time."""
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
        system.close()
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
    host = testinfra.get_host("local://")
    for command, package in {"curl": "curl", "ss": "iproute2"}.items():
        assert host.exists(command), f"{command} is missing; run: apt-get install {package} (or what your system says)"
    return host


@pytest.fixture(params=["edge", "balancer", "keeper", "server"])
def containers(request: pytest.FixtureRequest, system: MadeSystem) -> list[Container]:
    """All containers of one role."""
    found = system.containers.of(request.param)
    assert found, f"no container of the role {request.param}"
    return found


@dataclass(frozen=True, slots=True)
class Observed:
    """`first` and `second`: two runs with the same words; `runs`: the container's run after each."""

    port: int
    first: Run
    second: Run
    runs: tuple[object, object]


@pytest.fixture(scope="session")
def observed(made: tuple[MadeSystem, Run]) -> Observed:
    """`make observe` beside the system. It stays until `make down`."""
    system, _ = made
    (port,) = free_ports(1)
    first = system.observe(port, EVERY_SECOND)
    assert first.code == 0, first.output
    (container,) = system.containers.of("prometheus")
    before = started(container)
    with ForwardProxy() as proxy:
        second = system.observe(port, EVERY_SECOND, **proxy.environment)
    assert proxy.asked == [], "a proxy is asked for what is on this machine"
    return Observed(port, first, second, (before, started(container)))


@pytest.fixture(scope="session")
def changed_fleet(made: tuple[MadeSystem, Run]) -> list[str]:
    """The fleet after `PUT /ring`, `/add`, `/rm` and the engine's `kill` of its first server, which none of it is any
    more."""
    system, _ = made
    assert system.put_ring({"strategy": "ring"}).status == 200
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
def reader() -> str:
    """A token that may read, known to the system by its hash in a file."""
    return secrets.token_hex(32)


@pytest.fixture(scope="session")
def guarded(made: tuple[MadeSystem, Run], reader: str, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The `make up` that gave the system tokens, another ring, and its servers another environment."""
    system, _ = made
    system.token = secrets.token_hex(16)
    file = tmp_path_factory.mktemp("tokens") / "people.json"
    file.write_text(json.dumps({"eve": {"sha256": sha256(reader.encode()).hexdigest(), "role": "read"}}))
    file.chmod(0o600)
    run = system.up(f"VARS={json.dumps({'ringmaster_variables': MAGLEV | SERVERS | {'tokens_file': str(file)}})}")
    assert run.code == 0, run.output
    return run


@pytest.fixture(scope="session")
def rolled_back(made: tuple[MadeSystem, Run], guarded: Run) -> Run:
    """The `make up` that gave the servers an image in which no server is. The system has a token by then."""
    assert guarded.code == 0
    return made[0].up(BROKEN % base_image())


@pytest.fixture(scope="session")
def refused(made: tuple[MadeSystem, Run]) -> Run:
    """A `make up` that asked the running system for what Terraform does not allow."""
    system, _ = made
    return system.up(REFUSED)
