"""Chromium, and a stand-in for the balancer, for the tests of the page."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.browser import browser
from tests.page_reader import PageReader
from tests.page_stand_in import PageStandIn

TOKEN = "secret"  # noqa: S105 (of the stand-in)


@pytest.fixture(scope="module")
def chromium() -> Iterator[PageReader]:
    with browser() as driver:
        yield PageReader(driver)


@pytest.fixture
def reader(chromium: PageReader) -> PageReader:
    chromium.look()
    return chromium


@pytest.fixture
def balancer() -> Iterator[PageStandIn]:
    with PageStandIn() as stand_in:
        yield stand_in


@pytest.fixture
def guarded() -> Iterator[PageStandIn]:
    """A balancer that wants a token."""
    with PageStandIn(token=TOKEN) as stand_in:
        yield stand_in
