"""What every FleetStore promises: a file on a volume, revisions in memory, and the one in memory alike."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from balancer.adapters.file_store import FileStore
from balancer.adapters.revision_store import RevisionStore
from balancer.core.catalogue import Catalogue
from balancer.core.errors import StateUnavailable
from balancer.core.release import Release
from tests.contract.store_promises import LARGE, SETTINGS, SMALL, StoreBench, StorePromises, is_superseded, numbered
from tests.fakes.revisions import MemoryRevisions
from tests.fakes.store import MemoryStore


def file_store(folder: Path) -> FileStore:
    return FileStore(folder, catalogue=Catalogue(), profile=SETTINGS, release=Release())


class MemoryBench:
    def __init__(self) -> None:
        self._store = MemoryStore()

    def store(self) -> MemoryStore:
        return self._store.another()

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


class RevisionBench:
    def __init__(self) -> None:
        self._revisions = MemoryRevisions()

    def store(self) -> RevisionStore:
        return RevisionStore(self._revisions, catalogue=Catalogue(), profile=SETTINGS, release=Release())

    @contextmanager
    def full(self) -> Iterator[None]:
        self._revisions.full.arm()
        yield
        self._revisions.full.clear()

    def damage(self) -> None:
        self._revisions.damage()


BENCHES: dict[str, Callable[[Path], StoreBench]] = {
    "memory": lambda _: MemoryBench(),
    "revisions": lambda _: RevisionBench(),
    "file": FileBench,
}


@pytest.fixture(params=BENCHES)
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> StoreBench:
    return BENCHES[request.param](tmp_path)


class TestFleetStore(StorePromises):
    """Every store on one host."""


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


def test_a_file_that_somebody_took_away_is_made_again_and_its_copy_stays_the_next_balancers(tmp_path: Path) -> None:
    store = file_store(tmp_path)
    store.save(SMALL)
    (tmp_path / "fleet.json").unlink()
    store.confirm()
    assert file_store(tmp_path).load() == SMALL
    (tmp_path / "fleet.json").unlink()
    store.save(LARGE)
    store.save(SMALL)
    assert file_store(tmp_path).load() == SMALL


@pytest.mark.parametrize("content", ["{", "", "{}", "[]", '{"format":0}'])
def test_a_file_that_is_damaged_under_a_running_balancer_is_no_save_and_healed(tmp_path: Path, content: str) -> None:
    store = file_store(tmp_path)
    store.save(SMALL)
    for file in ("fleet.json", "fleet.json.last"):
        (tmp_path / file).write_text(content)
    store.confirm()
    store.save(LARGE)
    assert file_store(tmp_path).load() == LARGE


def test_a_file_of_a_newer_format_is_another_balancers(tmp_path: Path) -> None:
    store = file_store(tmp_path)
    store.save(SMALL)
    (tmp_path / "fleet.json").write_text('{"format":6}')
    assert is_superseded(lambda: store.save(LARGE))
    assert (tmp_path / "fleet.json").read_text() == '{"format":6}'


@pytest.mark.parametrize("in_place", [True, False], ids=["in place", "another file"])
def test_a_file_that_somebody_restored_is_not_overwritten_before_a_restart(tmp_path: Path, *, in_place: bool) -> None:
    store = file_store(tmp_path)
    store.save(LARGE)
    kept = (tmp_path / "fleet.json").read_bytes()
    store.save(SMALL)
    if in_place:
        (tmp_path / "fleet.json").write_bytes(kept)
    else:
        (tmp_path / "kept").write_bytes(kept)
        (tmp_path / "kept").replace(tmp_path / "fleet.json")
    assert is_superseded(lambda: store.save(SMALL))
    again = file_store(tmp_path)
    assert again.load() == LARGE
    again.save(SMALL)
    assert file_store(tmp_path).load() == SMALL


def test_permissions_and_owner_are_no_save(tmp_path: Path) -> None:
    store = file_store(tmp_path)
    store.save(SMALL)
    (tmp_path / "fleet.json").chmod(0o644)
    store.save(LARGE)


def test_whoever_mends_the_file_from_its_copy_has_saved(tmp_path: Path) -> None:
    store = file_store(tmp_path)
    store.save(SMALL)
    (tmp_path / "fleet.json").write_text("{")
    again = file_store(tmp_path)
    assert again.load() == SMALL
    again.save(LARGE)
    assert is_superseded(lambda: store.save(SMALL))


def test_of_two_that_mend_at_once_one_has_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The other one meets the mended file, and a load later it knows it."""
    file_store(tmp_path).save(SMALL)
    (tmp_path / "fleet.json").write_text("{")
    first, second = file_store(tmp_path), file_store(tmp_path)
    mend = FileStore._mend

    def mend_late(store: FileStore, content: bytes) -> None:
        if store is second and first.load():
            pass
        mend(store, content)

    monkeypatch.setattr(FileStore, "_mend", mend_late)
    assert is_superseded(second.load)
    assert second.load() == SMALL
    second.save(LARGE)
    assert is_superseded(lambda: first.save(SMALL))


def test_a_save_whose_folder_cannot_be_synced_is_the_own_one_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = file_store(tmp_path)
    store.save(SMALL)
    fsync = os.fsync

    def fail_for_folders(descriptor: int) -> None:
        if Path(f"/proc/self/fd/{descriptor}").readlink() == tmp_path:
            raise OSError(5, "Input/output error")
        fsync(descriptor)

    with monkeypatch.context() as fault:
        fault.setattr(os, "fsync", fail_for_folders)
        with pytest.raises(StateUnavailable, match="Input/output error"):
            store.save(LARGE)
    store.confirm()
    store.save(SMALL)
    assert file_store(tmp_path).load() == SMALL


_SAVES = """
import sys
from pathlib import Path
from balancer.core.errors import Superseded
from tests.contract.store_promises import numbered
from tests.contract.test_fleet_store import file_store

store = file_store(Path(sys.argv[1]))
for line in sys.stdin:
    if line == "load\\n":
        store.load()
        print("loaded", flush=True)
    else:
        try:
            store.save(numbered(int(line)))
            print("won", flush=True)
        except Superseded:
            print("lost", flush=True)
"""


def test_of_two_processes_on_one_volume_one_wins_each_round(tmp_path: Path) -> None:
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", _SAVES, str(tmp_path)],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]

    def answers(words: list[str]) -> list[str]:
        for process, word in zip(processes, words, strict=True):
            assert process.stdin is not None
            process.stdin.write(f"{word}\n")
            process.stdin.flush()
        return [process.stdout.readline().strip() for process in processes if process.stdout]

    try:
        for number in range(0, 60, 3):
            assert answers(["load"] * 3) == ["loaded"] * 3
            outcomes = answers([str(number + each) for each in range(3)])
            assert sorted(outcomes) == ["lost", "lost", "won"]
            assert file_store(tmp_path).load() == numbered(number + outcomes.index("won"))
    finally:
        for process in processes:
            process.communicate()
