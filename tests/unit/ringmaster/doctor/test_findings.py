"""Each symptom, judged without anybody to ask."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from ringmaster.doctor import balance, edges, fleet, times
from ringmaster.doctor.finding import Finding
from tests.unit.ringmaster import documents

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)


def verdicts(findings: Iterable[Finding]) -> dict[str, str]:
    return {finding.what: str(finding.verdict) for finding in findings}


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({}, {"servers": "well", "ready": "well"}),
        ({"N": 2, "ready": False}, {"servers": "wrong"}),
        ({"N": 0, "target": 0}, {"servers": "wrong", "ready": "well"}),
        ({"ready": False}, {"servers": "well", "ready": "wrong"}),
        ({"ready": False, "ailments": {"engine": "away"}}, {"servers": "well"}),
    ],
)
def test_a_fleet_that_is_not_complete(changes: dict[str, Any], found: dict[str, str]) -> None:
    assert verdicts(fleet.complete(documents.health(**changes))) == found


def test_whatever_is_wrong_has_a_remedy() -> None:
    health = documents.health(N=0, target=0, ready=False, silent=["S1"], ailments={"engine": "away"})
    findings = [*fleet.complete(health), *fleet.ailing(health), *fleet.silent(health)]
    assert len(findings) == 3
    assert all(finding.remedy for finding in findings)


def failed(*minutes: float) -> list[dict[str, Any]]:
    return [{"time": (NOW - timedelta(minutes=ago)).isoformat(), "reason": "it died"} for ago in minutes]


def test_servers_that_fail_again_and_again() -> None:
    (few,) = fleet.failing(failed(1, 2, 11, 12), NOW)
    assert (few.verdict, few.detail) == ("well", "2 in the last ten minutes")
    (many,) = fleet.failing(failed(1, 2, 3), NOW)
    assert (many.verdict, many.detail) == ("wrong", "3 in the last ten minutes, 3 of them: it died")


@pytest.mark.parametrize(
    ("in_step", "keyless", "key", "found"),
    [
        (True, 0, "random", {"ring": "well"}),
        (False, None, "random", {"ring": "wrong"}),
        (True, 9, "random", {"ring": "well"}),
        (True, 9, "path", {"ring": "well", "keys": "note"}),
    ],
)
def test_a_ring_that_is_not_obeyed_or_lacks_its_key(
    in_step: bool, keyless: int | None, key: str, found: dict[str, str]
) -> None:
    ring = {"in_step": in_step, "version": 3, "requests_without_key": keyless, "profile": {"key": key}}
    assert verdicts(fleet.obeyed(ring)) == found


@pytest.mark.parametrize(
    ("stage", "verdict"), [("done", "well"), ("stuck", "wrong"), ("rolled back", "note"), ("rolling", "note")]
)
def test_the_deploy(stage: str, verdict: str) -> None:
    assert verdicts(fleet.deployed(documents.deployed(stage))) == {"deploy": verdict}


def test_there_never_was_a_deploy() -> None:
    assert verdicts(fleet.deployed(documents.deployed("done") | {"deploy": None})) == {"deploy": "well"}


def of_shares(**shares: tuple[int, float]) -> dict[str, Any]:
    servers = [
        {"hostname": name, "state": "serving", "warmth": 1, "weight": weight, "share": share}
        for name, (weight, share) in shares.items()
    ]
    return {"servers": servers}


def test_a_lopsided_ring_is_one_that_does_not_follow_the_weights() -> None:
    (even,) = balance.of_the_ring(of_shares(S1=(3, 0.75), S2=(1, 0.25), S3=(0, 0.0)))
    (lopsided,) = balance.of_the_ring(of_shares(S1=(1, 0.844), S2=(1, 0.047), S3=(1, 0.109)))
    (empty,) = balance.of_the_ring(of_shares())
    assert (even.verdict, empty.verdict) == ("well", "well")
    assert (lopsided.verdict, "S1 gets 2.53 times" in lopsided.detail) == ("note", True)


@pytest.mark.parametrize(
    ("imbalance", "requests", "verdict"),
    [(None, 10, "well"), (1.02, 5000, "well"), (1.5, 100, "well"), (1.5, 5000, "wrong"), (1.25, 5000, "well")],
)
def test_a_measured_imbalance_that_chance_does_not_explain(
    imbalance: float | None, requests: int, verdict: str
) -> None:
    assert verdicts(balance.measured(documents.load(imbalance=imbalance, requests=requests))) == {"balance": verdict}


@pytest.mark.parametrize(
    ("days", "verdict", "detail"),
    [
        (30, "well", "tls.pem is good for 30 days"),
        (13, "wrong", "tls.pem ends in 13 days"),
        (-2, "wrong", "tls.pem ended 2 days ago"),
    ],
)
def test_certificates(days: int, verdict: str, detail: str) -> None:
    expires = (NOW + timedelta(days=days)).isoformat()
    health = documents.health(certificates=[{"file": "tls.pem", "names": [], "expires": expires}])
    (finding,) = times.certificates(health, NOW)
    assert (finding.verdict, finding.detail) == (verdict, detail)


@pytest.mark.parametrize(("seconds", "verdict"), [(0, "well"), (4, "well"), (6, "wrong"), (-3600, "wrong")])
def test_clocks(seconds: int, verdict: str) -> None:
    assert verdicts(times.clock(format_datetime(NOW + timedelta(seconds=seconds)), NOW)) == {"clock": verdict}


@pytest.mark.parametrize("date", ["", "yesterday"])
def test_no_clock_is_known(date: str) -> None:
    assert list(times.clock(date, NOW)) == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"leased": False, "silent_for": 9.0}, "is lost: nothing was heard of it for 9 s"),
        ({"problem": "no room"}, "has a problem: no room"),
        ({"serving": False}, "does not serve"),
        ({"in_step": False}, "does not obey the present ring"),
    ],
)
def test_an_edge_that_is_not_well(changes: dict[str, Any], said: str) -> None:
    (found,) = edges.edges(documents.edges("w1", "w2", **changes))
    assert (found.verdict, found.detail) == ("wrong", f"the one on w2 {said}")
    assert found.remedy


def test_edges_that_are_well_or_none() -> None:
    assert verdicts(edges.edges(documents.edges("w1", "w2"))) == {"edges": "well"}
    assert list(edges.edges(documents.edges())) == []
