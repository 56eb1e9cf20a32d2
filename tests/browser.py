"""Chromium, in which tests open a page as a user does."""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from selenium import webdriver
from selenium.webdriver.remote.webdriver import WebDriver

# Root can start Chromium only without its sandbox, and containers have little shared memory.
_OPTIONS = ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--window-size=1280,900")


@contextmanager
def browser(*more: str) -> Iterator[WebDriver]:
    """A browser without a window and without data of earlier ones. `more`: options of its command line."""
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium") or ""
    # A proxy that the environment names has no business between test, driver and page. What Selenium recommends instead
    # of this, its class Chrome has no argument for.
    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
        options.ignore_local_proxy_environment_variables()
    options.add_argument("--no-proxy-server")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    for option in (*_OPTIONS, *more):
        options.add_argument(option)
    driver = webdriver.Chrome(options, webdriver.ChromeService(shutil.which("chromedriver")))
    try:
        yield driver
    finally:
        driver.quit()


def flaws(page: WebDriver) -> list[str]:
    """The flaws of the shown page: messages of its console, missing pictures, resources from other hosts or files, and
    a page so wide that it scrolls sideways."""
    told = [entry["message"] for entry in page.get_log("browser") if entry["level"] != "INFO"]
    found = [message for message in told if _NETWORK not in message]
    found += page.execute_script(_FLAWS)
    return found


_NETWORK = "ERR_NETWORK_CHANGED"
"""Chromium breaks off what is on its way when this machine's networks change, as they do when other tests make
containers."""

_FLAWS = """
    const found = [];
    for (const image of document.images)
        if (!image.naturalWidth) found.push(`no picture: ${image.alt}`);
    for (const {name} of performance.getEntriesByType("resource"))
        if (!name.startsWith("data:") && !(location.host && new URL(name).host === location.host))
            found.push(`from elsewhere: ${name}`);
    if (document.documentElement.scrollWidth > innerWidth)
        found.push(`${document.documentElement.scrollWidth} pixels wide`);
    return found;
"""
