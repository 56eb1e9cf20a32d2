"""The saved fleet survives whatever happens while it is being replaced. What every store does: tests/contract."""

from __future__ import annotations

import json
import os
import pkgutil
import stat
from collections.abc import Callable
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest

from balancer.adapters.file_store import FileStore, replace_file
from balancer.core.catalogue import Catalogue
from balancer.core.deploy import Deploy, Stage
from balancer.core.errors import StateUnavailable
from balancer.core.fleet import Fleet, Server
from balancer.core.lifecycle import State
from balancer.core.release import Release
from balancer.core.ring_profile import RingProfile
from balancer.core.strategies import Course, Table

CATALOGUE = Catalogue()
PROFILE = RingProfile(strategy=Table(slots=16))
RELEASE = Release(1, "shop:1", {"MODE": "x", "EMPTY": ""}, "256m", 0.5)


def fleet(count: int) -> Fleet:
    names = [f"S{number}" for number in range(1, count + 1)]
    return Fleet.first(names, PROFILE, RELEASE).fill({name: f"10.0.0.9:{5000 + at}" for at, name in enumerate(names)})


def store_in(directory: Path, profile: RingProfile = PROFILE, release: Release = RELEASE) -> FileStore:
    return FileStore(directory, catalogue=CATALOGUE, profile=profile, release=release)


OLD, NEW, NEWEST = fleet(1), fleet(2), fleet(3)


class PowerCut(BaseException):
    """The machine stops; nothing after it happens."""


@pytest.mark.parametrize(
    ("step", "nth", "survives"),
    [
        ("os.fsync", 1, NEW),
        ("pathlib.Path.replace", 1, NEW),
        ("os.close", 1, NEWEST),
        ("os.fsync", 3, NEWEST),
        ("pathlib.Path.replace", 2, NEWEST),
        ("os.close", 2, NEWEST),
    ],
)
def test_a_crash_at_any_step_leaves_one_whole_fleet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, nth: int, survives: Fleet
) -> None:
    """The file is written first, then its copy."""
    store = store_in(tmp_path)
    store.save(OLD)
    store.save(NEW)

    call: Callable[..., object] = pkgutil.resolve_name(step)
    calls = count(1)

    def cut(*arguments: object) -> object:
        if next(calls) == nth:
            raise PowerCut
        return call(*arguments)

    with monkeypatch.context() as crash:
        crash.setattr(step, cut)
        with pytest.raises(PowerCut):
            store.save(NEWEST)
    assert store_in(tmp_path).load() == survives
    store_in(tmp_path).save(NEWEST)
    assert store_in(tmp_path).load() == NEWEST


def test_a_file_is_synced_before_it_gets_its_name_and_the_folder_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str] = []
    fsync, rename = os.fsync, Path.replace

    def note_fsync(descriptor: int) -> None:
        steps.append("sync " + Path(f"/proc/self/fd/{descriptor}").readlink().name)
        fsync(descriptor)

    def note_rename(path: Path, target: Path) -> Path:
        steps.append("rename " + path.name)
        return rename(path, target)

    monkeypatch.setattr("os.fsync", note_fsync)
    monkeypatch.setattr("pathlib.Path.replace", note_rename)
    replace_file(tmp_path / "file", b"content")
    assert steps == ["sync file.new", "rename file.new", "sync " + tmp_path.name]


def test_nobody_else_may_read_the_files_whatever_the_umask_and_whatever_there_was(tmp_path: Path) -> None:
    """The values of the releases' environments are in them."""
    for name in ("fleet.json", "fleet.json.new"):
        (tmp_path / name).write_text("of an older balancer")
        (tmp_path / name).chmod(0o644)
    before = os.umask(0)
    try:
        store_in(tmp_path).save(OLD)
    finally:
        os.umask(before)
    modes = {path.name: stat.filemode(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert modes == dict.fromkeys(("fleet.json", "fleet.json.last"), "-rw-------")


DAMAGE: list[Callable[[Path], object]] = [
    lambda path: path.write_bytes(b""),
    lambda path: path.write_bytes(path.read_bytes()[:-40]),
    lambda path: path.write_bytes(b"\xff\xfe\x00"),
    lambda path: path.write_text("[]"),
    lambda path: path.write_text("null"),
    lambda path: path.write_text("{}"),
    lambda path: path.write_text(path.read_text().replace('"format": 4', '"format": 0')),
    lambda path: path.write_text(path.read_text().replace('"format": 4', '"format": "4"')),
    lambda path: path.write_text(path.read_text().replace('"serving"', '"dancing"')),
    lambda path: path.write_text(path.read_text().replace('"ring_id"', '"id"')),
    lambda path: path.write_text(path.read_text().replace('"servers": [', '"servers": [4, ')),
    lambda path: path.write_text(path.read_text().replace('"table": [', '"table": ["x", ')),
    lambda path: path.write_text(path.read_text().replace('"weight": 1', '"weight": "heavy"')),
    lambda path: path.write_text(path.read_text().replace('"version": 2', '"version": null')),
    lambda path: path.write_text(path.read_text().replace('"release": 1', '"release": "first"')),
    lambda path: path.write_text(path.read_text().replace('"release": {"number"', '"release": {"count"')),
    lambda path: path.write_text(path.read_text().replace('"cpus": 0.5', '"cpus": null')),
    lambda path: path.write_text(path.read_text().replace('"deploy": null', '"deploy": {}')),
]


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_file_gives_way_to_its_copy_and_nothing_is_lost(
    tmp_path: Path, damage: Callable[[Path], object]
) -> None:
    store = store_in(tmp_path)
    store.save(OLD)
    store.save(NEW)
    damage(tmp_path / "fleet.json")
    assert store.load() == NEW
    (tmp_path / "fleet.json.last").unlink()
    assert store.load() == NEW


@pytest.mark.parametrize("damage", DAMAGE)
def test_without_any_good_copy_the_state_is_said_to_be_lost(tmp_path: Path, damage: Callable[[Path], object]) -> None:
    store = store_in(tmp_path)
    store.save(OLD)
    damage(tmp_path / "fleet.json")
    damage(tmp_path / "fleet.json.last")
    with pytest.raises(StateUnavailable, match="cannot be read"):
        store.load()


def test_where_only_the_copy_cannot_be_written_the_fleet_is_saved(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "fleet.json.last.new").mkdir()
    store = store_in(tmp_path)
    store.save(NEW)
    assert store.load() == NEW
    assert "copy of the state not written" in caplog.text


def test_a_lost_file_gives_way_to_its_copy(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    store.save(OLD)
    store.save(NEW)
    (tmp_path / "fleet.json").unlink()
    assert store.load() == NEW


def test_half_a_new_file_is_nothing(tmp_path: Path) -> None:
    (tmp_path / "fleet.json.new").write_text('{"format": 1, "tar')
    assert store_in(tmp_path).load() is None


def test_a_volume_that_cannot_be_written_to_is_told(tmp_path: Path) -> None:
    with pytest.raises(StateUnavailable, match=r"the fleet cannot be saved: .*gone"):
        store_in(tmp_path / "gone").save(OLD)


def test_a_volume_that_cannot_be_looked_into_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pathlib.Path.stat", refuse)
    with pytest.raises(StateUnavailable, match=r"the fleet cannot be read: .*Permission denied"):
        store_in(tmp_path).load()


def test_the_file_says_what_it_is(tmp_path: Path) -> None:
    store_in(tmp_path).save(OLD)
    profile = {
        "strategy": "table",
        "slots": 16,
        "request_hash": "crc32",
        "key": "random",
        "bound": None,
    }
    release = {
        "number": 1,
        "image": "shop:1",
        "environment": {"MODE": "x", "EMPTY": ""},
        "memory": "256m",
        "cpus": 0.5,
        "pids": 512,
        "port": 5000,
        "heartbeat_path": "/heartbeat",
        "heartbeat_host": "",
        "heartbeat_status": "200",
        "heartbeat_timeout": 0.4,
        "command": [],
        "entrypoint": [],
        "user": "",
        "working_dir": "",
        "volumes": [],
        "tmpfs": None,
        "capabilities": [],
        "read_only": True,
        "init": True,
        "stop_signal": "",
        "stop_timeout": 10,
        "labels": {},
        "log_driver": "json-file",
        "log_options": None,
    }
    assert json.loads((tmp_path / "fleet.json").read_text()) == {
        "format": 4,
        "target": 1,
        "next_ring_id": 2,
        "servers": [
            {
                "name": "S1",
                "ring_id": 1,
                "state": "serving",
                "address": "10.0.0.9:5000",
                "weight": 1,
                "ramp": 16,
                "release": 1,
                "rolled": False,
                "generation": 1,
            }
        ],
        "table": [1] * 16,
        "profile": profile,
        "configured": profile,
        "version": 2,
        "release": release,
        "configured_release": release,
        "deploy": None,
        "releases": [],
        "generation": 1,
    }


UNKNOWN = Release(image="", init=False, pids=0, memory="")
OTHER = RingProfile(strategy=Course(slots=16, virtual_servers=2))


def test_a_file_of_the_first_format_is_read_with_the_profile_and_the_release_of_the_settings(tmp_path: Path) -> None:
    """Its servers, their table and their addresses stay; weights, profiles and releases it does not know."""
    (tmp_path / "fleet.json").write_text(
        '{"format": 1, "target": 1, "next_ring_id": 2, "table": [' + ", ".join("1" * 16) + "], "
        '"servers": [{"name": "S1", "ring_id": 1, "state": "serving", "address": "10.0.0.9:5000"}]}'
    )
    known = replace(OLD, version=1, configured_release=UNKNOWN)
    assert store_in(tmp_path).load() == known
    assert store_in(tmp_path, OTHER).load() == replace(known, profile=OTHER, configured=OTHER)


def test_a_file_of_the_second_format_is_read_with_the_release_of_the_settings(tmp_path: Path) -> None:
    """Weights and profiles it knows; releases, deploys and rolled servers it does not. What the servers were made of is
    not known, so that the settings' release is rolled out."""
    server = '{"name": "S1", "ring_id": 1, "state": "serving", "address": "10.0.0.9:5000", "weight": 3, "ramp": 5}'
    profile = '{"strategy": "table", "slots": 16, "request_hash": "crc32", "key": "random", "bound": null}'
    (tmp_path / "fleet.json").write_text(
        '{"format": 2, "target": 1, "next_ring_id": 2, "table": [' + ", ".join("1" * 16) + "], "
        f'"servers": [{server}], "profile": {profile}, "configured": {profile}, "version": 7}}'
    )
    other = Release(1, "shop:2")
    servers = (replace(OLD.servers[0], weight=3, ramp=5),)
    known = replace(OLD, servers=servers, version=7, configured_release=UNKNOWN)
    assert store_in(tmp_path, OTHER).load() == known
    assert store_in(tmp_path, OTHER, other).load() == replace(known, release=other)


@pytest.mark.parametrize("stage", Stage)
def test_releases_deploys_spares_and_rolled_servers_are_kept(tmp_path: Path, stage: Stage) -> None:
    wanted = Release(
        7,
        "shop:2",
        {"MODE": "y"},
        command=("serve", "--fast"),
        volumes=("data:/data",),
        tmpfs={"/tmp": "exec"},  # noqa: S108 (a path in the container)
        capabilities=("CHOWN",),
        labels={"team": "shop"},
        log_options={},
        heartbeat_host="shop.example",
    )
    rolled = replace(NEWEST.servers[0], release=7, rolled=True, generation=8)
    old = replace(NEWEST.servers[0], state=State.LEAVING, weight=0)
    fleet = replace(
        NEWEST,
        servers=(rolled, *NEWEST.servers[1:], old, Server("kd4r7w", 9, State.SPARE, "10.0.0.9:6000", release=5)),
        release=replace(RELEASE, number=5),
        configured_release=Release(3, "shop:3"),
        releases=(Release(4, "shop:4"),),
        generation=9,
        deploy=Deploy(wanted, surge=4, batch=2, stage=stage, reason="S2 did not answer"),
    )
    store_in(tmp_path).save(fleet)
    assert store_in(tmp_path, OTHER, Release(9, "other")).load() == fleet


def test_weights_ramps_profiles_and_version_are_kept(tmp_path: Path) -> None:
    switched = Catalogue().profile({"strategy": "ring", "slots": 16, "key": "cookie:id", "bound": 1.1})
    fleet = NEW.begin_join(["S9"], weight=5, ramp=3).weighed("S1", 200).switched(switched)
    assert fleet.profile != fleet.configured
    store_in(tmp_path).save(fleet)
    assert store_in(tmp_path, OTHER).load() == fleet


@pytest.mark.parametrize(
    "lost", ['{"strategy": "removed"}', '{"slots": 7}', '{"request_hash": "removed"}', "[]", '"table"', "null"]
)
def test_a_profile_that_cannot_be_read_costs_the_profile_and_not_the_fleet(
    tmp_path: Path, lost: str, caplog: pytest.LogCaptureFixture
) -> None:
    store_in(tmp_path).save(OLD)
    document = json.loads((tmp_path / "fleet.json").read_text())
    (tmp_path / "fleet.json").write_text(json.dumps(document | {"profile": json.loads(lost)}))
    assert store_in(tmp_path, OTHER).load() == replace(OLD, profile=OTHER)
    assert [record.message for record in caplog.records] == ["ring profile lost, taking the settings'"]
