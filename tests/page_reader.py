"""Somebody who reads and uses the balancer's page in Chromium, with the keyboard."""

from __future__ import annotations

from typing import Any

from axe_core_python.selenium import Axe
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webdriver import WebDriver
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.select import Select

from tests.browser import flaws
from tests.polling import until

_WITHIN = 15.0
_PHONE = {"width": 360, "deviceScaleFactor": 1, "mobile": True}

_HAS_RUN = "import('/page/page.js').then(() => arguments[0](true), () => arguments[0](false))"
_SHOWN = """return Array.from(document.querySelectorAll(arguments[0])).filter(found => found.checkVisibility())
    .map(found => found.innerText).join("\\n")"""


class PageReader:
    """Elements are named by selectors of CSS."""

    def __init__(self, driver: WebDriver) -> None:
        self.driver = driver

    def open(self, url: str) -> None:
        """Opens the page anew, also where only the part behind # differs. What earlier pages logged is forgotten."""
        until(lambda: self._is_whole(url), "the page has all of its scripts", within=_WITHIN)

    def _is_whole(self, url: str) -> bool:
        """Opens it once. A script is missing where this machine's networks changed meanwhile (tests.browser.flaws)."""
        self.driver.get("about:blank")
        self.driver.get_log("browser")
        self.driver.get(url)
        return bool(self.driver.execute_async_script(_HAS_RUN))

    def look(self, *, scheme: str = "light", phone: bool = False, height: int = 740) -> None:
        """With a colour scheme, and as wide as a phone."""
        scheme_is = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", scheme_is)
        if phone:
            self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", _PHONE | {"height": height})
        else:
            self.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})

    def one(self, selector: str) -> WebElement:
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def count(self, selector: str) -> int:
        return len(self.driver.find_elements(By.CSS_SELECTOR, selector))

    def text(self, selector: str) -> str:
        """What is shown, one line after the other; empty where nothing is."""
        return str(self.driver.execute_script(_SHOWN, selector))

    def sees(self, selector: str, text: str) -> None:
        """Waits until the text is shown there."""
        until(lambda: text in self.text(selector), f"{text!r} in {self.text(selector)!r}", within=_WITHIN)

    def is_enabled(self, selector: str) -> bool:
        return self.one(selector).is_enabled()

    def write(self, selector: str, text: str) -> None:
        field = self.one(selector)
        field.clear()
        field.send_keys(text)

    def choose(self, selector: str, value: str) -> None:
        Select(self.one(selector)).select_by_value(value)

    def press(self, selector: str, key: str = Keys.ENTER) -> None:
        """A key on what has the focus then. A click could miss what moves."""
        self.one(selector).send_keys(key)

    def type(self, *keys: str) -> None:
        """Keys for whatever has the focus."""
        ActionChains(self.driver).send_keys(*keys).perform()

    @property
    def focused(self) -> str:
        """The id of what has the focus; its text where it has no id."""
        element = self.driver.switch_to.active_element
        return element.get_attribute("id") or element.text

    def confirm(self, *, says: str) -> None:
        """Confirms, once the dialogue says exactly that call."""
        self.sees("#confirm", says)
        self.press("#confirm-yes")

    def hide(self, *, is_hidden: bool) -> None:
        """As if another tab were shown instead."""
        script = """Object.defineProperty(document, "hidden", {value: arguments[0], configurable: true});
            document.dispatchEvent(new Event("visibilitychange"));"""
        self.driver.execute_script(script, is_hidden)

    def flaws(self) -> list[str]:
        """Those of the page. That the machine got another network, as other tests' containers do to it, is none."""
        return [flaw for flaw in flaws(self.driver) if "ERR_NETWORK_CHANGED" not in flaw]

    def barriers(self) -> list[str]:
        """What axe-core finds."""
        found: dict[str, Any] = Axe().run(self.driver)
        return [f"{rule['id']}: {node['html'][:200]}" for rule in found["violations"] for node in rule["nodes"]]
