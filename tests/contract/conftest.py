"""What the contract tests share: the real parts, each made once, when the first test asks for it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from balancer.core.routes import Backend
from tests.certificates import Authority, put
from tests.contract import runtime_bench
from tests.contract.docker_bench import DockerBench
from tests.contract.edges_bench import EdgesBench
from tests.contract.flask_bench import FlaskBench
from tests.contract.haproxy_bench import HaproxyBench
from tests.contract.lab import Lab
from tests.contract.plane_bench import EDGES, FAKE, FLASK, HAPROXY, FakeBench, PlaneBench
from tests.contract.runtime_bench import LocalBench
from tests.contract.tls_bench import TlsBench


@pytest.fixture(scope="session")
def lab() -> Iterator[Lab]:
    with Lab() as lab:
        yield lab


@pytest.fixture
def docker_bench(lab: Lab, tmp_path: Path) -> Iterator[DockerBench]:
    with DockerBench(lab, tmp_path) as bench:
        yield bench


@pytest.fixture(
    params=["fake", pytest.param("docker", marks=pytest.mark.docker), pytest.param("keeper", marks=pytest.mark.docker)]
)
def local_bench(request: pytest.FixtureRequest) -> LocalBench:
    """Every runtime of one host in turn."""
    if request.param == "fake":
        return runtime_bench.FakeBench()
    found: DockerBench = request.getfixturevalue("docker_bench")
    if request.param == "keeper":
        found.start_keeper()
    return found


@pytest.fixture(scope="session")
def servers(lab: Lab) -> tuple[Backend, ...]:
    """Three sample servers, where the edge can reach them."""
    return lab.servers("S1", "S2", "S3")


@pytest.fixture(scope="session")
def edge(lab: Lab, servers: tuple[Backend, ...], tmp_path_factory: pytest.TempPathFactory) -> Iterator[HaproxyBench]:
    with HaproxyBench(lab, tmp_path_factory.mktemp("edge"), servers) as bench:
        yield bench


@pytest.fixture
def haproxy_bench(edge: HaproxyBench) -> HaproxyBench:
    """As new, whatever the test before it did to it."""
    edge.reset()
    return edge


@pytest.fixture(scope="session")
def edges(lab: Lab, servers: tuple[Backend, ...], tmp_path_factory: pytest.TempPathFactory) -> Iterator[EdgesBench]:
    with EdgesBench(lab, tmp_path_factory.mktemp("edges"), servers) as bench:
        yield bench


@pytest.fixture
def edges_bench(edges: EdgesBench) -> EdgesBench:
    """As new, whatever the test before it did to it."""
    edges.reset()
    return edges


@pytest.fixture(params=[FAKE, FLASK, HAPROXY, EDGES])
def bench(request: pytest.FixtureRequest) -> Iterator[PlaneBench]:
    """Every data plane in turn."""
    if request.param == FAKE:
        yield FakeBench()
    elif request.param == FLASK:
        with FlaskBench() as bench:
            yield bench
    else:
        yield request.getfixturevalue(f"{request.param}_bench")


@pytest.fixture(scope="session")
def edge_with_tls(
    lab: Lab, servers: tuple[Backend, ...], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[TlsBench]:
    authority = Authority()
    folder, client_ca = tmp_path_factory.mktemp("tls"), tmp_path_factory.mktemp("ca") / "ca.pem"
    folder.chmod(0o755)
    put(folder / "localhost.pem", authority.pem("localhost"))
    put(client_ca, authority.authority.cert_pem.bytes())
    mounts = (f"{folder}:/run/tls:ro", f"{client_ca}:/run/tls-client-ca.pem:ro")
    with HaproxyBench(lab, tmp_path_factory.mktemp("edge-tls"), servers, mounts) as bench:
        yield TlsBench(bench, folder, authority)


@pytest.fixture
def tls_bench(edge_with_tls: TlsBench) -> TlsBench:
    """With one good certificate, whatever the test before it left."""
    edge_with_tls.reset()
    return edge_with_tls
