"""A page with nothing but the ring's drawing, under the page's own headers, in a Chromium that a test commands."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask, Response
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webdriver import WebDriver
from werkzeug.serving import make_server

from balancer.http.page import HEADERS, page_api
from tests.browser import browser

SIDE = 400
"""Width of the canvas in pixels, which are CSS pixels, too."""
FILLS = ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#f0e442", "#8c8c8c"]
"""The first eight servers' colours."""
OWNERS, ANSWERING, MOVED, THEN, WAY = 0.86, 0.745, 0.685, 0.585, 0.62
"""The middles of the bands, as parts of the radius."""

_HTML = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Ring</title>
<link rel="stylesheet" href="/stage.css"></head><body><canvas id="ring"></canvas></body></html>"""
_CSS = f"""html {{ color-scheme: light dark }} body {{ margin: 0; background: Canvas; color: CanvasText }}
canvas {{ width: {SIDE}px }}"""
_BEGIN = """
    const {RingDrawing, palette, sharesTable} = await import('/page/ring.js');
    const geometry = await import('/page/geometry.js');
    const seen = {slots: [], walks: []};
    const ring = new RingDrawing(document.getElementById('ring'), {
        onSlot: (slot) => seen.slots.push(slot), onWalk: (walk) => seen.walks.push(walk)});
    Object.assign(window, {ring, seen, palette, sharesTable, geometry});
"""
_PIXEL = """
    const [part, radius, size] = [arguments[0], arguments[1], ring.canvas.width / 2];
    const turn = 2 * Math.PI * (part - 0.25);
    const [x, y] = [Math.cos(turn), Math.sin(turn)].map((way) => Math.floor(size * (1 + radius * way)));
    const copy = new OffscreenCanvas(1, 1).getContext('2d', {willReadFrequently: true});
    copy.drawImage(ring.canvas, -x, -y);
    const [red, green, blue, alpha] = copy.getImageData(0, 0, 1, 1).data;
    return alpha ? '#' + [red, green, blue].map((one) => one.toString(16).padStart(2, '0')).join('') : '';
"""
_FRAME = "await new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)));"


class Stage:
    def __init__(self, page: WebDriver) -> None:
        self.page = page
        self.run(_BEGIN)

    def run(self, script: str, *arguments: Any) -> Any:
        """What the body of an async function returns, after the next frame; `given` has the arguments."""
        result = self.page.execute_async_script(
            "const [done, given] = [arguments[arguments.length - 1], arguments];"
            f"(async () => {{ const run = async () => {{ {script} }}; const result = await run(); {_FRAME}"
            "return {result}; })().then(done, (error) => done({error: String(error.stack)}));",
            *arguments,
        )
        assert "error" not in result, result["error"]
        return result.get("result")

    def show(self, owners: list[str], **more: Any) -> None:
        """All servers serve where `states` does not say another state."""
        states = dict.fromkeys(sorted({*owners} - {""}, key=lambda name: int(name[1:])), "serving")
        states |= more.pop("states", {})
        servers = [{"hostname": name, "state": state} for name, state in states.items()]
        self.run("ring.show(given[0])", {"owners": owners, "answering": owners, "servers": servers, **more})

    def colour(self, part: float, radius: float) -> str:
        """Of the pixel there; empty where nothing is drawn."""
        colour: str = self.page.execute_script(_PIXEL, part, radius)
        return colour

    def hover(self, right: float, down: float) -> None:
        """Moves the pointer to there, from the middle of the canvas, in pixels."""
        canvas = self.page.find_element(By.ID, "ring")
        ActionChains(self.page, duration=0).move_to_element_with_offset(canvas, int(right), int(down)).perform()

    def press(self, *keys: str) -> None:
        ActionChains(self.page, duration=0).send_keys(*keys).perform()

    @property
    def spoken(self) -> str | None:
        return self.page.find_element(By.ID, "ring").get_attribute("aria-valuetext")


@contextmanager
def stage() -> Iterator[Stage]:
    app = Flask(__name__, static_folder=None)
    app.register_blueprint(page_api())
    app.add_url_rule("/stage", "stage", lambda: Response(_HTML, headers=HEADERS, mimetype="text/html"))
    app.add_url_rule("/stage.css", "css", lambda: Response(_CSS, headers=HEADERS, mimetype="text/css"))
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        with browser("--force-device-scale-factor=1") as page:
            page.get(f"http://127.0.0.1:{server.port}/stage")
            yield Stage(page)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
