"""What strangers' applications are made of and judged by: another port, another heartbeat, and why one is not ready."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.deployment import Deployment
from tests.e2e.under_load import load
from tests.own_image import stranger_image
from tests.polling import until

pytestmark = [pytest.mark.docker, pytest.mark.terraform]

TAG = f"ringmaster-test-release-{secrets.token_hex(3)}"


@pytest.fixture(scope="module")
def system() -> Iterator[Deployment]:
    with (
        stranger_image(TAG) as image,
        Deployment(
            replicas=2,
            server_image=image,
            server_port=8080,
            heartbeat_path="/healthz",
            heartbeat={"start_grace": 6},
            stop_timeout=1,
        ) as system,
    ):
        yield system


MOVED = {
    "server_port": 9090,
    "heartbeat_path": "/up",
    "server_environment": {"PORT": "9090", "HEALTH": "/up"},
    "server_read_only": False,
    "server_capabilities": ["NET_BIND_SERVICE"],
}


@pytest.fixture(scope="module")
def moved(system: Deployment) -> Deployment:
    """On another port, as the first test leaves it, which need not run before."""
    system.apply(**MOVED)
    end(system)
    return system


def end(system: Deployment) -> tuple[str, str]:
    """Stage and reason of the deploy, when it has ended."""
    until(lambda: system.stage in ("done", "rolled back", "stuck"), "the deploy has ended", within=90)
    deploy = system.operate("GET", "/deploy").document["deploy"]
    return deploy["stage"], deploy["reason"]


def deploy(system: Deployment, **fields: Any) -> tuple[str, str]:
    answer = system.deploy(fields)
    assert answer.status == 202, answer
    return end(system)


def numbers(system: Deployment) -> list[int]:
    """The releases of the servers."""
    return [server["release"] for server in system.operate("GET", "/deploy").document["servers"]]


def killed(system: Deployment) -> list[dict[str, Any]]:
    events = system.operate("GET", "/events?limit=1000").document["events"]
    return [event for event in events if event["kind"] in ("failed", "fenced", "suspected")]


def test_another_port_heartbeat_root_and_capabilities_are_a_roll_like_any_other(system: Deployment) -> None:
    """Each container is judged by what it was made of: nobody is killed, and no request is lost."""
    before = system.standing
    with load(system) as traffic:
        system.apply(**MOVED)
        assert end(system) == ("done", "")
    assert traffic.failed == 0, str(traffic)
    assert killed(system) == []
    after = system.standing
    assert (after.replicas, after.ring, after.target) == (before.replicas, before.ring, before.target)
    assert not set(after.runs.values()) & set(before.runs.values())
    for server in system.containers.servers.values():
        server.reload()
        host = server.attrs["HostConfig"]
        assert host["ReadonlyRootfs"] is False
        assert [name.removeprefix("CAP_") for name in host["CapAdd"]] == ["NET_BIND_SERVICE"]
        assert server.labels["ringmaster.port"] == "9090"
    assert not system.plan()


@pytest.mark.long
def test_an_application_that_answers_only_its_own_host_is_asked_by_it(moved: Deployment) -> None:
    mine = {"PORT": "9090", "HEALTH": "/up", "HOST": "shop.example"}
    stage, reason = deploy(moved, environment=mine)
    assert (stage, "last seen: answered 400" in reason) == ("rolled back", True), reason
    assert deploy(moved, environment=mine, heartbeat_host="shop.example") == ("done", "")
    answer = moved.get("/", headers={"Host": "shop.example"})
    assert (answer.status, answer.text) in [(200, name) for name in moved.replicas]
    assert deploy(moved, environment={"PORT": "9090", "HEALTH": "/up"}, heartbeat_host="") == ("done", "")


@pytest.mark.long
def test_an_application_is_well_by_the_statuses_that_it_is_asked_for(moved: Deployment) -> None:
    picky = {"PORT": "9090", "HEALTH": "/up", "HEALTH_STATUS": "204"}
    stage, reason = deploy(moved, environment=picky)
    assert (stage, "with 200 within 6 s; last seen: answered 204" in reason) == ("rolled back", True), reason
    assert deploy(moved, environment=picky, heartbeat_status="200-299") == ("done", "")
    time.sleep(2)
    assert killed(moved) == []
    assert deploy(moved, environment={"PORT": "9090", "HEALTH": "/up"}, heartbeat_status="200") == ("done", "")


# Each takes its whole start_grace. What else may be seen is in tests/contract/test_probe.py.
NOT_READY = [
    ({"HEALTH_STATUS": "301", "HEALTH_LOCATION": "/login"}, r"301 to /login"),
    ({"BIND": "127.0.0.1"}, r"connection refused"),
]


@pytest.mark.parametrize(("environment", "seen"), NOT_READY, ids=[seen for _, seen in NOT_READY])
def test_of_a_server_that_is_not_ready_the_last_that_was_seen_is_told(
    moved: Deployment, environment: dict[str, str], seen: str
) -> None:
    before = moved.standing
    stage, reason = deploy(moved, environment={"PORT": "9090", "HEALTH": "/up", **environment})
    assert stage == "rolled back"
    url = r"http://\d+\.\d+\.\d+\.\d+:9090/up"
    assert re.fullmatch(rf"\S+ did not answer {url} with 200 within 6 s; last seen: {seen}", reason), reason
    assert moved.standing == before


def test_what_a_server_printed_is_quoted_by_the_log_only(moved: Deployment) -> None:
    began = time.time()
    secret = secrets.token_hex(8)
    program = "import os; it = os.environ['PASSWORD']; print('it is', it, it[::-1], flush=True); raise SystemExit(3)"
    stage, reason = deploy(moved, environment={"PASSWORD": secret}, command=["python3", "-c", program])
    assert (stage, "ended before it was ready" in reason) == ("rolled back", True), reason
    told = [moved.operate("GET", path).text for path in ("/deploy", "/events?limit=1000", "/readyz", "/healthz")]
    assert secret not in "".join(told)
    until(lambda: secret[::-1] in moved.containers.logs("balancer", since=began), "the log quotes it", within=5)
    log = moved.containers.logs("balancer", since=began)
    assert secret not in log  # the balancer knows this value, and leaves it out


@pytest.mark.long
def test_after_deploys_that_failed_nothing_is_rolled_without_need(moved: Deployment) -> None:
    """What went back has the number of what it is made of again: the next way back leaves it alone."""
    present = numbers(moved)
    for mark in ("one", "two"):
        assert moved.deploy({"environment": {"PORT": "9090", "HEALTH": "/up", "VERSION": mark}}).status == 202
        until(lambda: numbers(moved) != present, "one server has the new release", within=30)
        assert moved.operate("DELETE", "/deploy").status == 202
        assert end(moved)[0] == "rolled back"
        assert numbers(moved) == present
    before = moved.standing
    stage, _ = deploy(moved, environment={"PORT": "9090", "HEALTH": "/up", "HEALTH_STATUS": "503"})
    assert stage == "rolled back"
    assert moved.standing == before
