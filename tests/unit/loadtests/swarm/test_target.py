"""What is said of a deployment that is not there, not ready, or not the one that was meant."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from loadtests.swarm.target import NotUp, Target
from tests.deployment import free_ports
from tests.fakes.web_server import Exchange, WebServer

REP = {"message": {"N": 2, "replicas": ["S1", "S2"]}, "status": "successful"}
READY = {"ready": True, "replicas": ["S2", "S1"], "ailments": {}}
RING = {"profile": {"strategy": "table", "request_hash": "crc32", "key": "random"}, "version": 1, "servers": []}
DENIED = {"message": "<Error> the token is missing", "status": "failure"}


def answers(**by_path: tuple[int, object]) -> Callable[[Exchange], None]:
    usual: dict[str, tuple[int, object]] = {"rep": (200, REP), "readyz": (200, READY), "ring": (200, RING)}

    def answer(exchange: Exchange) -> None:
        status, document = (usual | by_path).get(exchange.path.strip("/"), (404, {}))
        exchange.reply(status, document if isinstance(document, bytes) else json.dumps(document).encode())

    return answer


def target(server: WebServer, token: str = "") -> Target:
    return Target(f"http://{server.address}", f"http://{server.address}", token)


def test_one_that_is_up_passes_and_its_ring_is_read() -> None:
    with WebServer(answers()) as server:
        target(server).check()
        assert target(server).ring().strategy == "table"


SLOTS = {"version": 1, "digest": "0", "owners": ["S1", "S2"], "answering": ["S2", "S2"]}
STATES = {"S1": "silent", "S2": "serving", "S3": "spare"}
SERVERS = [{"hostname": name, "state": state, "weight": 1} for name, state in STATES.items()]


def test_what_is_drawn_is_the_ring_of_now() -> None:
    ring = RING | {"servers": SERVERS}
    points = {"version": 1, "points": {"S1": [0.25]}}
    by_path = {"ring": (200, ring), "ring/slots": (200, SLOTS), "ring/points": (200, points)}
    with WebServer(answers(**by_path)) as server:
        assert target(server).drawing() == {
            "servers": [{"hostname": "S1", "state": "silent"}, {"hostname": "S2", "state": "serving"}],
            "owners": ["S1", "S2"],
            "answering": ["S2", "S2"],
            "points": {"S1": [0.25]},
        }


def test_a_ring_that_cannot_be_drawn_is_said() -> None:
    with (
        WebServer(answers(**{"ring/slots": (200, SLOTS), "ring/points": (503, DENIED)})) as server,
        pytest.raises(NotUp, match=r"tells no ring that can be drawn$"),
    ):
        target(server).drawing()


def test_nobody_answers() -> None:
    port, other = free_ports(2)
    with pytest.raises(NotUp, match=rf"^nobody answers at http://127.0.0.1:{port}: `make up` first, or say --host"):
        Target(f"http://127.0.0.1:{port}", f"http://127.0.0.1:{other}").check()


def test_nobody_answers_on_the_control_port() -> None:
    (port,) = free_ports(1)
    with (
        WebServer(answers()) as server,
        pytest.raises(NotUp, match=rf"^nobody answers at http://127.0.0.1:{port}: say --control-url"),
    ):
        Target(f"http://{server.address}", f"http://127.0.0.1:{port}").check()


@pytest.mark.parametrize(
    ("by_path", "said"),
    [
        ({"rep": (404, {})}, r"/rep answers 404: b'{}': `make up` first, or say --host$"),
        ({"rep": (200, b"<html>")}, r"/rep answers 200 without JSON: is that Ringmaster\?$"),
        ({"readyz": (503, READY | {"ailments": {"fleet": "1 of 2 serve"}})}, r"not ready: {'fleet': '1 of 2 serve'}$"),
        ({"readyz": (404, {})}, r"/readyz is no control port's answer: say --control-url$"),
        ({"readyz": (200, READY | {"replicas": ["S7"]})}, r"say both --host and --control-url of one deployment$"),
        ({"readyz": (401, DENIED)}, r"wants the deployment's token: RINGMASTER_TOKEN=… locust …, or say --token$"),
    ],
)
def test_what_is_wrong_is_said(by_path: dict[str, tuple[int, object]], said: str) -> None:
    with WebServer(answers(**by_path)) as server, pytest.raises(NotUp, match=said):
        target(server).check()


def test_a_wrong_token() -> None:
    with WebServer(answers(readyz=(401, DENIED))) as server, pytest.raises(NotUp, match="does not know this token"):
        target(server, "wrong").check()


def test_the_token_goes_to_the_control_port_only() -> None:
    with WebServer(answers()) as server:
        target(server, "secret").check()
        sent = {request.target: request.headers["Authorization"] for request in server.received}
    assert sent == {"/rep": None, "/readyz": "Bearer secret"}
    assert "secret" not in repr(target(server, "secret"))


@pytest.mark.parametrize("url", ["127.0.0.1", "http://", "http://127.0.0.1:port"])
def test_what_is_no_url(url: str) -> None:
    with pytest.raises(NotUp, match="or say --host"):
        Target(url, url).check()
