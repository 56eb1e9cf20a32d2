"""The wiring: every setting reaches the part it is for, and building starts nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import types
from pathlib import Path
from typing import Any

import pytest
from gunicorn.http.errors import InvalidChunkSize
from werkzeug.test import Client, TestResponse

from balancer import bootstrap
from balancer.adapters.haproxy.config import EdgeOptions
from balancer.adapters.haproxy.edge import HaproxyEdge
from balancer.adapters.haproxy.tls import Tls
from balancer.application import Application
from balancer.bootstrap import build, planes
from balancer.bootstrap.options import service_options
from balancer.core.hash_seed import HashSeed
from balancer.core.rate_limit import RateLimit
from balancer.core.release import Release
from balancer.core.request_hash import RequestHash
from balancer.service.loops import Loops
from balancer.settings import Settings, read
from tests.fakes.collector import Collector, attributes
from tests.unit.balancer.sockets import CONTROL, EDGE, EDGE_CONTROL, HEALTH, PUBLIC, Socket

LOCAL = {"REMOTE_ADDR": "127.0.0.1", "HTTP_X_RINGMASTER_CLIENT": "127.0.0.1"}
"""How a client on the engine's host is told, by the peer's address or by the edge."""


def settings(**values: str) -> Settings:
    return read({f"RINGMASTER_{name.upper()}": value for name, value in values.items()})


def application(**values: str) -> Application:
    return build(settings(**values))


def ask(path: str, came_in_on: Socket, *, method: str = "GET", data: str | None = None, **values: str) -> TestResponse:
    environ = {"gunicorn.socket": came_in_on, **LOCAL}
    return Client(application(**values)).open(path, method=method, data=data, environ_overrides=environ)


@pytest.mark.parametrize("data_plane", ["haproxy", "flask"])
def test_building_starts_nothing(data_plane: str, tmp_path: Path) -> None:
    """No thread, no file; the folders of the defaults do not even exist here."""
    before = set(threading.enumerate())
    application(data_plane=data_plane, state_dir=str(tmp_path), otlp_endpoint="http://127.0.0.1:1")
    assert not set(threading.enumerate()) - before
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("came_in_on", [PUBLIC, EDGE])
def test_the_public_side_has_rep_and_no_readyz(came_in_on: Socket) -> None:
    assert ask("/rep", came_in_on).text == '{"message":{"N":0,"replicas":[]},"status":"successful"}'
    assert ask("/readyz", came_in_on).status_code == 404


@pytest.mark.parametrize("came_in_on", [CONTROL, EDGE_CONTROL])
def test_the_control_port_has_readyz_and_the_fleet_too(came_in_on: Socket) -> None:
    assert ask("/readyz", came_in_on).status_code == 503
    assert ask("/rep", came_in_on).text == '{"message":{"N":0,"replicas":[]},"status":"successful"}'


@pytest.mark.parametrize(("data_plane", "edge"), [("haproxy", 503), ("flask", 404)])
def test_the_control_port_has_metrics_in_both_planes(data_plane: str, edge: int, tmp_path: Path) -> None:
    """Here no edge answers."""
    of_balancer = ask("/metrics", CONTROL, data_plane=data_plane, edge_dir=str(tmp_path))
    assert of_balancer.status_code == 200
    assert f'ringmaster_build_info{{data_plane="{data_plane}"' in of_balancer.text
    assert "\nringmaster_edges 0.0\n" in of_balancer.text
    of_edge = ask("/metrics/edge", CONTROL, data_plane=data_plane, edge_dir=str(tmp_path))
    assert (of_edge.status_code, of_edge.content_type) == (edge, "application/json")
    assert ask("/metrics", EDGE).status_code == ask("/metrics", HEALTH).status_code == 404


def test_the_health_checks_socket_has_its_two_paths_without_a_token_and_nothing_else() -> None:
    assert ask("/readyz", HEALTH, token_sha256="0" * 64).status_code == 503
    assert ask("/healthz", HEALTH, token_sha256="0" * 64).status_code == 200
    assert ask("/readyz", EDGE_CONTROL, token_sha256="0" * 64).status_code == 401
    for path in ("/rep", "/ring", "/events"):
        assert ask(path, HEALTH).status_code == 404
    assert ask("/add", HEALTH, method="POST", data="{}").status_code == 404


def test_the_edge_gets_a_first_configuration_at_the_start_and_keeps_a_later_one(tmp_path: Path) -> None:
    """So the control port, which is behind it, answers before there is a fleet."""
    for text in ("", "of a fleet"):
        written = tmp_path / "haproxy.cfg"
        if text:
            written.write_text(text)
        balancer: Any = application(edge_dir=str(tmp_path), state_dir=str(tmp_path / "state"))
        balancer._loops = types.SimpleNamespace(start=lambda: None)
        balancer.start(stopping=lambda: False)
        assert written.read_text() == text or "frontend control_port" in written.read_text()


def test_an_edge_whose_folder_is_not_there_does_not_keep_the_balancer_from_starting(tmp_path: Path) -> None:
    balancer: Any = application(edge_dir=str(tmp_path / "gone"))
    balancer._loops = types.SimpleNamespace(start=lambda: None)
    balancer.start(stopping=lambda: False)


def test_in_the_flask_plane_other_paths_are_forwarded() -> None:
    answer = ask("/home", PUBLIC, data_plane="flask")
    assert (answer.status_code, answer.json["message"]) == (503, "<Error> No server can answer now")  # type: ignore[index]


def test_only_answers_of_servers_may_be_read_as_slowly_as_their_clients_like() -> None:
    for side, is_limited in ((PUBLIC, False), (CONTROL, True), (EDGE, True), (EDGE_CONTROL, True)):
        side.timeout = None
        ask("/rep", side, data_plane="flask")
        assert (side.timeout is not None) is is_limited


def test_the_token_guards_changes() -> None:
    assert ask("/add", PUBLIC, method="POST", token_sha256="0" * 64).status_code == 401


def test_a_change_is_a_span_of_its_requests_trace_for_the_collector(monkeypatch: pytest.MonkeyPatch) -> None:
    """From the start to the stop of the application, whose loops rest here."""
    monkeypatch.setattr(Loops, "start", lambda self: None)
    with Collector() as collector:
        app = application(data_plane="flask", deployment="blue", otlp_endpoint=collector.url)
        app.start(stopping=lambda: False)
        trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        environ = {"gunicorn.socket": CONTROL, **LOCAL}
        Client(app).post("/add", data='{"n":1}', headers={"traceparent": trace}, environ_overrides=environ)
        app.stop()
    (span,) = collector.spans
    assert (span.name, attributes(span)["ringmaster.status"]) == ("change", 409)
    assert (span.trace_id.hex(), span.parent_span_id.hex()) == (trace[3:35], trace[36:52])


def test_a_change_before_the_first_step_is_told_to_wait() -> None:
    answer = ask("/add", EDGE, method="POST", data='{"n":1}')
    assert answer.status_code == 409


@pytest.mark.parametrize(("data_plane", "profile"), [("haproxy", "EdgeOptions"), ("flask", "ForwardingOptions")])
def test_both_planes_get_their_settings(monkeypatch: pytest.MonkeyPatch, data_plane: str, profile: str) -> None:
    made: list[Any] = []
    original = getattr(planes, profile)

    def note(**arguments: Any) -> Any:
        made.append(original(**arguments))
        return made[-1]

    monkeypatch.setattr(planes, profile, note)
    values = {"response_timeout": "7", "unknown_path": "course", "explain": "false", "access_log": "5%"}
    values |= {"traceparent": "pass"}
    application(data_plane=data_plane, **values)
    seen = made[0]
    assert (seen.response_timeout, seen.course_errors, seen.explain) == (7, True, False)
    assert (seen.access_log, seen.traceparent) == ("5%", "pass")


def test_the_edge_gets_what_protects_it(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[EdgeOptions] = []

    class Edge(HaproxyEdge):
        def __init__(self, options: EdgeOptions) -> None:
            made.append(options)
            super().__init__(options)

    monkeypatch.setattr(planes, "HaproxyEdge", Edge)
    values = {"max_connections": "500", "rate_limit": '{"requests":9,"seconds":1}', "explain": "false"}
    application(hash_seed="a-secret-of-operators", **values)
    assert (made[0].max_connections, made[0].rate_limit) == (500, RateLimit(requests=9, seconds=1))
    seed = service_options(settings(hash_seed="a-secret-of-operators", **values)).fleet.profile.seed
    assert seed == HashSeed.of("a-secret-of-operators")


def test_n_follows_the_load_where_the_settings_say_so() -> None:
    assert service_options(read({})).autoscaling is None
    scaling = service_options(settings(autoscale='{"min":2,"max":10,"latency":0.2}')).autoscaling
    assert scaling is not None
    assert scaling.target == 0.2


RING = '{"strategy":"ring","slots":64,"request_hash":"md5","key":"path","bound":1.5}'


@pytest.mark.parametrize("data_plane", ["haproxy", "flask"])
def test_the_ring_is_the_one_of_the_settings(data_plane: str, tmp_path: Path) -> None:
    ring = ask("/ring", CONTROL, data_plane=data_plane, ring=RING, edge_dir=str(tmp_path)).json
    assert ring is not None
    assert json.loads(RING).items() <= ring["profile"].items()
    assert (ring["slots"], ring["servers"]) == (64, [])


LENGTH = '{"profile":{"request_hash":"length","slots":64}}'


@pytest.fixture
def own_hash(monkeypatch: pytest.MonkeyPatch) -> str:
    """The setting that brings in a request hash of a user, which has no HAProxy form."""
    module = types.ModuleType("hash_of_a_user")
    module.LENGTH = RequestHash("length", len)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module.__name__, module)
    return "hash_of_a_user:LENGTH"


def test_a_request_hash_of_a_user_is_there_to_switch_to(own_hash: str, tmp_path: Path) -> None:
    values = {"plugins": own_hash, "edge_dir": str(tmp_path)}
    preview = {"path": "/ring/preview", "came_in_on": CONTROL, "method": "POST", "data": LENGTH}
    assert ask(**preview, data_plane="flask", **values).status_code == 200
    refused = ask(**preview, **values)
    assert refused.status_code == 400
    assert "length has no HAProxy form" in refused.text


def test_slow_start_needs_weights(tmp_path: Path) -> None:
    body = '{"profile":{"strategy":"course"}}'
    refused = ask("/ring/preview", CONTROL, method="POST", data=body, slow_start="60", edge_dir=str(tmp_path))
    assert refused.status_code == 400
    assert "which slow start needs" in refused.text


@pytest.mark.parametrize(("path", "method", "came_in_on"), [("/add", "POST", EDGE), ("/ring", "PUT", CONTROL)])
def test_a_body_that_breaks_off_is_a_400_on_both_sides(path: str, method: str, came_in_on: Socket) -> None:
    class Broken:
        def read(self, _size: int = -1) -> bytes:
            raise InvalidChunkSize(b"zz")

    environ = {"wsgi.input": Broken(), "wsgi.input_terminated": True, "CONTENT_LENGTH": ""}
    answer = Client(application()).open(
        path,
        method=method,
        headers={"Transfer-Encoding": "chunked"},
        environ_overrides={**environ, "gunicorn.socket": came_in_on, **LOCAL},
    )
    assert answer.status_code == 400
    assert "the body is not framed as HTTP wants it" in answer.text


@pytest.mark.parametrize(("runtime", "is_service"), [("engine", False), ("swarm", True)])
def test_the_keeper_is_the_one_of_the_settings(
    monkeypatch: pytest.MonkeyPatch, runtime: str, *, is_service: bool
) -> None:
    made: list[Any] = []
    monkeypatch.setattr(bootstrap, "KeeperClient", lambda *where, **options: made.append((*where, options)))
    application(name_prefix="blue-", keeper_socket="/run/blue/keeper.sock", runtime=runtime)
    name = "blue-ringmaster-keeper"
    assert made == [(Path("/run/blue/keeper.sock"), {"name": name, "is_service": is_service})]
    assert service_options(settings(name_prefix="blue-")).name_prefix == "blue-"


LOADED = "import sys, balancer.bootstrap; print(*{name.partition('.')[0] for name in sys.modules})"


def test_the_balancer_has_no_client_of_the_engine_and_on_one_host_no_hub() -> None:
    run = subprocess.run(
        [sys.executable, "-c", LOADED],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert {"flask", "gunicorn"} <= set(run.stdout.split())
    assert not {"docker", "asyncio"} & set(run.stdout.split())


def test_the_policy_is_the_one_of_the_settings() -> None:
    values = {"policy": '{"images":["shop"]}', "max_servers": "10", "spares": "2", "roll_surge": "3"}
    policy = service_options(settings(**values)).policy
    assert (policy.images, policy.servers, policy.release.image) == (("shop",), 27, "ringmaster-server")


def test_releases_rolls_and_spares_are_what_the_settings_say() -> None:
    options = service_options(
        settings(
            server_image="shop:1",
            server_image_id=f"sha256:{'0a' * 32}",
            server_environment='{"MODE":"x"}',
            server_memory="256m",
            server_cpus="0.5",
            initial_servers="web_1,web_2",
            spares="2",
            roll_surge="5",
            roll_batch="3",
        )
    )
    assert options.fleet.release == Release(1, "shop:1", {"MODE": "x"}, "256m", 0.5, content=f"sha256:{'0a' * 32}")
    assert options.fleet.initial == ("web_1", "web_2")
    assert (options.fleet.surge, options.fleet.batch, options.spares) == (5, 3, 2)


def test_times_and_limits_are_what_the_settings_say() -> None:
    options = service_options(
        settings(
            max_servers="9",
            heartbeat_interval="0.3",
            heartbeat_strikes="4",
            start_grace="11",
            pull_timeout="15",
            drain_timeout="12",
            stop_timeout="13",
            slow_start="14",
            roll_surge="5",
            roll_batch="2",
        )
    )
    assert (options.max_servers, options.heartbeat_interval, options.heartbeat_strikes) == (9, 0.3, 4)
    assert (options.start_grace, options.drain_timeout, options.slow_start) == (11, 12, 14)
    assert options.pull_timeout == 15
    assert options.change_timeout == 11 + 3 * (12 + 13)


def test_the_edge_speaks_tls_as_the_settings_say(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Any] = []
    profile = service_options(settings()).fleet.profile
    monkeypatch.setattr(planes, "HaproxyEdge", made.append)
    planes.wired(settings(), profile)
    planes.wired(settings(tls="true", tls_port="443", tls_redirect="true", tls_client_ca="true"), profile)
    planes.wired(settings(tls="true", tls_control="true"), profile)
    assert [options.tls for options in made] == [
        None,
        Tls(port=443, redirect=True, client_ca=True, control=False),
        Tls(port=5443, redirect=False, client_ca=False, control=True),
    ]
