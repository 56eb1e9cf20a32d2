"""loadtests/README.md against the data that is published beside it."""

from __future__ import annotations

import json
import re

import pytest

from loadtests.bench.report import markdown
from loadtests.experiments import judge
from loadtests.experiments.catalogue import EXPERIMENTS
from loadtests.experiments.results import read
from loadtests.experiments.tables import tables
from loadtests.ring.figures import PROJECT

FOLDER = PROJECT / "loadtests"
PAGE = (FOLDER / "README.md").read_text(encoding="utf-8")
PUBLISHED = FOLDER / "published"
MAKEFILE = (PROJECT / "Makefile").read_text(encoding="utf-8")


@pytest.mark.parametrize("experiment", EXPERIMENTS)
def test_its_tables_are_what_the_published_data_say(experiment: str) -> None:
    assert tables(read(PUBLISHED / experiment))[0].markdown() in PAGE


@pytest.mark.parametrize("experiment", EXPERIMENTS)
def test_what_is_published_is_a_whole_run_of_a_commit(experiment: str) -> None:
    result = read(PUBLISHED / experiment)
    assert result.is_complete
    flaws = judge.of_timeline(result.timeline) if result.timeline else judge.of_runs(result.runs, asked=10_000)
    assert flaws == []
    assert re.fullmatch(r"[0-9a-f]{40}", result.provenance["commit"])


def test_ten_thousand_requests_were_counted_and_none_failed() -> None:
    runs = [run for name in ("a-1", "a-2", "a-4") for run in read(PUBLISHED / name).runs]
    assert {(run.requests, run.failures, run.spread.total) for run in runs} == {(10_000, 0, 10_000)}


def test_the_benchmarks_tables_are_what_the_published_data_say() -> None:
    document = json.loads((PUBLISHED / "bench" / "bench.json").read_text(encoding="utf-8"))
    report = (PUBLISHED / "bench" / "bench.md").read_text(encoding="utf-8")
    assert report == markdown(document)
    told = [part for part in report.strip().split("\n\n") if part.startswith(("###", "|", "- "))]
    assert told[-1].splitlines() == [f"- {target}" for target in document["targets"]]
    assert [part for part in told if part not in PAGE] == []


def test_it_says_how_many_runs_strayed() -> None:
    (run,) = read(PUBLISHED / "a-1").runs
    assert f"the chi-square test gives p = {run.spread.fit.p:.3f}" in PAGE
    fits = [run.spread.fit.p for run in read(PUBLISHED / "a-4").runs]
    strayed = sum(p < 0.05 for p in fits)
    assert f"Of the {len(fits)} runs of A-4, which asks the same of every ring, {strayed} have" in PAGE


def test_whatever_it_links_to_is_there() -> None:
    links = re.findall(r"\]\((?!http)([^)#]+)", PAGE)
    assert links
    assert [link for link in links if not (FOLDER / link).exists()] == []


def test_every_make_line_is_a_target() -> None:
    said = set(re.findall(r"`make ([a-z0-9-]+)", PAGE))
    assert {"locust", "experiments", "bench"} <= said <= set(re.findall(r"^([a-z0-9-]+):", MAKEFILE, re.MULTILINE))
