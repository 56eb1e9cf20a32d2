"""docs/observability.md has every alert as it is in the rules, and nothing that is not there."""

from __future__ import annotations

import re
from pathlib import Path

from tests.observed import FOLDER, alerts, document

DOCS = Path(__file__).parents[3] / "docs"
PAGE = (DOCS / "observability.md").read_text(encoding="utf-8")


def test_the_table_has_every_alert_as_it_is() -> None:
    rows = re.findall(r"^\| `(Ringmaster\w+)` \| (\w+), (\w+) \| [^|]{20,} \| [^|]{10,} \|$", PAGE, re.MULTILINE)
    known = {(rule.name, rule.document["labels"]["severity"], rule.document["for"]) for rule in alerts()}
    assert set(rows) == known
    assert len(rows) == len(known)


def test_jobs_and_interval_are_those_of_the_configuration() -> None:
    configuration = document(FOLDER / "prometheus.yml")
    assert f"every {configuration['global']['scrape_interval'].removesuffix('s')} s" in PAGE
    for job in configuration["scrape_configs"]:
        assert f"`{job['job_name']}`" in PAGE


def test_its_links_lead_somewhere() -> None:
    for link in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", PAGE):
        assert (DOCS / link).exists(), link
