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
from balancer.core import roll
from balancer.core.catalogue import Catalogue
from balancer.core.deploy import Deploy
from balancer.core.errors import NewerState
from balancer.core.fleet import WARM, Fleet, Server
from balancer.core.image import Image
from balancer.core.lifecycle import State
from balancer.core.release import Release
from balancer.core.slot_table import SlotTable

FOLDER = Path(__file__).parent / "golden"
LATEST = 5
NEWER = LATEST + 1
CATALOGUE = Catalogue()
SETTINGS = CATALOGUE.profile({"strategy": "ring", "slots": 32})
SETTINGS_RELEASE = Release(1, "settings:1")

UNKNOWN = Release(1, "", init=False, pids=0, memory="")
SHOP = Release(1, "shop:1", {"MODE": "x", "EMPTY": ""}, "256m", 0.5, init=False, pids=0)
"""Before format 4 a container had no init and no limit of processes."""
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
    configured_release=UNKNOWN,
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
        Server("S3", 3, State.SERVING, "172.18.0.9:5000", weight=3, release=2, rolled=True, generation=2),
        SECOND.servers[2],
        Server("sp4re1", 5, State.SPARE, "172.18.0.8:5000"),
        Server("S3", 3, State.LEAVING, "172.18.0.6:5000", weight=3),
        Server("kd4r7w", 6, State.JOINING, ramp=WARM),
    ),
    next_ring_id=7,
    release=SHOP,
    configured_release=SHOP,
    deploy=Deploy(replace(SHOP, number=2, image="shop:2", cpus=0.0), surge=2, batch=1),
    generation=3,
)
FOURTH = replace(
    THIRD,
    servers=(
        THIRD.servers[0],
        Server("S3", 3, State.SERVING, "172.18.0.9:8080", weight=3, release=5, rolled=True, generation=6),
        replace(THIRD.servers[2], release=3),
        *THIRD.servers[3:],
    ),
    release=replace(SHOP, pids=100, init=True),
    configured_release=Release(1, "shop:1", memory=""),
    deploy=Deploy(
        Release(
            5,
            "shop:5",
            {"MODE": "y"},
            memory="",
            port=8080,
            heartbeat_path="/healthz",
            heartbeat_host="shop.example",
            heartbeat_status="200,204",
            heartbeat_timeout=1.5,
            command=("serve",),
            entrypoint=("/bin/sh", "-c"),
            user="1000:1000",
            working_dir="/srv",
            volumes=("data:/data:ro",),
            tmpfs={"/run": "exec"},
            capabilities=("CHOWN",),
            read_only=False,
            stop_signal="SIGQUIT",
            stop_timeout=3,
            labels={"team": "shop"},
            log_driver="local",
            log_options={"max-size": "1m"},
        ),
        surge=2,
        batch=1,
    ),
    releases=(Release(3, "shop:3", memory=""),),
    generation=6,
)
FIFTH = replace(
    FOURTH,
    deploy=Deploy(Release(5, "shop:5", memory="", protocol="h2c"), surge=2, batch=1),
    releases=(Release(3, "shop:3", memory="", protocol="h2c"),),
)
FLEETS = {1: FIRST, 2: SECOND, 3: THIRD, 4: FOURTH, 5: FIFTH}


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
def test_the_next_save_is_of_the_fourth_format_or_a_later_one_and_loses_nothing(tmp_path: Path, number: int) -> None:
    put(tmp_path, number, "fleet.json", "fleet.json.last")
    fleet = store_in(tmp_path).load()
    assert fleet is not None
    store_in(tmp_path).save(fleet)
    assert store_in(tmp_path).load() == fleet
    assert {json.loads(text)["format"] for text in content(tmp_path).values()} == {max(4, number)}


@pytest.mark.parametrize("number", [4, 5])
def test_what_is_saved_is_what_was_recorded(tmp_path: Path, number: int) -> None:
    """Else it is another format, which needs another number. Where no release speaks h2c, it is format 4, which a
    balancer before h2c reads."""
    store_in(tmp_path).save(FLEETS[number])
    assert (tmp_path / "fleet.json").read_bytes() == recorded(number).read_bytes()


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
        f"{tmp_path / named} has format 6, and this balancer knows 1 to 5: a newer one wrote it. It is left as it is. "
        f"Run the newer balancer again, or move {tmp_path / 'fleet.json'} and fleet.json.last away: then the fleet is "
        "taken up from its containers, without its weights and its ring profile"
    )
    assert content(tmp_path) == before


def test_a_newer_copy_beside_a_damaged_file_is_refused_too(tmp_path: Path) -> None:
    (tmp_path / "fleet.json").write_text("{")
    put(tmp_path, NEWER, "fleet.json.last")
    before = content(tmp_path)
    with pytest.raises(NewerState, match=r"fleet\.json\.last has format 6"):
        store_in(tmp_path).load()
    assert content(tmp_path) == before


def test_a_file_that_this_balancer_knows_counts_whatever_is_beside_it(tmp_path: Path) -> None:
    """As where the operator has put it back."""
    put(tmp_path, LATEST, "fleet.json")
    put(tmp_path, NEWER, "fleet.json.last")
    assert store_in(tmp_path).load() == FIFTH


@pytest.mark.parametrize("stage", ["rolling back", "rolled back", "stuck"])
def test_a_server_of_a_third_format_that_went_back_has_the_number_of_what_it_is_made_of(
    tmp_path: Path, stage: str
) -> None:
    """Before format 4 the way back gave the old release a number of its own."""
    document = json.loads(recorded(3).read_text())
    document["deploy"]["stage"] = stage
    document["servers"][1]["release"] = 3
    (tmp_path / "fleet.json").write_text(json.dumps(document))
    fleet = store_in(tmp_path).load()
    assert fleet is not None
    assert (fleet.servers[1].release, fleet.servers[1].instance) == (SHOP.number, "S3.3")
    assert fleet.generation == 3
    assert [server.hostname for server in roll.outdated(fleet)] == []


def test_after_the_upgrade_the_servers_of_a_third_format_are_rolled_to_the_settings_release(tmp_path: Path) -> None:
    """They run as they were made until then, judged by the settings of then."""
    put(tmp_path, 3, "fleet.json")
    fleet = store_in(tmp_path).load()
    assert fleet is not None
    settings = replace(SHOP, init=True, pids=512)
    after = roll.configured(replace(fleet, deploy=None), settings, surge=1, batch=1)
    assert after.deploy is not None
    after = roll.pulled(after, after.deploy.release.of(Image("sha256:1")))
    assert {server.hostname for server in roll.outdated(after)} == {"S3", "web-7"}
    assert after.release_of(fleet.servers[2]) == SHOP


@pytest.mark.parametrize("image", ["Shop:1", "shop!", "a" * 600])
@pytest.mark.parametrize("field", ["release", "configured_release", "deploy"])
def test_a_name_that_no_engine_knows_and_an_older_balancer_took_is_read(tmp_path: Path, field: str, image: str) -> None:
    """The deploy of such a name failed, and its release is in the file ever since."""
    document = json.loads(recorded(3).read_text())
    (document["deploy"]["wish"] if field == "deploy" else document[field])["image"] = image
    (tmp_path / "fleet.json").write_text(json.dumps(document))
    fleet = store_in(tmp_path).load()
    assert fleet is not None
    assert fleet.deploy is not None
    assert (fleet.deploy.release if field == "deploy" else getattr(fleet, field)).image == image
    store_in(tmp_path).save(fleet)
    assert store_in(tmp_path).load() == fleet


def test_a_variable_that_older_settings_took_is_read(tmp_path: Path) -> None:
    document = json.loads(recorded(3).read_text())
    document["release"]["environment"] = {"A=B": "x"}
    (tmp_path / "fleet.json").write_text(json.dumps(document))
    fleet = store_in(tmp_path).load()
    assert fleet is not None
    assert fleet.release.environment == {"A=B": "x"}


def test_volumes_that_are_refused_by_now_are_read(tmp_path: Path) -> None:
    document = json.loads(recorded(4).read_text())
    document["release"]["volumes"] = ["data"]
    (tmp_path / "fleet.json").write_text(json.dumps(document))
    fleet = store_in(tmp_path).load()
    assert fleet is not None
    assert fleet.release.volumes == ("data",)
