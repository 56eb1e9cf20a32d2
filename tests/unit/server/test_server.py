"""The sample server's answers."""

import importlib.util
from io import BytesIO
from pathlib import Path
from types import ModuleType

import pytest
from flask.testing import FlaskClient

SOURCE = Path(__file__).parents[3] / "apps" / "server" / "server.py"


def load_server() -> ModuleType:
    """The module by its path: the image has it on PYTHONPATH, the tests need no installation."""
    spec = importlib.util.spec_from_file_location("sample_server", SOURCE)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


server = load_server()


@pytest.fixture
def client() -> FlaskClient:
    client: FlaskClient = server.create_app("S3").test_client()
    return client


def test_home_names_the_server_in_compact_json(client: FlaskClient) -> None:
    answer = client.get("/home")
    assert (answer.status_code, answer.content_type) == (200, "application/json")
    assert answer.text.strip() == '{"message":"Hello from Server: S3","status":"successful"}'


def test_heartbeat_is_200_with_an_empty_body(client: FlaskClient) -> None:
    answer = client.get("/heartbeat")
    assert (answer.status_code, answer.data) == (200, b"")


def test_drip_comes_in_pieces_over_the_time_that_was_asked_for(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []
    monkeypatch.setattr(server.time, "sleep", slept.append)
    answer = client.get("/drip?seconds=2", buffered=False)
    parts = list(answer.iter_encoded())
    assert parts == [f"S3: {number} of 10\n".encode() for number in range(1, 11)]
    assert slept == [0.2] * 10


def test_unknown_path_is_the_servers_own_404(client: FlaskClient) -> None:
    answer = client.get("/other?x=1")
    assert (answer.status_code, answer.content_type) == (404, "application/json")
    assert answer.text.strip() == (
        '{"message":"<Error> \'/other\' is not an endpoint of this server","status":"failure"}'
    )


def test_wrong_method_says_what_is_allowed(client: FlaskClient) -> None:
    answer = client.post("/home")
    assert (answer.status_code, answer.content_type) == (405, "application/json")
    assert "GET" in answer.headers["Allow"]


@pytest.mark.parametrize("path", ["/home", "/heartbeat", "/other", "/slow?seconds=x", "/drip?seconds=x"])
def test_every_answer_may_be_read_by_any_origin(client: FlaskClient, path: str) -> None:
    assert client.get(path).headers["Access-Control-Allow-Origin"] == "*"


def test_slow_waits_as_long_as_it_is_told(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    monkeypatch.setattr(server.time, "sleep", waits.append)
    assert client.get("/slow?seconds=2.5").get_json() == {"message": "S3 took 2.5 seconds", "status": "successful"}
    assert client.get("/slow").status_code == 200
    assert waits == [2.5, 1.0]


@pytest.mark.parametrize("seconds", ["-1", "120.1", "nan", "inf", "soon", ""])
def test_slow_refuses_a_wait_out_of_bounds(client: FlaskClient, seconds: str) -> None:
    answer = client.get(f"/slow?seconds={seconds}")
    assert answer.status_code == 400
    assert answer.get_json()["message"] == "<Error> seconds must be a number from 0 to 120"


@pytest.mark.parametrize("method", server.ANY_METHOD)
def test_echo_shows_the_request(client: FlaskClient, method: str) -> None:
    answer = client.open("/echo?a=1&a=2", method=method, data=b"\x00\xffbody", headers={"X-Request-ID": "r1"})
    assert answer.status_code == 200
    seen = answer.get_json()
    assert (seen["server"], seen["method"], seen["target"]) == ("S3", method, "/echo?a=1&a=2")
    assert seen["headers"]["X-Request-Id"] == "r1"
    assert seen["body"].encode("latin-1") == b"\x00\xffbody"


def test_echo_refuses_a_body_beyond_its_bound(client: FlaskClient) -> None:
    body = b"x" * (server.LARGEST_BODY + 1)
    whole = client.post("/echo", data=body)
    chunked = client.post("/echo", input_stream=BytesIO(body), environ_overrides={"wsgi.input_terminated": True})
    for answer in (whole, chunked):
        assert (answer.status_code, answer.content_type) == (413, "application/json")
        assert answer.get_json()["status"] == "failure"
