"""What an engine may list that a real one seldom does. With a real engine: tests/contract/test_docker_engine.py."""

from __future__ import annotations

from collections.abc import Iterator
from http.server import ThreadingHTTPServer

import pytest

from balancer.adapters.container_spec import DEPLOYMENT, INSTANCE, RING_ID, ServerSpec
from balancer.adapters.docker_engine import DockerEngine
from tests.serving import serving
from tests.unit.balancer.adapters.scripted_engine import ScriptedEngine

SPEC = ServerSpec(deployment="shop", name_prefix="shop-", network="shop-ringmaster", port=5000)


def listed(identity: str, instance: str, **different: object) -> dict[str, object]:
    return {
        "Id": identity,
        "Names": [f"/shop-{instance}"],
        "ImageID": "sha256:1fec",
        "Labels": {DEPLOYMENT: "shop", "ringmaster.role": "server", RING_ID: "74", INSTANCE: instance},
        "State": "running",
        "Status": "Up 5 minutes",
        "NetworkSettings": {"Networks": {"shop-ringmaster": {"IPAddress": "172.18.0.4"}}},
        **different,
    }


REMOVED = listed("4e96", "tr4k5x", Names=[], State="removing", Status="Removal In Progress")
"""As Docker 20.10 went on listing a container after `docker stop` and a removal at the same moment."""


class ListingEngine(ScriptedEngine):
    """It lists one server that runs, and one that it has removed. It keeps what else it is asked."""

    asked: list[str]

    def answer_call(self) -> None:
        if "/containers/json" in self.path:
            self.answer(200, [listed("8e5a", "jq2j2r"), REMOVED])
        else:
            self.asked.append(f"{self.command} {self.path}")
            self.answer(404, {"message": "No such container"})


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), ListingEngine)
    ListingEngine.asked = []
    with serving(server):
        monkeypatch.setenv("DOCKER_HOST", f"tcp://127.0.0.1:{server.server_port}")
        yield ListingEngine.asked


def test_a_container_that_has_no_name_any_more_is_gone(asked: list[str]) -> None:
    engine = DockerEngine(SPEC)
    assert list(engine.observe()) == ["jq2j2r"]
    assert not engine.is_stopped("tr4k5x")
    assert engine.last_output("tr4k5x") == ""
    engine.stop("tr4k5x")
    engine.kill("tr4k5x")
    engine.rename("tr4k5x", "another")
    assert asked == []
