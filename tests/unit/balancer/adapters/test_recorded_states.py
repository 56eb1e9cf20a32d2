"""Recorded state files, golden/fleet-FORMAT.json: each was written by a balancer of its format and is never changed.

A newer balancer reads all of them, an older one leaves a newer one's as it is. The fleet of all is the same: S1 was
removed, S2 is down and kd4r7w is on its way to replace it, S3 weighs 3, web-7 weighs 2 and warms up.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from balancer.adapters.file_store import FileStore
from balancer.core.catalogue import Catalogue
from balancer.core.deploy import Deploy
from balancer.core.errors import NewerState
from balancer.core.fleet import WARM, Fleet, Server
from balancer.core.lifecycle import State
from balancer.core.release import Release
from balancer.core.slot_table import SlotTable

FOLDER = Path(__file__).parent / "golden"
LATEST = 3
NEWER = LATEST + 1
CATALOGUE = Catalogue()
SETTINGS = CATALOGUE.profile({"strategy": "ring", "slots": 32})
SETTINGS_RELEASE = Release(1, "settings:1")

SHOP = Release(1, "shop:1", {"MODE": "x", "EMPTY": ""}, "256m", 0.5)
FIRST = Fleet(
    servers=(
        Server("S2", 2, State.DOWN, "172.18.0.5:5000"),
        Server("S3", 3, State.SERVING, "172.18.0.6:5000"),
        Server("web-7", 4, State.SERVING, "172.18.0.7:5000"),
        Server("kd4r7w", 5, State.JOINING),
    ),
    target=3,
    next_ring_id=6,
    table=SlotTable((4, 3, 3, 2, 4, 4, 3, 4, 4, 3, 3, 2, 2, 2, 2, 3)),
    profile=SETTINGS,
    configured=SETTINGS,
    release=SETTINGS_RELEASE,
)
"""No weights, ramps, profiles and releases: all from the settings, and of what the servers are made nobody knows."""
SECOND = replace(
    FIRST,
    servers=(
        FIRST.servers[0],
        replace(FIRST.servers[1], weight=3),
        replace(FIRST.servers[2], weight=2, ramp=6),
        FIRST.servers[3],
    ),
    table=SlotTable((3, 3, 3, 2, 3, 3, 2, 3, 3, 4, 2, 3, 4, 3, 3, 3)),
    profile=CATALOGUE.profile(
        {"strategy": "maglev", "slots": 16, "key": "header:X-User", "request_hash": "xxh64", "bound": 1.25}
    ),
    configured=CATALOGUE.profile({"strategy": "table", "slots": 16}),
    version=7,
)
THIRD = replace(
    SECOND,
    servers=(
        SECOND.servers[0],
        Server("S3", 3, State.SERVING, "172.18.0.9:5000", weight=3, release=2, rolled=True),
        SECOND.servers[2],
        Server("sp4re1", 5, State.SPARE, "172.18.0.8:5000"),
        Server("S3", 3, State.LEAVING, "172.18.0.6:5000", weight=3),
        Server("kd4r7w", 6, State.JOINING, ramp=WARM),
    ),
    next_ring_id=7,
    release=SHOP,
    configured_release=SHOP,
    deploy=Deploy(replace(SHOP, number=2, image="shop:2", cpus=0.0), surge=2, batch=1),
)
FLEETS = {1: FIRST, 2: SECOND, 3: THIRD}


def recorded(number: int) -> Path:
    return FOLDER / f"fleet-{number}.json"


def store_in(folder: Path) -> FileStore:
    return FileStore(folder, catalogue=CATALOGUE, profile=SETTINGS, release=SETTINGS_RELEASE)


def put(folder: Path, number: int, *names: str) -> None:
    for name in names:
        shutil.copy(recorded(number), folder / name)


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_there_is_a_recorded_file_of_every_format_and_of_one_to_come() -> None:
    assert {path.name for path in FOLDER.iterdir()} == {f"fleet-{number}.json" for number in range(1, NEWER + 1)}
    assert all(json.loads(recorded(number).read_text())["format"] == number for number in range(1, NEWER + 1))


@pytest.mark.parametrize("number", FLEETS)
def test_a_file_of_any_format_is_the_fleet_that_was_saved(tmp_path: Path, number: int) -> None:
    put(tmp_path, number, "fleet.json")
    assert store_in(tmp_path).load() == FLEETS[number]
    assert content(tmp_path) == {"fleet.json": recorded(number).read_bytes()}


@pytest.mark.parametrize("number", FLEETS)
def test_the_next_save_is_of_the_latest_format_and_loses_nothing(tmp_path: Path, number: int) -> None:
    put(tmp_path, number, "fleet.json", "fleet.json.last")
    fleet = store_in(tmp_path).load()
    assert fleet is not None
    store_in(tmp_path).save(fleet)
    assert store_in(tmp_path).load() == fleet
    assert {json.loads(text)["format"] for text in content(tmp_path).values()} == {LATEST}


def test_what_is_saved_is_what_was_recorded_of_the_latest_format(tmp_path: Path) -> None:
    """Else it is another format, which needs another number."""
    store_in(tmp_path).save(THIRD)
    assert (tmp_path / "fleet.json").read_bytes() == recorded(LATEST).read_bytes()


@pytest.mark.parametrize(
    ("files", "named"),
    [
        ({"fleet.json": NEWER, "fleet.json.last": NEWER}, "fleet.json"),
        ({"fleet.json": NEWER, "fleet.json.last": LATEST}, "fleet.json"),
        ({"fleet.json.last": NEWER}, "fleet.json.last"),
    ],
)
def test_a_file_of_a_newer_format_is_refused_and_left_byte_for_byte(
    tmp_path: Path, files: dict[str, int], named: str
) -> None:
    """The copy of an older format is of an earlier save."""
    for name, number in files.items():
        put(tmp_path, number, name)
    before = content(tmp_path)
    with pytest.raises(NewerState) as refusal:
        store_in(tmp_path).load()
    assert str(refusal.value) == (
        f"{tmp_path / named} has format 4, and this balancer knows 1 to 3: a newer one wrote it. It is left as it is. "
        f"Run the newer balancer again, or move {tmp_path / 'fleet.json'} and fleet.json.last away: then the fleet is "
        "taken up from its containers, without its weights and its ring profile"
    )
    assert content(tmp_path) == before


def test_a_newer_copy_beside_a_damaged_file_is_refused_too(tmp_path: Path) -> None:
    (tmp_path / "fleet.json").write_text("{")
    put(tmp_path, NEWER, "fleet.json.last")
    before = content(tmp_path)
    with pytest.raises(NewerState, match=r"fleet\.json\.last has format 4"):
        store_in(tmp_path).load()
    assert content(tmp_path) == before


def test_a_file_that_this_balancer_knows_counts_whatever_is_beside_it(tmp_path: Path) -> None:
    """As where the operator has put it back."""
    put(tmp_path, LATEST, "fleet.json")
    put(tmp_path, NEWER, "fleet.json.last")
    assert store_in(tmp_path).load() == THIRD
