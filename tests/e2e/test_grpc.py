"""A deployment of gRPC servers: it comes up, rolls and meets changes under load, and no call is lost."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import docker
import grpc
import pytest

from tests.deployment import PROJECT, Deployment, base_image
from tests.e2e.test_deploy import MARK, end, marks

pytestmark = [pytest.mark.docker, pytest.mark.terraform]

IMAGE = "ringmaster-test-grpc:1"
HEALTH = "/grpc.health.v1.Health/Check"
WHO = "/test.Echo/Who"


@pytest.fixture(scope="module")
def image() -> Iterator[str]:
    engine = docker.from_env()
    try:
        folder = PROJECT / "tests" / "protocol_servers"
        engine.images.build(path=str(folder), tag=IMAGE, buildargs={"BASE_IMAGE": base_image()}, forcerm=True)
        yield IMAGE
        engine.images.remove(IMAGE, force=True, noprune=True)
    finally:
        engine.close()


@pytest.fixture(scope="module")
def grpc_system(image: str) -> Iterator[Deployment]:
    with Deployment(server_image=image, server_protocol="h2c", heartbeat_path=HEALTH) as deployment:
        yield deployment


class Calls:
    """Unary calls without a pause, from four callers on one channel."""

    def __init__(self) -> None:
        self.served: Counter[bytes] = Counter()
        self.failures: list[str] = []


@contextmanager
def calls(system: Deployment) -> Iterator[Calls]:
    seen, ended = Calls(), threading.Event()

    def call(channel: grpc.Channel) -> None:
        while not ended.is_set():
            try:
                seen.served[channel.unary_unary(WHO)(b"", timeout=20)] += 1
            except grpc.RpcError as error:
                seen.failures.append(f"{error.code()}: {error.details()}")

    with grpc.insecure_channel(system.url.removeprefix("http://")) as channel, ThreadPoolExecutor(4) as pool:
        running = [pool.submit(call, channel) for _ in range(4)]
        try:
            yield seen
        finally:
            ended.set()
        for each in running:
            each.result()


def test_a_roll_of_grpc_servers_loses_no_call(grpc_system: Deployment) -> None:
    with calls(grpc_system) as seen:
        assert grpc_system.deploy({"environment": {MARK: "rolled"}}).status == 202
        assert end(grpc_system) == "done"
    print(f"{seen.served.total()} calls during a roll, {len(seen.failures)} failed")  # noqa: T201 (for the log)
    assert seen.failures == []
    assert seen.served.keys() == {b"S1", b"S2", b"S3"}
    assert marks(grpc_system) == {"rolled"}


def test_servers_that_come_and_go_cost_no_call(grpc_system: Deployment) -> None:
    with calls(grpc_system) as seen:
        assert grpc_system.add(1, ["S4"]).status == 200
        assert grpc_system.rm(1, ["S4"]).status == 200
    assert seen.failures == []
    assert grpc_system.is_ready


@pytest.mark.long
def test_another_protocol_is_a_roll_like_any_other(grpc_system: Deployment) -> None:
    """The same image has a server that speaks HTTP/1.1."""
    plain = {"protocol": "http", "heartbeat_path": "/", "command": ["python3", "websocket_server.py"]}
    assert grpc_system.deploy(plain).status == 202
    assert end(grpc_system) == "done"
    assert grpc_system.operate("GET", "/deploy").document["release"]["protocol"] == "http"
    back = {"protocol": "h2c", "heartbeat_path": HEALTH, "command": []}
    assert grpc_system.deploy(back).status == 202
    assert end(grpc_system) == "done"
    with calls(grpc_system) as seen:
        assert grpc_system.add(1, ["S5"]).status == 200
    assert seen.failures == []
    assert b"S5" in seen.served or len(seen.served) == 3
