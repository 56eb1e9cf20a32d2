"""HAProxy's own exporter, as the balancer asks it: its labels, who reaches it, and what is left after a reload."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import replace

import pytest
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from balancer.adapters.haproxy.exporter import HaproxyExporter
from balancer.adapters.haproxy.names import AGAIN
from balancer.core.errors import PlaneUnavailable
from balancer.core.routes import Routes
from tests.contract.balancer_stand_in import balancer_stand_in
from tests.contract.haproxy_bench import HaproxyBench
from tests.contract.plane_bench import NOTHING, all_to, dead, nearly_all_to
from tests.http_client import ask
from tests.polling import until

pytestmark = pytest.mark.docker

REQUESTS = "haproxy_server_http_responses_total"
IN_EXPOSITION = b"# TYPE haproxy_"
LISTENING, NAME_SERVER = "0A", "0B00007F"
"""As /proc/net/tcp writes them: the state, and 127.0.0.11."""


@pytest.fixture
def exporter(haproxy_bench: HaproxyBench) -> HaproxyExporter:
    return HaproxyExporter(haproxy_bench.profile.directory)


def samples(exporter: HaproxyExporter, name: str = "") -> list[Sample]:
    """All samples, or those of this name."""
    families = text_string_to_metric_families(exporter.exposition())
    return [sample for family in families for sample in family.samples if name in ("", sample.name)]


def answered(exporter: HaproxyExporter) -> dict[tuple[str, str], float]:
    """(server, container) → answers of 200 and the like, where there were some."""
    return {
        (sample.labels["server"], sample.labels["container"]): sample.value
        for sample in samples(exporter, REQUESTS)
        if sample.labels["proxy"] == "fleet" and sample.labels["code"] == "2xx" and sample.value
    }


def test_a_server_has_the_same_label_whichever_container_it_is(
    haproxy_bench: HaproxyBench, exporter: HaproxyExporter
) -> None:
    for count, instance in ((2, "S1"), (3, "S1.3")):
        haproxy_bench.obey(haproxy_bench.plane, all_to(replace(haproxy_bench.servers[0], instance=instance)))
        assert haproxy_bench.answers(count) == ["S1"] * count
        assert answered(exporter) == {("S1", instance): count}


def test_frontends_backends_and_servers_are_told_and_the_way_round_is_no_server(
    haproxy_bench: HaproxyBench, exporter: HaproxyExporter
) -> None:
    one, two, _ = haproxy_bench.servers
    again = again_requests(exporter)
    until(lambda: goes_round(haproxy_bench, nearly_all_to(dead(one), two)), "a request goes round", within=5)
    told = samples(exporter)
    kinds = {match[1] for sample in told if (match := re.match("haproxy_([a-z]+)_", sample.name))}
    assert kinds == {"frontend", "backend", "server"}
    servers = {
        sample.labels["server"] for sample in told if sample.labels["proxy"] == "fleet" and "server" in sample.labels
    }
    assert servers == {"S1", "S2"}
    assert AGAIN not in {value for sample in told for value in sample.labels.values()}
    assert again_requests(exporter) > again


def goes_round(bench: HaproxyBench, routes: Routes) -> bool:
    """Whether a request is repeated by routes whose first server is dead. It is not where the edge has found that out
    before, on a busy machine: then the server is added anew."""
    bench.obey(bench.plane, NOTHING)
    bench.obey(bench.plane, routes)
    return ask("GET", bench.url, "/home").headers["X-Ring-Attempt"] == "2"


def again_requests(exporter: HaproxyExporter) -> float:
    (sample,) = (
        sample
        for sample in samples(exporter, "haproxy_frontend_http_requests_total")
        if sample.labels["proxy"] == "again"
    )
    return sample.value


def test_no_port_leads_to_the_exporter(haproxy_bench: HaproxyBench) -> None:
    haproxy_bench.obey(haproxy_bench.plane, all_to(haproxy_bench.servers[0]))
    with balancer_stand_in(haproxy_bench.profile.directory):
        asked = [
            ask("GET", f"http://{haproxy_bench.host}:{port}", path).body
            for port in (5000, 5001)
            for path in ("/metrics", "/metrics/edge", "/")
        ]
    ports = listening(haproxy_bench)
    assert ports >= {5000, 5001, 8404}
    asked += [inside(haproxy_bench, port, path) for port in sorted(ports) for path in ("/metrics", "/", "/healthz")]
    assert all(asked)
    assert not [body for body in asked if IN_EXPOSITION in body]


def listening(bench: HaproxyBench) -> set[int]:
    """The TCP ports that HAProxy listens on, beside the engine's name server."""
    _, output = bench.container.exec_run(["cat", "/proc/net/tcp", "/proc/net/tcp6"])
    rows = (line.split() for line in output.decode().splitlines())
    local = (row[1].split(":") for row in rows if row[3] == LISTENING)
    return {int(port, 16) for address, port in local if address != NAME_SERVER}


def inside(bench: HaproxyBench, port: int, path: str) -> bytes:
    """What the port answers within the edge's container."""
    question = f"GET {path} HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\n\\r\\n"
    script = f"exec 3<>/dev/tcp/127.0.0.1/{port}; printf '{question}' >&3; cat <&3"
    _, output = bench.container.exec_run(["bash", "-c", script])
    return bytes(output)


def test_after_a_reload_the_exporter_tells_of_the_new_process_and_the_old_one_is_counted(
    haproxy_bench: HaproxyBench, exporter: HaproxyExporter
) -> None:
    routes = all_to(haproxy_bench.servers[0])
    haproxy_bench.obey(haproxy_bench.plane, routes)
    until(lambda: exporter.old_processes() == 0, "earlier old processes have ended", within=10)
    assert haproxy_bench.answers(1) == ["S1"]
    assert answered(exporter)["S1", "S1"] == 1
    with haproxy_bench.held("S1"):
        plane = haproxy_bench.other(response_timeout=25)
        haproxy_bench.obey(plane, routes)
        assert exporter.old_processes() == 1
        assert answered(exporter) == {}
        assert haproxy_bench.answers(1) == ["S1"]
        assert answered(exporter) == {("S1", "S1"): 1}
    until(lambda: exporter.old_processes() == 0, "the old process has ended", within=10)
    assert answered(exporter) == {("S1", "S1"): 1}


def test_an_edge_that_is_away_tells_nothing(haproxy_bench: HaproxyBench, exporter: HaproxyExporter) -> None:
    with haproxy_bench.away():
        with pytest.raises(PlaneUnavailable, match=r"the edge's exporter does not answer at .*/exporter\.sock"):
            exporter.exposition()
        with pytest.raises(PlaneUnavailable, match=r"the edge does not answer at .*/master\.sock"):
            exporter.old_processes()

    def tells() -> bool:
        with suppress(PlaneUnavailable):
            return bool(samples(exporter))
        return False

    # The ports listen before the socket does.
    until(tells, "it tells again", within=10)
