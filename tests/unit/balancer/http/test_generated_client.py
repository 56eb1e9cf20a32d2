"""A client that a generator made of /openapi.json and of nothing else, on a real connection to the control port."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from werkzeug.serving import make_server

from tests.unit.balancer.in_memory import InMemoryBalancer, control_app, openapi

PACKAGE = "generated_ringmaster_client"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With the generated package in it."""
    folder = tmp_path_factory.mktemp("client")
    (folder / "openapi.json").write_text(json.dumps(openapi()), encoding="utf-8")
    (folder / "config.json").write_text('{"post_hooks":[]}', encoding="utf-8")
    generator = [sys.executable, "-m", "openapi_python_client", "generate", "--fail-on-warning", "--meta", "none"]
    files = ["--path", "openapi.json", "--config", "config.json", "--output-path", PACKAGE]
    made = subprocess.run([*generator, *files], cwd=folder, capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stdout + made.stderr
    return folder


@pytest.fixture
def control_url(balancer: InMemoryBalancer) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, control_app(balancer), threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


class Generated:
    """The generated package, with a client of this control port."""

    def __init__(self, control_url: str) -> None:
        self.models = self._module("models")
        self._client = self._module("client").Client(base_url=control_url)

    def _module(self, name: str) -> ModuleType:
        return importlib.import_module(f"{PACKAGE}.{name}")

    def ask(self, operation: str, *arguments: str, **named: Any) -> Any:
        """What the operation, such as "ring.lookup", answers, as one of the models."""
        return self._module(f"api.{operation}").sync(*arguments, client=self._client, **named)


@pytest.fixture
def generated(folder: Path, control_url: str, monkeypatch: pytest.MonkeyPatch) -> Generated:
    monkeypatch.syspath_prepend(str(folder))
    return Generated(control_url)


def test_it_lists_the_replicas(generated: Generated) -> None:
    told = generated.ask("fleet.replicas")
    assert isinstance(told, generated.models.Replicas)
    assert (told.message.n, told.message.replicas) == (3, ["S1", "S2", "S3"])


def test_it_reads_the_ring(generated: Generated) -> None:
    told = generated.ask("ring.ring")
    assert isinstance(told, generated.models.Ring)
    assert [server.state for server in told.servers] == [generated.models.ServerState.SERVING] * 3
    assert sum(server.slots for server in told.servers) == told.slots == 512
    assert told.profile.strategy == "table"


@pytest.mark.parametrize("key", ["alice", "a+b&c=%", "é"])
def test_it_looks_a_key_up(generated: Generated, balancer: InMemoryBalancer, key: str) -> None:
    told = generated.ask("ring.lookup", key=key)
    assert isinstance(told, generated.models.Lookup)
    assert (told.key, told.server) == (key, balancer.ring.lookup(key.encode()).server)


def test_it_changes_the_fleet_and_a_weight(generated: Generated, balancer: InMemoryBalancer) -> None:
    added = generated.ask("fleet.add", body=generated.models.Addition(n=1, hostnames=["S4"]))
    assert added.message.replicas == ["S1", "S2", "S3", "S4"]
    weighed = generated.ask("ring.weigh", "S4", body=generated.models.Weight(weight=2))
    assert isinstance(weighed, generated.models.WeighedServer)
    assert (weighed.hostname, weighed.weight) == ("S4", 2)
    assert balancer.replicas == ("S1", "S2", "S3", "S4")


def test_it_sees_what_is_refused_as_an_error(generated: Generated, balancer: InMemoryBalancer) -> None:
    before = balancer.whole_state()
    refused = generated.ask("fleet.remove", body=generated.models.Removal(n=4))
    assert isinstance(refused, generated.models.Error)
    assert (refused.message, refused.status) == ("<Error> n: 4 is too many: there are 3 servers", "failure")
    assert balancer.whole_state() == before


def test_it_sees_why_the_balancer_is_not_ready(generated: Generated, balancer: InMemoryBalancer) -> None:
    balancer.runtime.away.arm()
    balancer.step()
    told = generated.ask("health.ready")
    assert isinstance(told, generated.models.Health)
    assert told.ailments.additional_properties == {"engine": "the engine does not answer"}
