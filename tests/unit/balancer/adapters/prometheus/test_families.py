"""The families of metrics: names that others rely on, Prometheus' conventions, and the page that tells of them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from balancer.adapters.prometheus.families import KEPT, READ
from balancer.adapters.prometheus.family import OPEN, Family, Type
from balancer.adapters.prometheus.table import markdown

ALL = (*READ, *KEPT)
DOCUMENT = Path(__file__).parents[5] / "docs" / "metrics.md"

NAMES = {
    "build_info": ("version", "data_plane", "python"),
    "servers": ("state",),
    "servers_wanted": (),
    "spares_wanted": (),
    "server_slots": ("server",),
    "server_weight": ("server",),
    "server_expected_share_ratio": ("server",),
    "server_measured_share_ratio": ("server",),
    "server_requests_total": ("server",),
    "server_errors_total": ("server",),
    "server_requests_in_flight": ("server",),
    "server_response_time_seconds": ("server",),
    "ring_imbalance_ratio": (),
    "ring_slots": (),
    "ring_version": (),
    "requests_without_key_total": (),
    "ready": (),
    "in_sync": (),
    "edges": (),
    "edge_leased": ("node",),
    "edge_in_step": ("node",),
    "edge_old_processes": (),
    "problem": ("part",),
    "changes_total": ("kind", "result"),
    "change_duration_seconds": ("kind",),
    "failures_total": ("cause",),
    "replacements_total": ("cause",),
    "replacement_duration_seconds": (),
    "promotions_total": (),
    "silences_total": (),
    "fenced_total": (),
    "reconcile_duration_seconds": (),
    "save_duration_seconds": (),
    "last_save_timestamp_seconds": (),
    "deploy_stage": ("stage",),
    "deploy_servers_left": (),
    "autoscaler_enabled": (),
    "autoscaler_decisions_total": ("direction", "result"),
    "certificate_expiry_timestamp_seconds": ("file",),
    "start_time_seconds": (),
}
"""Names and labels that rules, alerts and dashboards use."""


def test_the_names_are_those_that_others_rely_on() -> None:
    assert {family.name: tuple(family.labels) for family in ALL} == {
        f"ringmaster_{name}": labels for name, labels in NAMES.items()
    }
    assert len(ALL) == len(NAMES)


@pytest.mark.parametrize("family", ALL, ids=lambda family: family.name)
def test_a_family_keeps_to_the_conventions(family: Family) -> None:
    assert re.fullmatch("ringmaster_[a-z_]+", family.name)
    assert (family.type is Type.COUNTER) == family.name.endswith("_total")
    assert (family.type is Type.HISTOGRAM) == family.name.endswith("_duration_seconds")
    assert bool(family.buckets) == (family.type is Type.HISTOGRAM)
    assert list(family.buckets) == sorted(set(family.buckets))
    assert re.fullmatch(r"[A-Z1][^|]+\.", family.text)


def test_what_is_counted_has_only_labels_whose_values_are_known() -> None:
    assert not [family.name for family in KEPT if OPEN in family.labels.values()]


def test_the_page_is_up_to_date() -> None:
    _, marker, table = DOCUMENT.read_text().partition("<!-- metrics -->\n")
    assert marker
    assert table.partition("\n\n")[0].strip() == markdown(), (
        "print it again: python -m balancer.adapters.prometheus.table"
    )
