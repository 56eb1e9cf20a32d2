"""The revisions of a fleet, from a balancer through the keeper's socket and back."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest

from balancer.adapters.docker_images import DockerImages
from balancer.adapters.keeper_client import KeeperClient
from balancer.core.errors import StateUnavailable, Superseded
from balancer.core.policy import Policy
from balancer.core.release import Release
from keeper.server import KeeperServer
from keeper.verbs import Runtime, Verbs
from tests.fakes.revisions import MemoryRevisions


@pytest.fixture
def memory() -> MemoryRevisions:
    return MemoryRevisions()


@pytest.fixture
def client(tmp_path: Path, memory: MemoryRevisions) -> Iterator[KeeperClient]:
    nothing = cast(Runtime, None), cast(DockerImages, None)
    policy = Policy(release=Release(image="shop"), servers=1, surge=0)
    verbs = Verbs(runtime=nothing[0], local=None, images=nothing[1], policy=policy, revisions=memory)
    with KeeperServer(tmp_path / "keeper.sock", verbs, most_calls=4) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield KeeperClient(tmp_path / "keeper.sock", name="ringmaster-keeper")
        server.shutdown()
        thread.join()


def test_what_was_saved_comes_back_also_where_it_is_large(client: KeeperClient) -> None:
    """65 536 slots with 1 000 names are 703 KB."""
    assert client.newest() is None
    for revision, content in enumerate((b"\x00\xff", b"", bytes(range(256)) * 4000)):
        assert client.replace(revision, content) == revision + 1
        assert client.newest() == (revision + 1, content)


def test_the_balancer_that_was_slower_is_told(client: KeeperClient) -> None:
    client.replace(0, b"one")
    with pytest.raises(Superseded, match="another balancer has saved revision 1"):
        client.replace(0, b"two")
    assert client.newest() == (1, b"one")


def test_a_number_far_beyond_the_newest_is_refused(client: KeeperClient) -> None:
    """Else a balancer that was taken over could use up all numbers, and no other one could save ever again."""
    assert client.replace(client.replace(0, b"one"), b"two") == 2
    for expected in (4, 2**31 - 1):
        with pytest.raises(Superseded, match="another balancer has saved revision 2"):
            client.replace(expected, b"far")
    assert client.newest() == (2, b"two")
    assert client.replace(3, b"four") == 4, "somebody may have taken the newest one away"


def test_the_reason_why_there_is_no_state_is_told(client: KeeperClient, memory: MemoryRevisions) -> None:
    memory.away.arm()
    with pytest.raises(StateUnavailable, match="no answer"):
        client.newest()


def test_a_keeper_that_is_not_there_keeps_no_state(tmp_path: Path) -> None:
    absent = KeeperClient(tmp_path / "no.sock", name="ringmaster-keeper", is_service=True)
    for call in (absent.newest, lambda: absent.replace(0, b"")):
        with pytest.raises(StateUnavailable, match="docker service ps ringmaster-keeper"):
            call()
