"""What an engine may answer that a real one seldom does. With a real engine: tests/contract/test_images.py."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from itertools import islice
from pathlib import Path
from socketserver import ThreadingMixIn, UnixStreamServer

import pytest

from balancer.adapters.docker_images import DockerImages
from balancer.adapters.registry_config import RegistryConfig
from balancer.core.errors import EngineUnavailable, PullFailed
from tests.serving import serving
from tests.unit.balancer.adapters.scripted_engine import ScriptedEngine

_LAYER = json.dumps({"id": "a", "status": "Pulling fs layer"}).encode() + b"\n"


class BreakingEngine(ScriptedEngine):
    """It breaks every pull off in the middle of a chunk, and refuses every name as its `refusal` says."""

    refusal = (400, "invalid reference format")

    def answer_call(self) -> None:
        if self.command != "POST":
            status, message = self.refusal
            self.answer(status, {"message": message})
            return
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.wfile.write(b"%x\r\n%s\r\n" % (len(_LAYER), _LAYER) + b"ff\r\n{")
        self.close_connection = True


class UnixServer(ThreadingMixIn, UnixStreamServer):
    """A server at a socket in the file system, as most engines are."""

    daemon_threads = True


@pytest.fixture(params=["tcp", "unix"])
def images(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[DockerImages]:
    path = str(tmp_path / "engine.sock")
    is_unix = request.param == "unix"
    server = UnixServer(path, BreakingEngine) if is_unix else ThreadingHTTPServer(("127.0.0.1", 0), BreakingEngine)
    with serving(server):
        monkeypatch.setenv(
            "DOCKER_HOST", f"unix://{path}" if is_unix else f"tcp://127.0.0.1:{server.server_address[1]}"
        )
        yield DockerImages(RegistryConfig(None))


def test_a_pull_that_breaks_off_in_the_middle_of_a_message_ends_at_once(images: DockerImages) -> None:
    """It does not wait for the limit of a pull."""
    with pytest.raises(EngineUnavailable, match="the pull broke off"):
        list(islice(images.pull("app:1"), 4))


def test_a_name_that_the_engine_cannot_read_is_no_trouble_of_the_engine(images: DockerImages) -> None:
    """Else a deploy of that name would wait for the engine for ever."""
    with pytest.raises(PullFailed, match=r"a\.\.b/app:1 cannot be found: invalid reference format"):
        images.find("a..b/app:1")


def test_an_engine_in_trouble_says_so(images: DockerImages, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(BreakingEngine, "refusal", (500, "the disk is full"))
    with pytest.raises(EngineUnavailable, match="the disk is full"):
        images.find("app:1")
