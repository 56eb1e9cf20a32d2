"""The reader's page of the API in Chromium: as wide as its window, for everybody's eyes, and with the style it has."""

from __future__ import annotations

import pytest
from axe_core_python.selenium import Axe
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webdriver import WebDriver

from tests.browser import browser, flaws
from tests.e2e.conftest import only_haproxy
from tests.system import System

pytestmark = [pytest.mark.docker, pytest.mark.terraform, pytest.mark.chromium]

PHONE = {"width": 360, "height": 800, "deviceScaleFactor": 1, "mobile": True}


def in_scheme(page: WebDriver, scheme: str) -> str:
    """The background that the page has in this colour scheme."""
    wanted = [{"name": "prefers-color-scheme", "value": scheme}]
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": wanted})  # type: ignore[attr-defined]
    return page.find_element(By.TAG_NAME, "body").value_of_css_property("background-color")


@only_haproxy
def test_everybody_can_read_it(system: System) -> None:
    described = system.operate("GET", "/openapi.json").document
    operations = {
        f"{method.upper()} {path}"
        for path, item in described["paths"].items()
        for method in item
        if method != "servers"
    }
    with browser() as page:
        page.get(f"{system.control_url}/docs")
        headings = {heading.text for heading in page.find_elements(By.TAG_NAME, "h3")}
        assert operations <= headings
        backgrounds = set()
        for scheme in ("light", "dark"):
            backgrounds.add(in_scheme(page, scheme))
            assert Axe().run(page)["violations"] == []
        assert len(backgrounds) == 2
        page.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", PHONE)  # type: ignore[attr-defined]
        assert flaws(page) == []
