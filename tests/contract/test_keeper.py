"""What a keeper does beside the ports: it goes back to what was allowed, counts, and lets nobody hold it up."""

from __future__ import annotations

import json
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from balancer.core.errors import EngineUnavailable, PullFailed, StartFailed
from balancer.core.release import Release
from tests.contract.docker_bench import DockerBench
from tests.contract.keeper_process import KeeperProcess
from tests.contract.runtime_bench import joining
from tests.polling import stays, until

pytestmark = pytest.mark.docker

Keeper = Callable[..., KeeperProcess]


@pytest.fixture
def keeper(docker_bench: DockerBench, tmp_path: Path) -> Iterator[Keeper]:
    """Starts a keeper of the bench's deployment with these settings; the one before it ends."""
    spec, image = docker_bench.spec, docker_bench.lab.engine.images.get(docker_bench.lab.server_image)
    settings = {"deployment": spec.deployment, "name_prefix": spec.name_prefix, "network": spec.network}
    settings |= {"server_image": image.tags[0], "server_image_id": str(image.id)}
    with ExitStack() as running:

        def start(**changes: Any) -> KeeperProcess:
            running.close()
            return running.enter_context(KeeperProcess(tmp_path, **settings | changes))

        yield start


@pytest.fixture
def release(docker_bench: DockerBench) -> Release:
    """As the settings have it."""
    image = docker_bench.lab.engine.images.get(docker_bench.lab.server_image)
    return Release(1, image.tags[0], content=str(image.id))


def test_what_servers_run_may_be_started_again_under_another_policy(keeper: Keeper, release: Release) -> None:
    """A roll to another image fails, and has to go back."""
    keeper().client.start(joining("S1", 1), release)
    client = keeper(server_image="other", server_image_id="").client
    with pytest.raises(StartFailed, match=r"is beyond this deployment's policy; .* policy\.images"):
        client.start(joining("S2", 2), replace(release, environment={"ANOTHER": "release"}))
    assert client.find(release.content)
    client.observe()
    client.kill("S1")
    client.start(joining("S2", 2), release)
    client.kill("S2")
    client = keeper(server_image="other", server_image_id="").client
    with pytest.raises(StartFailed, match="policy"):
        client.start(joining("S3", 3), release)
    with pytest.raises(PullFailed, match=r"does not allow .* policy\.images"):
        client.find(release.content)


def test_there_are_no_more_servers_than_the_settings_allow(keeper: Keeper, release: Release) -> None:
    """All may be rolled at once, a surge beside them. One instance for several does not hide any."""
    client = keeper(max_servers="1", spares="0", roll_surge="1").client
    for number in range(3):
        client.start(joining("S1", number), release)
        client.rename("S1", f"S1.{number + 1}")
    with pytest.raises(StartFailed, match="there are 3 containers already"):
        client.start(joining("S4", 4), release)


@contextmanager
def frozen(keeper: KeeperProcess) -> Iterator[None]:
    assert keeper.process is not None
    keeper.process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        keeper.process.send_signal(signal.SIGCONT)


def test_a_call_to_a_keeper_that_hangs_is_given_up_in_seconds_and_never_begun(
    docker_bench: DockerBench, keeper: Keeper, release: Release
) -> None:
    process = keeper()
    client = process.client
    with frozen(process):
        began = time.monotonic()
        with pytest.raises(EngineUnavailable, match="docker start ringmaster-keeper; docker unpause ringmaster-keeper"):
            client.start(joining("S1", 1), release)
        assert time.monotonic() - began < 20
    assert client.observe() == {}
    stays(lambda: docker_bench.names == set(), "nothing is started", seconds=1)


def test_a_keeper_that_is_not_there_is_told_with_what_to_do(keeper: Keeper, tmp_path: Path) -> None:
    process = keeper()
    (tmp_path / "keeper.sock").unlink()
    with pytest.raises(EngineUnavailable, match=r"the keeper does not answer \(.*No such file.*\); try: docker start"):
        process.client.observe()


def test_a_new_stream_of_events_ends_the_old_one(keeper: Keeper, release: Release) -> None:
    client = keeper().client
    ended = threading.Event()

    def listen() -> None:
        with pytest.raises(EngineUnavailable):
            list(client.engine_events())
        ended.set()

    def another() -> bool:
        threading.Thread(target=listen_on, daemon=True).start()
        return ended.wait(0.5)

    def listen_on() -> None:
        with suppress(EngineUnavailable):
            list(client.engine_events())

    threading.Thread(target=listen, daemon=True).start()
    until(another, "the first stream has ended", within=10)


def test_callers_that_say_nothing_hold_nobody_up(keeper: Keeper) -> None:
    """They are as many as there are places; each is thrown out in time."""
    process = keeper(max_servers="1", spares="0", roll_surge="1")
    with ExitStack() as held:
        for _ in range(3 + 32):
            caller = held.enter_context(socket.socket(socket.AF_UNIX))
            caller.connect(str(process.socket))
        with pytest.raises(EngineUnavailable):
            process.client.observe()
        until(lambda: _answers(process), "the keeper answers", within=8)


def _answers(process: KeeperProcess) -> bool:
    try:
        return process.client.observe() == {}
    except EngineUnavailable:
        return False


def test_a_file_of_credentials_that_cannot_be_used_ends_no_keeper(keeper: Keeper, tmp_path: Path) -> None:
    file = tmp_path / "config.json"
    file.write_text('{"credsStore":"desktop"}')
    process = keeper(registry_config=str(file))
    assert process.client.observe() == {}
    assert "it names credsStore" in json.loads(process.log.splitlines()[0])["reason"]
