"""Plug-ins: found by module path and by entry point, refused with a reason, and on the ring like the built-in ones."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from balancer.core.catalogue import Catalogue
from balancer.core.errors import RingFull
from balancer.core.fleet import Fleet
from balancer.core.request_hash import REQUEST_HASHES
from balancer.core.strategies import STRATEGIES
from balancer.plugins import InvalidPlugin, catalogue
from tests.unit.balancer.example_plugin import LENGTH, Rendezvous

MODULE = "tests.unit.balancer.example_plugin"


def with_plugins(*paths: str, at_edge: bool = False) -> Catalogue:
    return catalogue(paths, at_edge=at_edge)


def test_without_plug_ins_there_is_what_ringmaster_brings() -> None:
    assert with_plugins() == Catalogue(strategies=STRATEGIES, request_hashes=REQUEST_HASHES, at_edge=False)
    assert with_plugins(at_edge=True).at_edge


def test_a_module_path_names_a_strategy_or_a_request_hash() -> None:
    found = with_plugins(f"{MODULE}:Rendezvous", f"{MODULE}:LENGTH")
    assert found.strategies == {**STRATEGIES, "rendezvous": Rendezvous}
    assert found.request_hashes == {**REQUEST_HASHES, "length": LENGTH}
    assert "rendezvous" not in STRATEGIES
    assert "length" not in REQUEST_HASHES


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package with plug-ins, as pip installs it."""
    (tmp_path / "their_hash.py").write_text(
        "from balancer.core.request_hash import RequestHash\nLENGTH = RequestHash('their length', len)\n"
    )
    information = tmp_path / "their_hash-1.0.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: their-hash\nVersion: 1.0\n")
    (information / "entry_points.txt").write_text(
        f"[ringmaster.plugins]\nlength = their_hash:LENGTH\nplacing = {MODULE}:Rendezvous\n[others]\nx = nowhere:X\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    return information / "entry_points.txt"


@pytest.mark.usefixtures("installed")
def test_an_installed_package_names_plug_ins_by_entry_points() -> None:
    found = with_plugins()
    assert found.strategies == {**STRATEGIES, "rendezvous": Rendezvous}
    assert found.request_hashes["their length"].value(b"seven b") == 7


@pytest.mark.usefixtures("installed")
def test_what_is_installed_may_be_named_in_the_settings_too() -> None:
    assert with_plugins(f"{MODULE}:Rendezvous").strategies == {**STRATEGIES, "rendezvous": Rendezvous}


def test_an_entry_point_that_cannot_be_loaded_is_refused_with_its_path(installed: Path) -> None:
    installed.write_text("[ringmaster.plugins]\nlength = their_hash:WIDTH\n")
    with pytest.raises(InvalidPlugin, match=r"^their_hash:WIDTH cannot be loaded: AttributeError: "):
        with_plugins()


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("nowhere:Nothing", "nowhere:Nothing cannot be loaded: ModuleNotFoundError: No module named 'nowhere'"),
        (f"{MODULE}:Nothing", f"{MODULE}:Nothing cannot be loaded: AttributeError: "),
        (".relative:Nothing", ".relative:Nothing cannot be loaded: TypeError: "),
        ("json", "'json' must be written as module:NAME, such as rendezvous:Rendezvous"),
        ("json:", "'json:' must be written as module:NAME"),
        (":dumps", "':dumps' must be written as module:NAME"),
    ],
)
def test_a_path_that_leads_nowhere_is_refused(path: str, reason: str) -> None:
    with pytest.raises(InvalidPlugin, match="^" + re.escape(reason)):
        with_plugins(path)


def test_a_module_that_breaks_is_refused_with_its_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "their_broken_module.py").write_text("1 / 0\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(InvalidPlugin, match="cannot be loaded: ZeroDivisionError: division by zero"):
        with_plugins("their_broken_module:X")


@pytest.mark.parametrize(
    "name",
    [
        *("A_NUMBER", "AN_INSTANCE", "NoDataclass", "Unfinished", "Nameless", "Slotless", "Demanding", "Thief"),
        *("Strategy", "Member"),
    ],
)
def test_what_is_neither_a_request_hash_nor_a_whole_strategy_is_refused(name: str) -> None:
    reason = f"{MODULE}:{name} is neither a RequestHash nor a dataclass derived from Strategy with a name, slots"
    with pytest.raises(InvalidPlugin, match=f"^{reason}"):
        with_plugins(f"{MODULE}:{name}")


@pytest.mark.parametrize(("name", "taken"), [("CRC32_AGAIN", "crc32"), ("TableAgain", "table")])
def test_a_name_that_is_taken_is_refused(name: str, taken: str) -> None:
    with pytest.raises(InvalidPlugin, match=f"^{MODULE}:{name}: the name {taken} is taken; choose another one"):
        with_plugins(f"{MODULE}:{name}")


def test_a_strategy_of_a_user_places_a_fleet() -> None:
    """From the settings' JSON to slots, and back to JSON."""
    found = with_plugins(f"{MODULE}:Rendezvous", f"{MODULE}:LENGTH")
    document = {"strategy": "rendezvous", "slots": 64, "salt": "x", "request_hash": "length"}
    profile = found.profile(document)
    assert profile.document() == {**document, "key": "random", "bound": None}
    fleet = Fleet.first(["S1", "S2", "S3"], profile).fill({"S1": "a:1", "S2": "b:1", "S3": "c:1"})
    assert fleet.table == Rendezvous(slots=64, salt="x").place(fleet.members(), fleet.table)
    assert set(fleet.table.counts()) == {1, 2, 3}
    smaller = fleet.begin_leave(["S2"])
    assert all(was in (now, 2) for was, now in zip(fleet.table.owners, smaller.table.owners, strict=True))
    with pytest.raises(RingFull, match=r"64 slots \(strategy rendezvous\) holds at most 64 servers, not 66"):
        profile.strategy.place([*fleet.members() * 22], fleet.table)


def test_a_request_hash_of_a_user_with_a_haproxy_form_runs_at_the_edge() -> None:
    found = with_plugins(f"{MODULE}:WITH_A_HAPROXY_FORM", at_edge=True)
    request_hash = found.profile({"request_hash": "length at the edge"}).request_hash
    assert request_hash.slot(b"seven b", 4) == 3
    assert request_hash.expression(4) == "var(txn.key),length,mod(4)"
