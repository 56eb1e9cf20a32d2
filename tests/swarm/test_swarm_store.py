"""The fleet in the raft log of three managers: what every fleet store promises, and what only Swarm's configs can
show."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import cycle

import docker
import pytest

from balancer.adapters.revision_store import RevisionStore
from balancer.adapters.swarm import configs
from balancer.adapters.swarm.configs import SwarmConfigs
from balancer.core.catalogue import Catalogue
from balancer.core.errors import StateUnavailable, Superseded
from balancer.core.release import Release
from tests.contract.store_promises import LARGE, SETTINGS, SMALL, StorePromises, is_superseded
from tests.playground import Playground
from tests.polling import until

pytestmark = pytest.mark.timeout(300)
DEPLOYMENT, ROLE = "ringmaster.deployment", "ringmaster.role"


class SwarmBench:
    """A deployment of its own. Each store asks another manager than the one before."""

    def __init__(self, swarm: Playground, monkeypatch: pytest.MonkeyPatch, *, deployment: str = "") -> None:
        self.deployment = deployment or f"test-{secrets.token_hex(3)}"
        self.client = swarm.client(swarm.nodes[0])
        self._swarm = swarm
        self._nodes = cycle(swarm.nodes)
        self._monkeypatch = monkeypatch
        self._open = ExitStack()

    def close(self) -> None:
        self._open.close()
        for config in self.present:
            config.remove()

    def configs(self, *, name_prefix: str = "") -> SwarmConfigs:
        found = SwarmConfigs(self.deployment, name_prefix)
        self._monkeypatch.setenv("DOCKER_HOST", self._swarm.host(next(self._nodes)))
        found.newest()  # It connects to this manager from now on.
        self._open.callback(found.close)
        return found

    def store(self) -> RevisionStore:
        return RevisionStore(self.configs(), catalogue=Catalogue(), profile=SETTINGS, release=Release())

    @contextmanager
    def full(self) -> Iterator[None]:
        with self._monkeypatch.context() as patch:
            patch.setattr(configs, "_MOST", 100)
            yield

    def damage(self) -> None:
        for config in self.present:
            config.remove()
            self.create(config.name, b"{")

    @property
    def present(self) -> list[docker.models.configs.Config]:
        found = self.client.configs.list(filters={"label": f"{DEPLOYMENT}={self.deployment}"})
        return sorted(found, key=lambda config: str(config.name))

    @property
    def names(self) -> list[str]:
        return [config.name for config in self.present]

    def create(self, name: str, data: bytes, *, is_ours: bool = True) -> None:
        labels = {DEPLOYMENT: self.deployment, ROLE: "state"} if is_ours else {}
        self.client.api.create_config(name, data, labels=labels)


@pytest.fixture
def bench(swarm: Playground, monkeypatch: pytest.MonkeyPatch) -> Iterator[SwarmBench]:
    swarm.wait_until_whole()
    bench = SwarmBench(swarm, monkeypatch)
    try:
        yield bench
    finally:
        bench.close()


class TestSwarmStore(StorePromises):
    """A store over Swarm's configs."""


def test_the_newest_two_revisions_are_kept(bench: SwarmBench) -> None:
    revisions = bench.configs()
    for number in range(5):
        assert revisions.replace(number, b"%d" % number) == number + 1
    assert bench.names == [f"ringmaster-state-{bench.deployment}-{number}" for number in (4, 5)]
    assert bench.configs().newest() == (5, b"4")


def test_a_config_carries_the_labels_of_the_deployment_and_is_packed(bench: SwarmBench) -> None:
    bench.store().save(LARGE)
    [config] = bench.present
    assert config.attrs["Spec"]["Labels"] == {DEPLOYMENT: bench.deployment, ROLE: "state"}
    assert len(base64.b64decode(config.attrs["Spec"]["Data"])) < 300_000
    assert bench.store().load() == LARGE


def test_where_the_newest_is_damaged_the_one_before_stands_for_it(
    bench: SwarmBench, caplog: pytest.LogCaptureFixture
) -> None:
    revisions = bench.configs()
    revisions.replace(revisions.replace(0, b"first"), b"second")
    damaged = bench.names[-1]
    bench.create(damaged.removesuffix("2") + "3", b"{")
    assert bench.configs().newest() == (3, b"second")
    assert {record.message for record in caplog.records} == {"state damaged"}
    assert revisions.replace(3, b"third") == 4


def test_a_number_that_was_swept_is_not_given_again(bench: SwarmBench) -> None:
    """Its name is free."""
    revisions = bench.configs()
    for number in range(6):
        revisions.replace(number, b"x")
    before = bench.names
    for expected in range(5):
        with pytest.raises(Superseded, match="another balancer has saved revision 6"):
            bench.configs().replace(expected, b"late")
    assert bench.names == before
    assert bench.configs().newest() == (6, b"x")


def test_a_config_that_somebody_else_gave_the_next_name_is_said_to_be_there(bench: SwarmBench) -> None:
    name = f"ringmaster-state-{bench.deployment}-1"
    bench.create(name, b"x", is_ours=False)
    try:
        with pytest.raises(StateUnavailable, match=f"there is a config named {name} without the labels"):
            bench.configs().replace(0, b"x")
    finally:
        bench.client.configs.get(name).remove()


def test_deployments_of_long_names_keep_apart(swarm: Playground, monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("d" * 80 + "-1", "d" * 80 + "-11", "d.d_d")
    benches = [SwarmBench(swarm, monkeypatch, deployment=name) for name in names]
    try:
        for number, each in enumerate(benches):
            revisions = each.configs(name_prefix="a-prefix.")
            for expected in range(12):
                revisions.replace(expected, b"%d" % number)
        for number, each in enumerate(benches):
            assert each.configs(name_prefix="a-prefix.").newest() == (12, b"%d" % number)
            assert max(map(len, each.names)) <= 64
    finally:
        for each in benches:
            each.close()


def test_what_does_not_fit_into_a_config_is_refused_with_both_sizes(bench: SwarmBench) -> None:
    with pytest.raises(StateUnavailable, match="packed, and a Swarm config less than 1024000"):
        bench.configs().replace(0, secrets.token_bytes(1_024_000))
    assert bench.configs().replace(0, secrets.token_bytes(1_023_000)) == 1


def test_an_engine_that_is_no_manager_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine's own engine is in no swarm."""
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    alone = SwarmConfigs("d", "")
    for ask in (alone.newest, lambda: alone.replace(0, b"x")):
        with pytest.raises(StateUnavailable, match=r"Docker Swarm does not keep the fleet now: .*not a swarm manager"):
            ask()
    alone.close()


def test_without_a_majority_nothing_is_saved_and_afterwards_the_same_store_goes_on(
    swarm: Playground, bench: SwarmBench
) -> None:
    """Nobody knows whether a save that got no answer was made."""
    store = bench.store()
    assert store.load() is None
    store.save(SMALL)
    for node in swarm.nodes[1:]:
        swarm.engines("cut", node)
    try:
        with pytest.raises(StateUnavailable, match="Docker Swarm does not keep the fleet now"):
            store.save(LARGE)
        until(lambda: "does not have a leader" in _reason(store), "the reason is said", within=60, pause=1)
    finally:
        for node in swarm.nodes[1:]:
            swarm.engines("heal", node)
    until(lambda: not _reason(store), "it saves again", within=60, pause=0.5)
    other = bench.store()
    assert other.load() == LARGE
    other.save(SMALL)
    assert is_superseded(lambda: store.save(LARGE))


def _reason(store: RevisionStore) -> str:
    """Why the store cannot save; "" where it can."""
    try:
        store.save(LARGE)
    except Superseded:
        raise
    except StateUnavailable as error:
        return str(error)
    return ""
