"""What every FleetStore promises: a file on a volume and the one in memory alike."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any, Protocol

import pytest

from balancer.adapters.file_store import FileStore
from balancer.core.catalogue import Catalogue
from balancer.core.deploy import Deploy, Stage
from balancer.core.errors import StateUnavailable
from balancer.core.fleet import Fleet, Server
from balancer.core.key_source import KeySource
from balancer.core.lifecycle import State
from balancer.core.release import Release
from balancer.core.request_hash import REQUEST_HASHES
from balancer.core.ring_profile import RingProfile
from balancer.core.slot_table import SlotTable
from balancer.core.strategies import Ring, Table
from balancer.ports.store import FleetStore
from tests.fakes.store import MemoryStore

SETTINGS = RingProfile(strategy=Table(slots=8))
SWITCHED = RingProfile(
    strategy=Ring(slots=65_536, point_hash="sha1"),
    request_hash=REQUEST_HASHES["xxh64"],
    key=KeySource("header", "X-User"),
    bound=Fraction(11, 10),
)
SMALL = Fleet.first(["S1", "S2"], SETTINGS)
LARGE = Fleet(
    servers=tuple(
        Server(
            f"{state}-{'n' * 40}",
            2**40 + number,
            state,
            f"10.0.0.{number}:5000",
            weight=number * 42,
            ramp=number + 1,
            release=2**40 + number,
            rolled=number % 2 == 1,
        )
        for number, state in enumerate(State)
    ),
    target=64,
    next_ring_id=2**40 + 9,
    table=SlotTable(tuple(range(65_536))),
    profile=SWITCHED,
    configured=SETTINGS,
    version=2**40,
    release=Release(2**40, "shop:1", {"MODE": "x"}, "256m", 0.5),
    configured_release=Release(1, "shop:0"),
    deploy=Deploy(
        Release(2**40 + 1, "shop:2"), surge=100, batch=10, stage=Stage.ROLLING_BACK, reason="S1 did not answer"
    ),
)


PULLING = replace(
    SMALL,
    release=replace(SMALL.release, content="sha256:0a", digest="shop@sha256:0b"),
    deploy=Deploy(
        Release(3, "shop:3", content="sha256:0c"), surge=1, batch=1, stage=Stage.PULLING, pull=True, anew=False
    ),
)


def file_store(folder: Path) -> FileStore:
    return FileStore(folder, catalogue=Catalogue(), profile=SETTINGS, release=Release())


class StoreBench(Protocol):
    def store(self) -> FleetStore:
        """A balancer's view of the same place; the next balancer gets another one."""

    def full(self) -> AbstractContextManager[None]:
        """No space is left on the device until the end of the block."""

    def damage(self) -> None:
        """What was saved cannot be read any more."""


class MemoryBench:
    def __init__(self) -> None:
        self._store = MemoryStore()

    def store(self) -> MemoryStore:
        return self._store

    @contextmanager
    def full(self) -> Iterator[None]:
        self._store.full.arm()
        yield
        self._store.full.clear()

    def damage(self) -> None:
        self._store.damaged = True


class FileBench:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def store(self) -> FileStore:
        return file_store(self.folder)

    @contextmanager
    def full(self) -> Iterator[None]:
        """Whatever is written goes to the device that is always full."""
        temporary = self.folder / "fleet.json.new"
        temporary.symlink_to("/dev/full")
        yield
        temporary.unlink()

    def damage(self) -> None:
        for file in self.folder.iterdir():
            file.write_text("{")


@pytest.fixture(params=["memory", "file"])
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> StoreBench:
    return MemoryBench() if request.param == "memory" else FileBench(tmp_path)


def test_nothing_is_loaded_where_nothing_was_saved(bench: StoreBench) -> None:
    assert bench.store().load() is None


@pytest.mark.parametrize(
    "fleet", [Fleet.empty(SETTINGS), SMALL, LARGE, PULLING], ids=["empty", "small", "large", "pulling"]
)
def test_what_was_saved_is_loaded_by_the_next_balancer(bench: StoreBench, fleet: Fleet) -> None:
    bench.store().save(fleet)
    assert bench.store().load() == fleet


def test_the_fleet_saved_last_is_loaded(bench: StoreBench) -> None:
    store = bench.store()
    for fleet in (SMALL, LARGE, SMALL):
        store.save(fleet)
        assert store.load() == bench.store().load() == fleet


def test_loading_changes_nothing(bench: StoreBench) -> None:
    bench.store().save(SMALL)
    assert bench.store().load() == bench.store().load() == SMALL


@pytest.mark.parametrize("before", [None, SMALL], ids=["none", "small"])
def test_a_full_disk_leaves_what_was_saved_before(bench: StoreBench, before: Fleet | None) -> None:
    if before:
        bench.store().save(before)
    with bench.full(), pytest.raises(StateUnavailable, match="o space left"):
        bench.store().save(LARGE)
    assert bench.store().load() == before
    bench.store().save(LARGE)
    assert bench.store().load() == LARGE


def test_what_is_damaged_is_said_to_be_and_the_next_save_heals_it(bench: StoreBench) -> None:
    bench.store().save(SMALL)
    bench.store().save(LARGE)
    bench.damage()
    with pytest.raises(StateUnavailable):
        bench.store().load()
    bench.store().save(SMALL)
    assert bench.store().load() == SMALL


# What only files can show.


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        "null",
        "{}",
        '{"format":2}',
        '{"format":3}',
        '{"format":0,"servers":[],"target":1,"next_ring_id":2,"table":[]}',
        '{"format":3,"servers":[],"target":1,"next_ring_id":2,"table":[],"release":{}}',
        '{"format":3,"servers":[],"target":1,"next_ring_id":2,"table":[],"deploy":{"stage":"rolling"}}',
        '{"format":1,"servers":null,"target":1,"next_ring_id":2,"table":[]}',
        '{"format":1,"servers":["S1"],"target":1,"next_ring_id":2,"table":[]}',
        '{"format":1,"servers":[],"target":"many","next_ring_id":2,"table":[]}',
        '{"format":1,"servers":[],"target":1,"next_ring_id":2,"table":7}',
        '{"format":1,"servers":[{"name":"S1","ring_id":1,"state":"ill","address":""}],"target":1,"next_ring_id":2,"table":[]}',
        "\x00" * 4096,
        "\xff",
    ],
)
def test_where_the_file_is_damaged_its_copy_is_loaded(tmp_path: Path, content: str) -> None:
    file_store(tmp_path).save(LARGE)
    file_store(tmp_path).save(SMALL)
    (tmp_path / "fleet.json").write_bytes(content.encode("latin-1"))
    assert file_store(tmp_path).load() == SMALL


def test_where_the_file_is_gone_its_copy_is_loaded(tmp_path: Path) -> None:
    file_store(tmp_path).save(LARGE)
    file_store(tmp_path).save(SMALL)
    (tmp_path / "fleet.json").unlink()
    assert file_store(tmp_path).load() == SMALL


def test_a_folder_that_is_gone_is_said_to_be(tmp_path: Path) -> None:
    with pytest.raises(StateUnavailable):
        file_store(tmp_path / "gone").save(SMALL)


def test_it_is_on_the_disk_before_it_has_its_name_and_its_name_before_the_save_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[tuple[str, bool]] = []
    fsync = os.fsync

    def note(descriptor: int) -> None:
        fsync(descriptor)
        path = Path(f"/proc/self/fd/{descriptor}").readlink()
        synced.append((path.name, (tmp_path / "fleet.json").exists()))

    monkeypatch.setattr(os, "fsync", note)
    file_store(tmp_path).save(SMALL)
    file = [("fleet.json.new", False), (tmp_path.name, True)]
    copy = [("fleet.json.last.new", True), (tmp_path.name, True)]
    assert synced == file + copy


class PowerCut(BaseException):
    """Nothing that handles errors may survive it."""


def test_a_power_cut_at_any_step_leaves_the_old_fleet_or_the_new_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file_store(tmp_path).save(LARGE)
    lived_through = 0
    while not _saved(tmp_path, monkeypatch, cut_after=lived_through):
        assert file_store(tmp_path).load() in (LARGE, SMALL)
        file_store(tmp_path).save(LARGE)
        lived_through += 1
    assert file_store(tmp_path).load() == SMALL
    assert lived_through >= 4, "written, synced, renamed, synced"


def _saved(folder: Path, monkeypatch: pytest.MonkeyPatch, *, cut_after: int) -> bool:
    """Whether a save comes to its end where the power lasts for so many calls to the operating system."""
    left = cut_after

    def metered(call: Callable[..., Any]) -> Callable[..., Any]:
        def metered_call(*arguments: Any, **options: Any) -> Any:
            nonlocal left
            if left == 0:
                raise PowerCut
            left -= 1
            return call(*arguments, **options)

        return metered_call

    with monkeypatch.context() as power:
        for name in ("fsync", "link", "unlink", "rename", "replace", "open"):
            power.setattr(os, name, metered(getattr(os, name)))
        try:
            file_store(folder).save(SMALL)
        except PowerCut:
            return False
        return True
