"""What every Images promises: a real engine with a private registry, a keeper before it, and the one in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path

import pytest

from balancer.core.errors import EngineUnavailable, PullFailed
from balancer.core.image import Image
from balancer.ports.images import Images
from tests.contract.images_bench import DockerBench, FakeBench, ImagesBench
from tests.registry import USER, Registry

pytestmark = pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")
"""Those of the Docker client that could not connect."""

FAKE = "fake"
DOCKER, KEEPER = (pytest.param(name, marks=pytest.mark.docker) for name in ("docker", "keeper"))


@pytest.fixture(scope="module")
def registry() -> Iterator[Registry]:
    with Registry() as registry:
        yield registry


@pytest.fixture(params=[DOCKER, KEEPER])
def docker_images(request: pytest.FixtureRequest, registry: Registry, tmp_path: Path) -> Iterator[DockerBench]:
    with DockerBench(tmp_path, registry) as bench:
        if request.param == "keeper":
            bench.start_keeper()
        yield bench


@pytest.fixture(params=[FAKE, DOCKER, KEEPER])
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ImagesBench]:
    if request.param == FAKE:
        yield FakeBench()
        return
    with DockerBench(tmp_path, request.getfixturevalue("registry")) as bench:
        if request.param == "keeper":
            bench.start_keeper()
        yield bench


def found(bench: ImagesBench, name: str) -> Image:
    image = bench.images.find(name)
    assert image is not None
    return image


def test_a_name_means_what_was_built_last_and_a_content_stays_what_it_is(bench: ImagesBench) -> None:
    assert bench.images.find("bench-own:1") is None
    first = bench.build("bench-own:1")
    assert found(bench, "bench-own:1").content == first
    second = bench.build("bench-own:1")
    assert found(bench, "bench-own:1").content == second != first
    assert found(bench, first).content == first
    bench.remove(first)
    assert bench.images.find(first) is None


def test_what_is_pulled_is_there_and_can_be_pulled_again_by_its_digest(bench: ImagesBench) -> None:
    name = bench.push("app:1")
    assert bench.images.find(name) is None
    last = list(bench.images.pull(name))[-1]
    assert last.layers == last.layers_done == 2
    # With containerd's store an engine looks every 0.1 s, and tells no bytes of a layer that came in between.
    assert last.size == last.loaded
    assert last.size == 0 or last.size > 1_000_000
    image = found(bench, name)
    assert image.digest.startswith(f"{name.rpartition(':')[0]}@sha256:")
    bench.remove(image.content)
    assert bench.images.find(image.content) is None
    assert list(bench.images.pull(image.digest))
    assert found(bench, image.content) == found(bench, image.digest) == image


def test_a_name_that_means_something_else_in_the_registry_is_pulled_anew(bench: ImagesBench) -> None:
    name = bench.push("moving:1")
    assert list(bench.images.pull(name))
    before = found(bench, name)
    assert bench.push("moving:1") == name
    assert found(bench, name) == before
    assert list(bench.images.pull(name))
    assert found(bench, name) != before


def test_what_the_engine_does_not_take_for_a_name_is_told_with_its_reason(bench: ImagesBench) -> None:
    with pytest.raises(PullFailed, match="invalid reference format"):
        bench.images.find("a..b/app:1")


def test_a_pull_of_what_no_registry_has_fails_with_a_reason(bench: ImagesBench) -> None:
    name = bench.push("app:1")
    with pytest.raises(PullFailed, match=r"manifest unknown|app:1\.9: not found"):
        list(bench.images.pull(f"{name}.9"))


def test_a_pull_that_fails_half_way_tells_the_engines_own_reason(bench: ImagesBench) -> None:
    name = bench.spoil()
    with pytest.raises(PullFailed, match=r"no space left on device|layer verification failed|unexpected commit digest"):
        list(bench.images.pull(name))
    assert bench.images.find(name) is None


def test_a_registry_that_never_answers_is_told_of_and_holds_nothing_up(bench: ImagesBench) -> None:
    with closing(bench.images.pull(bench.silent)) as pull:
        assert [progress.layers for progress in islice(pull, 3)] == [0, 0, 0]
        assert bench.images.find(bench.silent) is None


CALLS: tuple[Callable[[Images], object], ...] = (
    lambda images: images.find("app:1"),
    lambda images: list(images.pull("app:1")),
)


@pytest.mark.parametrize("call", CALLS)
def test_a_call_to_an_engine_that_is_away_says_so(bench: ImagesBench, call: Callable[[Images], object]) -> None:
    with bench.away(), pytest.raises(EngineUnavailable):
        call(bench.images)
    assert bench.images.find("bench-own:9") is None


def test_a_pull_whose_engine_goes_away_says_so(bench: ImagesBench) -> None:
    pull = bench.images.pull(bench.silent)
    next(pull)
    with bench.away(), pytest.raises(EngineUnavailable):
        list(pull)


# Credentials, which the engine in memory does not know.


@pytest.mark.docker
def test_credentials_are_read_at_each_pull_and_shown_nowhere(docker_images: DockerBench) -> None:
    bench = docker_images
    name = bench.push("private:1")
    right = bench.file.read_text()
    bench.file.write_text("{}")
    with pytest.raises(PullFailed, match="no basic auth credentials"):
        list(bench.images.pull(name))
    bench.file.write_text(right.replace(bench.registry.address, "registry.invalid"))
    with pytest.raises(PullFailed, match="no basic auth credentials"):
        list(bench.images.pull(name))
    auths = {bench.registry.address: {"username": USER, "password": "wrong-word"}}
    bench.file.write_text(bench.registry.config(auths=auths))
    with pytest.raises(PullFailed, match=r"(?i)unauthorized") as refused:
        list(bench.images.pull(name))
    assert "wrong-word" not in str(refused.value)
    bench.file.write_text(right)
    assert list(bench.images.pull(name))


@pytest.mark.docker
def test_a_file_that_cannot_be_used_is_the_reason(docker_images: DockerBench) -> None:
    docker_images.file.write_text('{"credsStore":"desktop"}')
    with pytest.raises(PullFailed, match=r"registry_config: .*config\.json: it names credsStore"):
        list(docker_images.images.pull("app:1"))
