"""What users bring along to several hosts: their image from a private registry, through which ours come to the nodes,
too; named tokens, plug-ins, and an autoscaler's policy. One deployment, whose tests go in the order of this file."""

from __future__ import annotations

import json
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import ExitStack
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from balancer.core.slot_table import Member, SlotTable
from balancer.plugins import catalogue
from loadtests.load.load import load
from loadtests.load.sender import LoadPlan
from tests.containers import image_names
from tests.deployment import PROJECT
from tests.http_client import Answer, ask
from tests.own_image import stranger_image
from tests.playground import Playground
from tests.polling import until
from tests.registry import Registry, write_config
from tests.swarm import names
from tests.swarm.edges_load import KEYS
from tests.swarm.figures import FILE, Figures
from tests.swarm.picks import disagreements, picks
from tests.swarm.several_hosts import SeveralHosts

pytestmark = [pytest.mark.docker, pytest.mark.terraform, pytest.mark.ansible, pytest.mark.timeout(1200)]

BRIDGE = "10.77.0.1"
"""This machine, as the playground's nodes see it."""
ALICE, BOB, CAROL = "alices-very-long-token-1", "bobs-very-long-token-2", "carols-very-long-token-3"
MODULES = ["rendezvous:Rendezvous", "hashes:CRC32C"]
RING = {"strategy": "rendezvous", "request_hash": "crc32c", "key": "header:X-User"}
FEW, MANY = 3, 6
EACH = 6
"""Requests in flight at each server, which the autoscaler keeps to."""
CALM = 3
"""Requests in flight at each of three edges with which the autoscaler leaves N alone."""
SCALE = {"min": FEW, "max": MANY, "in_flight": EACH, "up_after": 1, "down_after": 5}


@pytest.fixture(scope="module")
def figures() -> Figures:
    return Figures(FILE.with_name("brought-along.jsonl"))


@pytest.fixture(scope="module")
def registry() -> Iterator[Registry]:
    """The bridge is there as soon as the playground's engines are; `make swarm-up` finds them."""
    with Playground(3), Registry(bridge=BRIDGE) as registry, stranger_image("ringmaster-test-shop:1") as image:
        registry.push(image, "shop:1")
        yield registry


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, registry: Registry) -> Path:
    """The files that users write: config.json as `docker login` does, tokens.json, and a folder of plug-ins."""
    folder = tmp_path_factory.mktemp("brought-along")
    write_config(folder, registry.config())
    write_tokens(folder, alice=(ALICE, "change"), bob=(BOB, "read"))
    (folder / "plugins").mkdir()
    for file in (PROJECT / "docs/examples").glob("*.py"):
        shutil.copyfile(file, folder / "plugins" / file.name)
    return folder


@pytest.fixture(scope="module")
def deployment(registry: Registry, folder: Path) -> Iterator[SeveralHosts]:
    variables = {
        "replicas": FEW,
        "server_image": f"{registry.bridge}/shop:1",
        "server_port": 8080,
        "heartbeat_path": "/healthz",
        "registry_config": str(folder / "config.json"),
        "tokens_file": str(folder / "tokens.json"),
        "plugins": {"directory": str(folder / "plugins"), "modules": MODULES},
        "ring": RING,
        "autoscale": SCALE,
    }
    with pytest.MonkeyPatch.context() as patch:
        # As if somebody had logged in at the registry on every node.
        patch.setenv("DOCKER_CONFIG", str(folder))
        with SeveralHosts(variables, ringmaster_registry=f"{registry.bridge}/ours") as deployment:
            yield deployment


@pytest.fixture
def hosts(deployment: SeveralHosts) -> SeveralHosts:
    deployment.wait_until_whole()
    return deployment


def write_tokens(folder: Path, **tokens: tuple[str, str]) -> None:
    """`tokens`: name → token and role."""
    entries = {
        name: {"sha256": sha256(token.encode()).hexdigest(), "role": role} for name, (token, role) in tokens.items()
    }
    (folder / "tokens.json").write_text(json.dumps(entries))


def test_every_node_has_the_images_from_the_registry(hosts: SeveralHosts, registry: Registry) -> None:
    for host in hosts.living:
        repositories = {name.split("@")[0] for name in image_names(host.containers.engine) if "@" in name}
        ours = {name for name in repositories if name.startswith(f"{registry.bridge}/ours/ringmaster-")}
        assert len(ours) == 2, (host.node, repositories)  # edge and balancer
    # The user's image is in its own repository and in ours: a server is made of either.
    servers = [server for host in hosts.living for server in host.containers.of("server")]
    assert len(servers) == FEW
    for server in servers:
        name = server.attrs["Config"]["Image"]
        assert re.fullmatch(rf"{registry.bridge}/(ours/)?shop@sha256:\w+", name), name
        assert name in server.image.attrs["RepoDigests"]


def test_a_plug_in_places_the_servers_alike_at_every_edge(
    hosts: SeveralHosts, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(folder / "plugins"))
    strategy = catalogue(MODULES, at_edge=True).profile(RING).strategy
    members = [Member(ring_id) for ring_id in range(1, FEW + 1)]
    table = strategy.place(members, SlotTable.empty(strategy.slots))
    servers = sorted(hosts.operator.replicas)
    assert hosts.owners == [servers[ring_id - 1] for ring_id in table.owners]
    found = picks(hosts.urls, KEYS[:1000], at_once=CALM)
    assert disagreements(found) == {}
    assert {server for of_node in found.values() for server in of_node.values()} == set(servers)


def test_named_tokens_reach_as_far_as_their_roles(hosts: SeveralHosts) -> None:
    assert asked(hosts, "node2", BOB, "GET", "/ring").status == 200
    assert asked(hosts, "node2", BOB, "POST", "/add", b'{"n": 1}').status == 403
    assert asked(hosts, "node3", CAROL, "GET", "/ring").status == 401
    weighed = asked(hosts, "node3", ALICE, "PATCH", f"/servers/{hosts.operator.replicas[0]}", b'{"weight": 1}')
    assert weighed.status == 200, weighed


def test_what_is_secret_stands_in_no_service_and_no_config(hosts: SeveralHosts, registry: Registry) -> None:
    api = hosts.manager.api
    told = json.dumps([api.services(), api.configs(), api.secrets(), api.tasks()])
    coded = json.loads(registry.config())["auths"][registry.bridge]["auth"]
    for secret in (registry.password, coded, sha256(ALICE.encode()).hexdigest()):
        assert secret not in told
    kept = {secret["Spec"]["Name"].rpartition("-")[0] for secret in api.secrets()}
    assert kept == {"ringmaster-edge", "ringmaster-balancer", "ringmaster-keeper"}
    assert {name for name in (config["Spec"]["Name"] for config in api.configs()) if "plugin" in name}


def test_n_follows_the_load_over_all_edges_up_and_down(hosts: SeveralHosts, figures: Figures) -> None:
    last = hosts.last_event
    with ExitStack() as stack:
        half = [stack.enter_context(slow(host.url)) for host in hosts.living]
        for traffic in half:
            traffic.wait_for(30)
        assert len(hosts.operator.replicas) == FEW
        with ExitStack() as other:
            more = [other.enter_context(slow(host.url)) for host in hosts.living]
            up = seconds_until(hosts, MANY)
            spread = hosts.places
        down = seconds_until(hosts, FEW)
    assert sum(traffic.failed for traffic in (*half, *more)) == 0, [str(traffic) for traffic in (*half, *more)]
    assert all(spread.values()), spread
    until(lambda: scaled(hosts, last)[-1]["facts"]["after"] == FEW, "the last change is told", within=30)
    steps = [(step["facts"]["before"], step["facts"]["after"]) for step in scaled(hosts, last)]
    assert (steps[0][0], max(after for _, after in steps), steps[-1][1]) == (FEW, MANY, FEW), steps
    figures.add(
        f"the autoscaler, {FEW} to {MANY} servers and back",
        requests=sum(len(traffic.requests) for traffic in (*half, *more)),
        failed_after_detection=0,
        notes=f"up in {up:.1f} s, down in {down:.1f} s, which wait for {SCALE['down_after']} s of less load",
    )


def test_other_tokens_are_another_secret_and_the_old_ones_are_gone(hosts: SeveralHosts, folder: Path) -> None:
    write_tokens(folder, carol=(CAROL, "read"))
    hosts.deploy()
    hosts.wait_until_whole()
    assert asked(hosts, "node2", CAROL, "GET", "/ring").status == 200
    assert asked(hosts, "node2", ALICE, "GET", "/ring").status == 401


def test_terraform_has_nothing_to_do(hosts: SeveralHosts) -> None:
    hosts.verify()


def test_a_destroy_leaves_nothing(hosts: SeveralHosts) -> None:
    hosts.destroy()
    until(lambda: not hosts.left(), "nothing is left", within=30)


def asked(  # noqa: PLR0917 (the words of a request)
    hosts: SeveralHosts, node: str, token: str, method: str, path: str, body: bytes | None = None
) -> Answer:
    """The control port of that node."""
    control = names.CONTROL.format(address=hosts.playground.address(node))
    return ask(method, control, path, body=body, headers={"Authorization": f"Bearer {token}"})


def slow(url: str) -> Any:
    """Half of the load at one of three edges, all the time: what FEW servers may have in flight."""
    return load(LoadPlan(url=url, path="/slow?seconds=0.3", most_open=FEW * EACH // 3))


def seconds_until(hosts: SeveralHosts, n: int) -> float:
    began = time.monotonic()
    until(lambda: len(hosts.operator.replicas) == n, f"{n} servers serve", within=90)
    return time.monotonic() - began


def scaled(hosts: SeveralHosts, since: int) -> list[dict[str, Any]]:
    return [dict(event) for event in hosts.events(since) if event["kind"] == "scale"]
