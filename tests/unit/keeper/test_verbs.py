"""What the keeper lets go beyond its policy: what servers were made of, known by the whole fingerprint."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import cast

import pytest

from balancer.adapters.docker_images import DockerImages
from balancer.core.errors import InvalidRequest, StartFailed, Superseded
from balancer.core.fleet import Server
from balancer.core.image import Image
from balancer.core.observed import Observed
from balancer.core.policy import Policy
from balancer.core.release import Release
from keeper.verbs import Runtime, Verbs
from tests.fakes.revisions import MemoryRevisions

CONTENT = f"sha256:{'0a' * 32}"
HOSTS = Release(image="shop", volumes=("/:/host",), content=CONTENT)
"""It has a folder of the host, which no policy allows."""


@dataclass
class Engine:
    """It lists containers with these fingerprints, all of one image."""

    fingerprints: Iterable[str]
    started: list[Release] = field(default_factory=list)
    listed: int = 0

    def containers(self) -> list[Observed]:
        self.listed += 1
        return [
            Observed(f"S{number}", number, True, "", "", 1, f"S{number}", image=CONTENT, fingerprint=fingerprint)
            for number, fingerprint in enumerate(self.fingerprints)
        ]

    def start(self, server: Server, release: Release, *, avoid: Collection[str] = ()) -> None:
        self.started.append(release)


@dataclass
class Images:
    names: tuple[str, ...] = ("shop:1",)

    def find(self, name: str) -> Image | None:
        return self.look(name)[0]

    def look(self, name: str) -> tuple[Image | None, tuple[str, ...]]:
        return Image(CONTENT), self.names


def verbs(engine: Engine, images: Images | None = None, *, servers: int = 1_000_000) -> Verbs:
    policy = Policy(release=Release(image="shop"), servers=servers, surge=2)
    return Verbs(
        runtime=cast(Runtime, engine), local=None, images=cast(DockerImages, images or Images()), policy=policy
    )


def start(keeper: Verbs, release: Release) -> None:
    server = {"hostname": "S9", "ring_id": 9, "rolled": False, "generation": 1}
    what = {"number": release.number, "content": release.content, **release.document()}
    list(keeper.results({"verb": "start", "server": server, "release": what, "avoid": []}))


@pytest.mark.parametrize("fingerprint", [HOSTS.fingerprint, HOSTS.fingerprint[:16]])
def test_what_a_server_is_made_of_stays_allowed_also_as_version_5_labelled_it(fingerprint: str) -> None:
    engine = Engine([fingerprint])
    start(verbs(engine), HOSTS)
    assert [release.volumes for release in engine.started] == [("/:/host",)]


@pytest.mark.parametrize("fingerprint", ["", HOSTS.fingerprint[:16] + "0" * 48, HOSTS.fingerprint[:32]])
def test_a_release_that_shares_only_a_part_of_its_fingerprint_is_another_one(fingerprint: str) -> None:
    """Two releases that share 64 bits can be looked for: one that the policy allows, and one that it does not."""
    engine = Engine([fingerprint])
    with pytest.raises(StartFailed, match="server_volumes only"):
        start(verbs(engine), HOSTS)
    assert not engine.started


def test_a_start_lists_the_containers_once() -> None:
    engine = Engine([HOSTS.fingerprint] * 3)
    keeper = verbs(engine)
    list(keeper.results({"verb": "observe"}))
    for _ in range(5):
        start(keeper, HOSTS)
    assert engine.listed == 1 + 5


def test_a_call_may_see_new_containers_while_another_looks_through_those_of_before() -> None:
    engine = Engine(["0" * 64])
    keeper = verbs(engine, Images(names=("foreign:1",)))

    class Interrupted(str):
        """A content during whose comparison another call comes."""

        __hash__ = str.__hash__
        __slots__ = ()

        def __eq__(self, other: object) -> bool:
            engine.fingerprints = ["1" * 64]
            list(keeper.results({"verb": "observe"}))
            return str.__eq__(self, other)

    keeper._seen.add(("2" * 64, Interrupted(CONTENT)))
    list(keeper.results({"verb": "find", "name": CONTENT}))


@pytest.mark.parametrize(("at_first", "now", "is_started"), [(3, 2, True), (3, 4, True), (3, 5, False), (0, 2, False)])
def test_where_there_were_more_containers_than_the_settings_allow_they_can_be_replaced_and_rolled(
    at_first: int, now: int, is_started: bool
) -> None:
    engine = Engine(["0" * 64] * at_first)
    keeper = verbs(engine, servers=2)
    list(keeper.results({"verb": "observe"}))
    engine.fingerprints = ["0" * 64] * now
    if not is_started:
        with pytest.raises(StartFailed, match=f"there are {max(2, at_first + 2)} containers already"):
            start(keeper, Release(image="shop"))
    else:
        start(keeper, Release(image="shop"))
    assert len(engine.started) == is_started


def on_a_swarm(engine: Engine, *, servers: int = 1_000_000) -> Verbs:
    return Verbs(
        runtime=cast(Runtime, engine),
        local=None,
        images=cast(DockerImages, Images()),
        policy=Policy(release=Release(image="shop"), servers=servers, surge=0),
        revisions=MemoryRevisions(),
    )


def test_a_keeper_of_a_swarm_keeps_revisions_and_gives_them_back() -> None:
    keeper = on_a_swarm(Engine([]))
    content = b64encode(b"\x00\xff fleet").decode()
    assert list(keeper.results({"verb": "newest"})) == [None]
    assert list(keeper.results({"verb": "replace", "expected": 0, "content": content})) == [1]
    assert list(keeper.results({"verb": "newest"})) == [{"revision": 1, "content": content}]
    with pytest.raises(Superseded):
        list(keeper.results({"verb": "replace", "expected": 0, "content": content}))


@pytest.mark.parametrize(
    ("expected", "content"), [(-1, "AA=="), (True, "AA=="), ("0", "AA=="), (0, "AA="), (0, "A A="), (0, None), (0, "é")]
)
def test_a_revision_is_a_number_and_its_content_is_base64(expected: object, content: object) -> None:
    keeper = on_a_swarm(Engine([]))
    with pytest.raises(InvalidRequest):
        list(keeper.results({"verb": "replace", "expected": expected, "content": content}))
    assert list(keeper.results({"verb": "newest"})) == [None]


@pytest.mark.parametrize("verb", ["rename", "is_stopped"])
def test_a_keeper_of_a_swarm_has_no_verbs_of_one_host(verb: str) -> None:
    with pytest.raises(InvalidRequest, match="there is no such verb"):
        on_a_swarm(Engine([])).results({"verb": verb, "instance": "S1", "name": "S2"})


@pytest.mark.parametrize("verb", ["newest", "replace"])
def test_a_keeper_of_one_host_keeps_no_revisions(verb: str) -> None:
    with pytest.raises(InvalidRequest, match="there is no such verb"):
        verbs(Engine([])).results({"verb": verb, "expected": 0, "content": ""})


@pytest.mark.parametrize(
    ("running", "ending", "status", "is_started"),
    [
        (True, False, "running", False),
        (True, True, "running", False),  # a hung one, killed: it takes its place until it has ended
        (False, False, "failed", False),
        (False, False, "preparing", True),
        (False, True, "its node node2 is down", True),
    ],
)
def test_what_may_run_takes_a_place_on_a_swarm(running: bool, ending: bool, status: str, is_started: bool) -> None:
    engine = Engine([])
    keeper = on_a_swarm(engine, servers=1)
    list(keeper.results({"verb": "observe"}))
    seen = Observed("S1", 1, running, status=status, ending=ending, node="node2")
    engine.containers = lambda: [seen]  # type: ignore[method-assign]
    if is_started:
        start(keeper, Release(image="shop"))
    else:
        with pytest.raises(StartFailed, match="there are 1 containers already"):
            start(keeper, Release(image="shop"))
