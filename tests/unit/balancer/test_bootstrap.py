"""The wiring: every setting reaches the part it is for, and building starts nothing."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import Client, TestResponse

from balancer import bootstrap
from balancer.adapters.docker_engine import ServerSpec
from balancer.bootstrap import binds, build
from balancer.settings import read


class Socket:
    """What gunicorn says a request came in on."""

    def __init__(self, name: tuple[str, int] | str) -> None:
        self._name = name

    def getsockname(self) -> tuple[str, int] | str:
        return self._name


CONTROL = Socket(("127.0.0.1", 5001))
PUBLIC = Socket(("0.0.0.0", 5000))  # noqa: S104 (nothing is bound)
EDGE = Socket("/run/ringmaster/balancer.sock")


def ask(path: str, came_in_on: Socket, *, method: str = "GET", **settings: str) -> TestResponse:
    application = build(read({f"RINGMASTER_{name.upper()}": value for name, value in settings.items()}))
    return Client(application).open(path, method=method, environ_overrides={"gunicorn.socket": came_in_on})


@pytest.mark.parametrize("data_plane", ["haproxy", "flask"])
def test_building_starts_nothing(data_plane: str, tmp_path: Path) -> None:
    """No thread, no file; the folders of the defaults do not even exist here."""
    before = set(threading.enumerate())
    build(read({"RINGMASTER_DATA_PLANE": data_plane, "RINGMASTER_STATE_DIR": str(tmp_path)}))
    assert not set(threading.enumerate()) - before
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("came_in_on", [PUBLIC, EDGE])
def test_the_public_side_has_rep_and_no_readyz(came_in_on: Socket) -> None:
    assert ask("/rep", came_in_on).text == '{"message":{"N":0,"replicas":[]},"status":"successful"}'
    assert ask("/readyz", came_in_on).status_code == 404


def test_the_control_port_has_readyz_and_no_rep() -> None:
    assert ask("/readyz", CONTROL).status_code == 503
    assert ask("/rep", CONTROL).status_code == 404


def test_in_the_flask_plane_other_paths_are_forwarded() -> None:
    answer = ask("/home", PUBLIC, data_plane="flask")
    assert (answer.status_code, answer.json["message"]) == (503, "<Error> No server can answer now")  # type: ignore[index]


def test_the_token_guards_changes() -> None:
    assert ask("/add", PUBLIC, method="POST", token_sha256="0" * 64).status_code == 401


def test_a_change_before_the_first_step_is_told_to_wait() -> None:
    application = build(read({}))
    answer = Client(application).post("/add", data=b'{"n":1}', environ_overrides={"gunicorn.socket": EDGE})
    assert answer.status_code == 409


@pytest.mark.parametrize(
    ("data_plane", "public"), [("haproxy", "unix:/run/ringmaster/balancer.sock"), ("flask", "0.0.0.0:5000")]
)
def test_gunicorn_listens_for_the_control_port_and_the_public_side(data_plane: str, public: str) -> None:
    assert binds(read({"RINGMASTER_DATA_PLANE": data_plane})) == ["0.0.0.0:5001", public]


@pytest.mark.parametrize(
    ("settings", "request_hash"),
    [
        ({}, "crc32"),
        ({"RINGMASTER_RING_STRATEGY": "course"}, "course"),
        ({"RINGMASTER_RING_STRATEGY": "course", "RINGMASTER_REQUEST_HASH": "md5"}, "md5"),
        ({"RINGMASTER_REQUEST_HASH": "sha256"}, "sha256"),
    ],
)
@pytest.mark.parametrize(("data_plane", "profile"), [("haproxy", "EdgeProfile"), ("flask", "ForwardingProfile")])
def test_both_planes_get_the_request_hash_of_the_settings(
    monkeypatch: pytest.MonkeyPatch, settings: dict[str, str], request_hash: str, data_plane: str, profile: str
) -> None:
    made: list[Any] = []
    original = getattr(bootstrap, profile)

    def note(**arguments: Any) -> Any:
        made.append(original(**arguments))
        return made[-1]

    monkeypatch.setattr(bootstrap, profile, note)
    build(read(settings | {"RINGMASTER_DATA_PLANE": data_plane, "RINGMASTER_RESPONSE_TIMEOUT": "7"}))
    assert (made[0].request_hash.name, made[0].slots, made[0].response_timeout) == (request_hash, 512, 7)


def test_every_server_is_what_the_settings_say(monkeypatch: pytest.MonkeyPatch) -> None:
    specs: list[Any] = []

    class Engine:
        def __init__(self, spec: Any) -> None:
            specs.append(spec)

    monkeypatch.setattr(bootstrap, "DockerEngine", Engine)
    settings = {
        "deployment": "blue",
        "name_prefix": "blue-",
        "network": "blue-net",
        "server_image": "shop:1",
        "server_port": "8080",
        "server_environment": '{"MODE":"x"}',
        "server_memory": "256m",
        "server_cpus": "0.5",
        "server_read_only": "false",
        "server_capabilities": "CHOWN",
        "stop_timeout": "3",
    }
    build(read({f"RINGMASTER_{name.upper()}": value for name, value in settings.items()}))
    assert specs == [
        ServerSpec(
            deployment="blue",
            name_prefix="blue-",
            network="blue-net",
            image="shop:1",
            port=8080,
            environment={"MODE": "x"},
            memory="256m",
            cpus=0.5,
            read_only=False,
            capabilities=("CHOWN",),
            stop_timeout=3,
        )
    ]
