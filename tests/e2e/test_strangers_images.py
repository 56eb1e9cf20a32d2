"""Images of strangers: names that come to mean something else, pulls that last or fail, private registries, and what
`docker image prune -af` takes away."""

from __future__ import annotations

import json
import re
import secrets
import time
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest

from tests.containers import crash, started
from tests.deployment import Deployment
from tests.own_image import stranger_image
from tests.polling import until
from tests.registry import Registry, SilentRegistry, archive, write_config
from tests.system import ON_THEIR_WAY

pytestmark = [pytest.mark.docker, pytest.mark.terraform]

TAG = f"ringmaster-test-strangers-{secrets.token_hex(3)}"
PULL_TIMEOUT = 8
OVERRIDE = """
module "keeper" {
  registry    = { source = "%s", target = "/run/registry" }
  environment = merge(local.keeper_settings, { RINGMASTER_REGISTRY_CONFIG = "/run/registry/config.json" })
}

module "balancer" {
  environment = merge(local.settings, { RINGMASTER_PULL_TIMEOUT = "%d" })
}
"""


class Images:
    """Images of the stranger's application that differ in what they answer."""

    def __init__(self, base: str) -> None:
        self.engine = docker.from_env()
        self.names: set[str] = set()
        self._base = self.engine.images.get(base).id

    def build(self, name: str, version: str, **environment: str) -> str:
        """The name means an image of this version on the engine from now on. Returns the image's id."""
        lines = [f"ENV {key}={value}" for key, value in {"VERSION": version, **environment}.items()]
        context = archive({"Dockerfile": "\n".join([f"FROM {self._base}", *lines, ""])})
        image, _ = self.engine.images.build(fileobj=context, custom_context=True, tag=name, forcerm=True)
        self.names |= {name, str(image.id)}
        return str(image.id)

    def close(self) -> None:
        for name in self.names:
            try:
                self.engine.images.remove(name, force=True)
            except docker.errors.ImageNotFound:
                continue
        self.engine.close()


@pytest.fixture(scope="module")
def images() -> Iterator[Images]:
    with stranger_image(f"{TAG}:base") as base:
        images = Images(base)
        yield images
        images.close()


@pytest.fixture(scope="module")
def registry() -> Iterator[Registry]:
    with Registry() as registry:
        yield registry


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The config.json that the keeper reads. It has no credentials yet."""
    return write_config(tmp_path_factory.mktemp("registry"), "{}")


@pytest.fixture(scope="module")
def system(images: Images, config: Path) -> Iterator[Deployment]:
    images.build(f"{TAG}:1", "-one")
    with Deployment(
        override=OVERRIDE % (config.parent, PULL_TIMEOUT),
        policy={"images": ["*"]},
        replicas=2,
        server_image=f"{TAG}:1",
        server_port=8080,
        heartbeat_path="/healthz",
        heartbeat={"start_grace": 6},
        stop_timeout=1,
    ) as system:
        yield system


def versions(system: Deployment) -> set[str]:
    """What the servers answer, without their names."""
    return {system.get("/").text.partition("-")[2] for _ in range(40)}


def lose_a_server(system: Deployment) -> None:
    lost = system.replicas[0]
    crash(system.containers.server(lost))
    until(lambda: lost not in system.replicas and system.is_ready, "it is replaced", within=30)


def end(system: Deployment) -> tuple[str, str]:
    until(lambda: system.stage not in ("", *ON_THEIR_WAY), "the deploy has ended", within=90)
    deploy = system.operate("GET", "/deploy").document["deploy"]
    return deploy["stage"], deploy["reason"]


def test_a_name_that_is_built_anew_changes_no_server_until_it_is_deployed(system: Deployment, images: Images) -> None:
    """Case 11: neither by a replacement, nor by a restart of the balancer, nor by a deploy that goes back."""
    built = images.build(f"{TAG}:1", "-two")
    lose_a_server(system)
    assert versions(system) == {"one"}
    images.build(f"{TAG}:deaf", "-deaf", HEALTH_STATUS="503")
    assert system.deploy({"image": f"{TAG}:deaf"}).status == 202
    assert end(system)[0] == "rolled back"
    before = started(system.containers.balancer)
    crash(system.containers.balancer)
    until(lambda: started(system.containers.balancer) != before, "the balancer is restarted", within=30)
    until(lambda: system.is_ready and system.replicas, "it has its fleet again", within=60)
    lose_a_server(system)
    assert versions(system) == {"one"}
    assert system.deploy({"image": f"{TAG}:1"}).status == 202
    assert end(system) == ("done", "")
    assert versions(system) == {"two"}
    assert system.operate("GET", "/deploy").document["release"]["content"] == built


def test_a_registry_that_never_answers_holds_nothing_up(system: Deployment) -> None:
    """Case 14."""
    with SilentRegistry() as silent:
        name = f"{silent.address}/app:1"
        assert system.deploy({"image": name}).status == 202
        assert silent.asked.wait(10)
        until(lambda: pulling(system), "the pull is told", within=5)
        assert system.deploy({}).status == 409
        assert system.add(1, ["S7"]).status == 200
        assert system.rm(1, ["S7"]).status == 200
        assert (system.stage, system.is_ready) == ("pulling", True)
        assert system.operate("DELETE", "/deploy").document["deploy"]["stage"] == "rolled back"
        began = time.monotonic()
        assert system.deploy({"image": name}).status == 202
        lose_a_server(system)
        assert end(system)[0] == "rolled back"
        assert time.monotonic() - began < PULL_TIMEOUT + 20
        reason = system.operate("GET", "/deploy").document["deploy"]["reason"]
    assert reason == f"{name} was not pulled within {PULL_TIMEOUT} s: the registry has not begun to answer"
    assert versions(system) == {"two"}


def pulling(system: Deployment) -> object:
    return system.operate("GET", "/deploy").document["deploy"]["pulling"]


def test_a_private_registry_is_read_with_credentials_that_nobody_sees(
    system: Deployment, images: Images, registry: Registry, config: Path
) -> None:
    """Case 15. The file is read at each pull, so the credentials may come later."""
    images.build(f"{TAG}:private", "-private")
    name = registry.push(f"{TAG}:private", "team/app:1")
    images.names.add(name)
    images.engine.images.remove(f"{TAG}:private", noprune=True)
    system.deploy({"image": name})
    stage, reason = end(system)
    assert (stage, "no basic auth credentials" in reason) == ("rolled back", True)
    config.write_text(registry.config())
    system.deploy({"image": name})
    assert end(system) == ("done", "")
    assert versions(system) == {"private"}
    told = [system.operate("GET", path).text for path in ("/deploy", "/events?limit=1000", "/readyz", "/healthz")]
    told += [system.containers.logs("balancer", since=1), repr(system.fleet), repr(system.settings)]
    told += [system.containers.logs("keeper", since=1), json.dumps(system.containers.keeper.attrs)]
    told.append(json.dumps(system.containers.balancer.attrs))
    assert not [text for text in told if registry.password in text]


def test_a_name_that_moves_in_its_registry_is_pulled_on_purpose(
    system: Deployment, images: Images, registry: Registry
) -> None:
    images.build(f"{TAG}:moved", "-moved")
    name = registry.push(f"{TAG}:moved", "team/app:1")
    system.deploy({"image": name})
    assert end(system) == ("done", "")
    assert versions(system) == {"private"}
    system.deploy({"pull": True})
    assert end(system) == ("done", "")
    assert versions(system) == {"moved"}
    before = system.standing
    system.deploy({"pull": True})
    assert end(system) == ("done", "")
    assert system.standing == before


def test_what_was_pruned_is_pulled_again_by_its_digest(system: Deployment, images: Images) -> None:
    """The engine prunes no image of a container that is there, so first there is none."""
    release = system.operate("GET", "/deploy").document["release"]
    assert system.rm(2).status == 200
    images.engine.images.remove(release["content"], force=True)
    answer = system.add(1)
    assert (answer.status, "docker image prune -af" in answer.text) == (500, True)
    until(lambda: system.is_ready, "the image is there again", within=30)
    assert system.add(2).status == 200
    assert versions(system) == {"moved"}


def test_a_pull_that_breaks_off_tells_the_engines_own_reason(
    system: Deployment, images: Images, registry: Registry
) -> None:
    """Case 16."""
    big = archive({"Dockerfile": "FROM scratch\nCOPY big /big\n", "big": secrets.token_bytes(3_000_000)})
    images.engine.images.build(fileobj=big, custom_context=True, tag=f"{TAG}:big", forcerm=True)
    name = registry.push(f"{TAG}:big", "team/big:1")
    images.engine.images.remove(f"{TAG}:big")
    registry.spoil()
    system.deploy({"image": name})
    stage, reason = end(system)
    assert (stage, f"{name} cannot be pulled: " in reason) == ("rolled back", True)
    assert re.search("filesystem layer verification failed|unexpected commit digest", reason), reason


def test_what_was_built_here_and_pruned_is_told_with_what_to_do(system: Deployment, images: Images) -> None:
    local = images.build(f"{TAG}:local", "-local")
    system.deploy({"image": f"{TAG}:local"})
    assert end(system) == ("done", "")
    assert system.rm(2).status == 200
    images.engine.images.remove(local, force=True)
    assert system.add(1).status == 500
    why = (
        f"the image {TAG}:local ({local}) is no longer on the engine; it may have been removed by "
        f'`docker image prune -af`: build or pull it again, then POST /deploy {{"image": "{TAG}:local"}}'
    )
    # An engine with containerd's store has a digest of what no registry has, by which it is tried to pull it first.
    until(lambda: system.healthz().document["ailments"].get("image", "").startswith(why), "it is told", within=10)
    images.build(f"{TAG}:local", "-again")
    assert system.deploy({"image": f"{TAG}:local"}).status == 202
    assert end(system) == ("done", "")
    assert system.add(2).status == 200
    assert versions(system) == {"again"}
