"""A real keeper with a real engine refuses every hostile call, and the engine is as it was."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.containers import DEPLOYMENT, ROLE
from tests.contract.docker_bench import DockerBench
from tests.contract.hostile_calls import Ground, corpus
from tests.contract.keeper_process import KeeperProcess

pytestmark = pytest.mark.docker

SECRET = "what-the-bystander-printed"  # noqa: S105 (made up)


@pytest.fixture
def ground(docker_bench: DockerBench) -> Iterator[Ground]:
    bench, name = docker_bench, docker_bench.lab.name
    volume = bench.volume("bystander")
    labels = {DEPLOYMENT: f"{name}-other", ROLE: "server", "ringmaster.ring_id": "1", "ringmaster.instance": "evil"}
    bystander = bench.neighbour(
        "bystander", labels=labels, volumes=[f"{volume}:/data"], command=["sh", "-c", f"echo {SECRET}; sleep 600"]
    )
    image = bench.lab.engine.images.get(bench.lab.server_image)
    foreign = bystander.commit(f"{name}-foreign")
    yield Ground(
        image=image.tags[0].partition(":")[0],
        content=str(image.id),
        digest=next(iter(image.attrs["RepoDigests"]), ""),
        foreign_image=f"{name}-foreign:latest",
        foreign_content=str(foreign.id),
        bystander=str(bystander.id),
        bystanders_name=str(bystander.name),
        bystanders_volume=volume,
    )
    bench.lab.engine.images.remove(str(foreign.id), force=True)


@pytest.fixture
def keeper(docker_bench: DockerBench, ground: Ground, tmp_path: Path) -> Iterator[KeeperProcess]:
    """As strict as it comes, for the bench's deployment."""
    spec = docker_bench.spec
    names = {"deployment": spec.deployment, "name_prefix": spec.name_prefix, "network": spec.network}
    image = {"server_image": ground.image, "server_image_id": ground.content, "server_memory": "64m"}
    with KeeperProcess(tmp_path, **names, **image) as keeper:
        yield keeper


def answer(keeper: KeeperProcess, call: bytes) -> list[dict[str, Any]]:
    """All lines of the answer; none where the keeper hung up."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(30)
        connection.connect(str(keeper.socket))
        with suppress(OSError):  # it may have heard enough
            connection.sendall(call)
            connection.shutdown(socket.SHUT_WR)
        lines = b""
        with suppress(ConnectionResetError):
            while part := connection.recv(65536):
                lines += part
    return [json.loads(line) for line in lines.splitlines()]


def picture(bench: DockerBench, ground: Ground) -> list[tuple[str, str, str]]:
    """What the engine has of all that the corpus speaks of. Other tests may use the same engine meanwhile, and give the
    same image a name of theirs."""
    api = bench.lab.engine.api
    words = (bench.lab.name, ground.content, ground.foreign_content, "evil")

    def names(tags: list[str] | None) -> list[str]:
        return [tag for tag in tags or [] if bench.lab.name in tag]

    seen = [
        *(("container", item, item["Id"], item["State"]) for item in api.containers(all=True)),
        *(("image", item, item["Id"], str(names(item["RepoTags"]))) for item in api.images(all=True)),
        *(("network", item, item["Id"], item["Name"]) for item in api.networks()),
        *(("volume", item, item["Name"], item["Mountpoint"]) for item in api.volumes()["Volumes"] or ()),
    ]
    return sorted((kind, *told) for kind, item, *told in seen if any(word in repr(item) for word in words))


@pytest.mark.timeout(180)
def test_every_hostile_call_is_refused_and_the_engine_is_as_it_was(
    docker_bench: DockerBench, ground: Ground, keeper: KeeperProcess, record_property: Any
) -> None:
    before = picture(docker_bench, ground)
    assert {kind for kind, *_ in before} == {"container", "image", "network", "volume"}
    calls = list(corpus(ground))
    assert len({call for _, call in calls}) >= 150
    record_property("hostile calls", len(calls))
    for what, call in calls:
        told = answer(keeper, call)
        assert not [line for line in told if "result" in line or "end" in line], (what, told)
        assert SECRET not in repr(told)
        assert keeper.process is not None
        assert keeper.process.poll() is None, f"{what} ended the keeper: {keeper.log}"
    assert picture(docker_bench, ground) == before
    told = [json.loads(line) for line in keeper.log.splitlines()]
    assert not [line for line in told if line["level"] not in ("info", "warning")]
    assert {"verb", "reason"} <= set(told[-1])
    assert SECRET not in keeper.log


def test_the_call_that_they_all_change_is_carried_out(ground: Ground, keeper: KeeperProcess) -> None:
    """So that it is the change that was refused."""
    for document, result in [
        (ground.start(), None),
        ({"verb": "find", "name": ground.image}, {"content": ground.content, "digest": ground.digest}),
        ({"verb": "rename", "instance": "evil", "name": "evil.spare"}, None),
        ({"verb": "is_stopped", "instance": "evil"}, False),
        ({"verb": "kill", "instance": "evil", "container": ground.bystander}, None),
    ]:
        told = answer(keeper, json.dumps(document).encode() + b"\n")
        assert told == [{"accepted": True}, {"result": result}, {"end": True}], document
    assert list(keeper.client.observe()) == ["evil"]


def test_a_container_of_somebody_else_is_none_for_the_keeper(
    docker_bench: DockerBench, ground: Ground, keeper: KeeperProcess
) -> None:
    """Well-formed calls about it, by its instance and by its id, answer as for a container that is not there."""
    client, before = keeper.client, picture(docker_bench, ground)
    for instance in ("evil", ground.bystanders_name, ground.bystander[:12]):
        assert client.last_output(instance) == ""
        assert not client.is_stopped(instance)
        client.stop(instance)
        client.kill(instance)
        client.kill(instance, ground.bystander)
        client.rename(instance, "mine")
    assert client.observe() == {}
    assert picture(docker_bench, ground) == before
