"""The ring's drawing on locust's page: the very files of the balancer's own page, and a script that shows them.

Locust has no place for a drawing. So its page gets one more script, which adds a canvas above the table of the tab.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, abort, jsonify, request
from locust.web import WebUI

from loadtests.swarm.target import NotUp

BALANCERS = Path(__file__).parents[2] / "apps" / "balancer" / "src" / "balancer" / "http" / "page"
FILES = {
    path.name: path
    for path in (
        *(BALANCERS / name for name in ("ring.js", "layers.js", "strokes.js", "geometry.js", "palette.js")),
        Path(__file__).with_name("ring_tab.js"),
    )
}
SCRIPT = '<script type="module" src="./ring/ring_tab.js"></script>'


def attach(page: WebUI, *, drawing: Callable[[], Mapping[str, Any]]) -> None:
    """`drawing` tells what to draw, or raises NotUp."""
    api = Blueprint("ring", __name__, url_prefix=f"{page.app.blueprints['locust'].url_prefix or ''}/ring")

    @api.get("/<name>.js")
    def script(name: str) -> Response:
        path = FILES.get(f"{name}.js") or abort(HTTPStatus.NOT_FOUND)
        return Response(path.read_bytes(), content_type="text/javascript; charset=utf-8")

    @api.get("/drawing")
    @page.auth_required_if_enabled
    def now() -> Response:
        try:
            return jsonify(drawing())
        except NotUp as error:
            return Response(str(error), HTTPStatus.BAD_GATEWAY, content_type="text/plain; charset=utf-8")

    page.app.register_blueprint(api)

    @page.app.after_request
    def extend(response: Response) -> Response:
        if request.endpoint == "locust.index" and response.status_code == HTTPStatus.OK:
            response.set_data(response.get_data(as_text=True).replace("</head>", f"{SCRIPT}</head>", 1))
        return response
