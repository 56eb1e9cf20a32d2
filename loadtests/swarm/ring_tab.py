"""The tab "Ring" on locust's web page, and a Start button that says why not.

These are locust's own places for extensions: template_args of its page, extended_stats in what the page asks for every
two seconds (/stats/requests), and the answer of /swarm, whose message the page shows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from flask import Response, jsonify, request
from locust.web import WebUI

from loadtests.swarm.ring_table import COLUMNS, RingTable

KEY = "ring"


def attach(page: WebUI, *, table: Callable[[], RingTable | None], refusal: Callable[[Mapping[str, str]], str]) -> None:
    """`table` is None where the ring cannot be asked; `refusal` says what is wrong with the start form, or nothing."""
    # No column is called "name": by such a one the page would sort.
    structure = [{"key": key, "title": title} for key, title in COLUMNS.items()]
    page.template_args |= {
        "extended_tabs": [{"title": "Ring", "key": KEY}],
        "extended_tables": [{"key": KEY, "structure": structure}],
    }

    @page.app.before_request
    def start() -> Response | None:
        return refuse() if request.endpoint == "locust.swarm" else None

    @page.auth_required_if_enabled
    def refuse() -> Response | None:
        message = refusal(request.form)
        return jsonify(success=False, message=message, host=page.environment.host) if message else None

    @page.app.after_request
    def extend(response: Response) -> Response:
        if request.endpoint == "locust.request_stats" and response.is_json:
            now = table()
            data = now.page_rows() if now else []
            response.set_data(jsonify({**response.json, "extended_stats": [{"key": KEY, "data": data}]}).data)
        return response
