"""Draws the pictures of the page that docs/page.md shows: `make screenshots`.

They are of a deployment of its own, under load, or of the one at --control-url as it is.
"""

from __future__ import annotations

import argparse
import io
import time
from collections.abc import Callable
from pathlib import Path

from PIL import Image
from selenium.webdriver.common.keys import Keys

from tests.browser import browser
from tests.deployment import PROJECT, Deployment
from tests.e2e.under_load import load
from tests.page_reader import PageReader
from tests.polling import until
from tests.system import System

FIGURES = PROJECT / "docs" / "figures"
LARGEST = 200_000
"""Bytes of a picture."""
KEYED = {"strategy": "table", "key": "header:X-User"}
KEYS = (*(f"user-{number}" for number in range(300)), *("user-1",) * 40, *("user-2",) * 25)
"""A few of them are heavy."""
CURVES = 90
"""Seconds of load, which the curves show."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--control-url", help="a running deployment, as it is")
    given = parser.parse_args()
    if given.control_url:
        draw(given.control_url)
        return
    with Deployment(replicas=4) as deployment:
        prepare(deployment)
        with load(deployment, keys=KEYS):
            time.sleep(CURVES)
            draw(deployment.control_url)


def prepare(system: System) -> None:
    """Something to see: keys, a server of another weight, and one that was killed and replaced."""
    assert system.put_ring(KEYED).status == 200
    assert system.weigh(system.replicas[1], 2).status == 200
    victim = system.replicas[-1]
    system.containers.server(victim).kill()
    until(lambda: victim not in system.replicas and system.is_ready, "it is replaced", within=60)


def draw(url: str) -> None:
    with browser("--window-size=1280,1180", "--hide-scrollbars") as driver:
        reader = PageReader(driver)
        for name, picture in PICTURES.items():
            reader.look()
            reader.open(url)
            reader.sees("#load-summary", "requests per second")
            reader.sees("#stream", "live")
            save(picture(reader), FIGURES / f"page-{name}.png")


def light(reader: PageReader) -> bytes:
    reader.write("#lookup-key", "user-7")
    reader.type(Keys.ENTER)
    reader.sees("#lookup-answer", "slot")
    return seen(reader)


def dark(reader: PageReader) -> bytes:
    reader.look(scheme="dark")
    return light(reader)


def what_if(reader: PageReader) -> bytes:
    reader.choose("#wish-strategy", "ring")
    reader.choose("#wish-slots", "512")
    reader.write("#wish-new", "1")
    reader.press("#wish .buttons button")
    reader.sees("#wish-table", "new-1")
    reader.driver.execute_script("document.activeElement.blur(); document.getElementById('what-if').scrollIntoView()")
    return reader.one("#what-if").screenshot_as_png


def phone(reader: PageReader) -> bytes:
    reader.look(phone=True, height=1200)
    return seen(reader)


def seen(reader: PageReader) -> bytes:
    reader.driver.execute_script("document.activeElement.blur()")
    return reader.driver.get_screenshot_as_png()


PICTURES: dict[str, Callable[[PageReader], bytes]] = {"light": light, "dark": dark, "what-if": what_if, "phone": phone}


def save(png: bytes, file: Path) -> None:
    """With 256 colours, which a page of flat colours hardly needs more of."""
    Image.open(io.BytesIO(png)).convert("RGB").quantize(256, dither=Image.Dither.NONE).save(file, optimize=True)
    size = file.stat().st_size
    assert size <= LARGEST, f"{file.name} has {size} bytes"


if __name__ == "__main__":
    main()
