"""Certificates of the data plane: in the report, renewed, ending soon, expired, and a plane that is away."""

from __future__ import annotations

from dataclasses import replace

import pytest

from balancer.core.certificate import SOON, Certificate
from balancer.core.errors import PlaneUnavailable
from balancer.core.event import Event, EventKind
from tests.unit.balancer.in_memory import InMemoryBalancer

DAY = 86400


def certificate(
    balancer: InMemoryBalancer, *, ends_in: float, file: str = "shop.pem", serial: str = "0A"
) -> Certificate:
    return Certificate(file, ("shop.example",), serial, int(balancer.clock.time() + ends_in))


def look(balancer: InMemoryBalancer, *shown: Certificate) -> float:
    balancer.plane.shown = shown
    return balancer.certificate_watch.round()


def told(balancer: InMemoryBalancer) -> list[Event]:
    """The events about certificates."""
    events = balancer.events.since(0).events
    return [event for event in events if event.facts.get("part") == "certificates" or "file" in event.facts]


def test_the_report_has_every_certificate(balancer: InMemoryBalancer) -> None:
    shown = replace(certificate(balancer, ends_in=90 * DAY), expires=4_102_444_800)
    assert look(balancer, shown) == 15
    assert balancer.health.report()["certificates"] == [
        {"file": "shop.pem", "names": ["shop.example"], "expires": "2100-01-01T00:00:00+00:00"}
    ]
    assert told(balancer) == []


def test_while_there_is_none_it_looks_more_often(balancer: InMemoryBalancer) -> None:
    assert look(balancer) == 5
    assert balancer.health.report()["certificates"] == []


def test_a_renewal_is_an_event(balancer: InMemoryBalancer) -> None:
    look(balancer, certificate(balancer, ends_in=90 * DAY))
    look(balancer, certificate(balancer, ends_in=90 * DAY))
    assert told(balancer) == []
    other = certificate(balancer, ends_in=90 * DAY, file="other.pem")
    look(balancer, certificate(balancer, ends_in=90 * DAY, serial="0B"), other)
    (event,) = told(balancer)
    assert event.kind is EventKind.CERTIFICATE
    assert (event.reason, event.facts["file"], event.facts["names"]) == ("it was renewed", "shop.pem", ["shop.example"])


@pytest.mark.parametrize(
    ("ends_in", "is_told", "is_ready"),
    [(SOON, False, True), (SOON - 1, True, True), (1, True, True), (0, True, False), (-DAY, True, False)],
)
def test_one_that_ends_soon_is_told_and_one_that_has_expired_makes_it_unready(
    balancer: InMemoryBalancer, ends_in: int, is_told: bool, is_ready: bool
) -> None:
    look(balancer, certificate(balancer, ends_in=ends_in))
    report = balancer.health.report()
    assert (report["ready"], "certificates" in report["ailments"]) == (is_ready, is_told)
    look(balancer, certificate(balancer, ends_in=90 * DAY, serial="0B"))
    assert balancer.health.report()["ailments"] == {}


def test_its_end_is_told_once_before_and_once_after(balancer: InMemoryBalancer) -> None:
    for ends_in in (DAY, DAY, -1, -1):
        look(balancer, replace(certificate(balancer, ends_in=ends_in), expires=int(balancer.clock.time() + ends_in)))
    reasons = [event.reason for event in told(balancer) if event.kind is EventKind.AILING]
    assert [("expires at" in reason, "expired at" in reason) for reason in reasons] == [(True, False), (False, True)]
    assert all("shop.pem" in reason for reason in reasons)


def test_while_the_plane_is_away_the_last_ones_are_shown(balancer: InMemoryBalancer) -> None:
    look(balancer, certificate(balancer, ends_in=90 * DAY))
    balancer.plane.away.arm()
    with pytest.raises(PlaneUnavailable):
        balancer.certificate_watch.round()
    balancer.plane.away.clear()
    assert len(balancer.health.report()["certificates"]) == 1
