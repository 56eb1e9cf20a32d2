"""The deployments of the end-to-end tests, and the figures they measure."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from tests.deployment import Deployment
from tests.polling import until
from tests.system import System

N = 3
NOWHERE = "nobody.invalid"
"""A registry that is not there."""
SMOKE_REQUESTS = {"haproxy": 10_000, "flask": 1_000}
"""The flask plane is slower by half, and one plane's ten thousand are enough."""

Measured = Callable[[str], None]

_MEASURED = "measured"

_usual: dict[str, dict[str, object]] = {}
"""Deployment → the profile of its settings, which does not change."""


@pytest.fixture(scope="session", params=["haproxy", "flask"])
def plane(request: pytest.FixtureRequest) -> str:
    """Both data planes. In one process pytest runs all tests of the first one first."""
    return str(request.param)


only_haproxy = pytest.mark.parametrize("plane", ["haproxy"], indirect=True)
only_flask = pytest.mark.parametrize("plane", ["flask"], indirect=True)


FLASK = (
    "test_answers.py",
    "test_bad_input.py",
    "test_changes_under_load.py",
    "test_fleet_changes.py",
    "test_forwarding.py",
    "test_server_failures.py::test_a_failed_server_is_replaced_and_no_request_fails",
    "test_smoke.py",
    "test_unfinished_requests.py",
    "test_who_may_call.py",
)
"""Tests that always run with both planes. The others are about what the balancer does whichever plane obeys it, or what
tests/contract asks of both planes, too: they go through the plane flask where there is time."""


def pytest_itemcollected(item: pytest.Item) -> None:
    if "[flask" in item.name and not f"{item.path.name}::{item.name}".startswith(FLASK):
        item.add_marker(pytest.mark.long)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The longest files come first, so that none is left for the end. With a seed the tests of each plane go in another
    order, but for files some of whose tests do not begin with a system as new: these tell a story."""
    items.sort(key=lambda item: item.path.name not in LONGEST)
    seed = config.getoption("randomly_seed", None)
    if seed is None:
        return
    chance = random.Random(seed)  # noqa: S311 (it must repeat itself)
    in_order = {item.path for item in items if "system" not in getattr(item, "fixturenames", ())}
    for plane in ("[haproxy", "[flask"):
        places = [at for at, item in enumerate(items) if item.path not in in_order and plane in item.name]
        shuffled = [items[at] for at in chance.sample(places, len(places))]
        for at, item in zip(places, shuffled, strict=True):
            items[at] = item


OWN = (
    "test_busy_servers.py",
    "test_full_disk.py",
    "test_spares.py",
    "test_strangers_clients.py",
    "test_tunnels.py",
    "test_who_may_call.py",
)
"""Files whose tests have deployments of their own in each plane, and do not look at the shared one."""


LONGEST = (
    "test_bench.py",
    "test_busy_servers.py",
    "test_many_servers.py",
    "test_private_registry.py",
    "test_strangers_images.py",
    "test_strangers_release.py",
)
"""Files of more than a minute with deployments of their own."""

USERS = (
    "test_command.py",
    "test_docs_page.py",
    "test_experiments.py",
    "test_leaks.py",
    "test_locust.py",
    "test_metrics.py",
    "test_page.py",
    "test_second_deployment.py",
    "test_tls.py",
)
"""About half of the time that tests of the shared deployment take: what users see and do, without faults."""


class ByDeployment(LoadScopeScheduling):
    """With several processes the tests that share a plane's deployment go in two parts, which may have one each. The
    rest goes file by file, and plane by plane."""

    def _split_scope(self, nodeid: str) -> str:
        path, _, test = nodeid.partition("::")
        file = Path(path).name
        plane = next((plane for plane in ("haproxy", "flask") if plane in test.partition("[")[2]), "")
        if not plane or file in OWN:
            return f"{path} {plane}"
        return f"{'users' if file in USERS else 'faults'} {plane}"


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByDeployment:
    return ByDeployment(config, log)


@pytest.fixture(scope="session")
def deployment(plane: str) -> Iterator[Deployment]:
    with Deployment(data_plane=plane, policy={"images": [f"{NOWHERE}/*"]}) as deployment:
        yield deployment


@pytest.fixture
def system(deployment: Deployment) -> Iterator[System]:
    """Ready and with N servers, whatever the test before it did to it. A test that leaves the ring otherwise than it is
    usually fails, and the ones after it have the usual ring all the same."""
    yield made_whole(deployment)
    deployment.wait_until_ready()
    left = with_the_usual_ring(deployment)
    assert not left, f"the test has left behind: {left}"


def made_whole(deployment: Deployment) -> Deployment:
    deployment.wait_until_ready()
    surplus = len(deployment.replicas) - N
    if surplus > 0:
        deployment.rm(surplus)
    elif surplus < 0:
        deployment.add(-surplus)
    deployment.wait_until_ready()
    until(lambda: deployment.only_its_fleet_runs, "what the test before it killed is removed", within=30)
    assert len(deployment.replicas) == N
    return deployment


def with_the_usual_ring(deployment: Deployment) -> list[str]:
    """What was unusual: another profile than that of the settings, other weights than 1."""
    document = until(lambda: known_ring(deployment), "the balancer tells its ring", within=30)
    heavy = {server["hostname"]: server["weight"] for server in document["servers"] if server["weight"] != 1}
    for hostname in heavy:
        assert deployment.weigh(hostname, 1).status == 200
    unusual = []
    if document["profile"] != _usual.get(deployment.deployment):
        usual = _usual[deployment.deployment] = deployment.put_ring({}).document["profile"]
        unusual = [] if document["profile"] == usual else [f"the profile {document['profile']}"]
    return unusual + [f"{hostname} of weight {weight}" for hostname, weight in heavy.items()]


def known_ring(deployment: Deployment) -> dict[str, Any]:
    """Empty where the balancer is held up, as it may be a moment after it was ready."""
    answer = deployment.ring()
    return dict(answer.document) if answer.status == 200 else {}


@pytest.fixture
def measured(record_property: Callable[[str, object], None], request: pytest.FixtureRequest) -> Measured:
    """Takes a line for the summary of figures at the end of the run."""
    return lambda text: record_property(_MEASURED, f"{request.node.name}: {text}")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reports = [report for stage in terminalreporter.stats.values() for report in stage]
    calls = [report for report in reports if getattr(report, "when", "") == "call"]
    lines = [line for report in calls for name, line in report.user_properties if name == _MEASURED]
    if lines:
        terminalreporter.section("measured")
        for line in lines:
            terminalreporter.write_line(line)
