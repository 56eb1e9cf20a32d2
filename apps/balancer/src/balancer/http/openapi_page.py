"""Serves the OpenAPI document, and a page that shows it to a reader. The page knows nothing but the document."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, current_app, render_template

from balancer.http.answer import respond
from balancer.http.openapi import build
from balancer.http.operation import Answer, Operation, described
from balancer.ports import answers

_HERE = Path(__file__).parent
_CSS = (_HERE / "openapi_page.css").read_text(encoding="utf-8")
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}

OPENAPI = Operation(
    id="openapi", tag="health", summary="This document", answers={200: Answer(description="OpenAPI 3.1.")}
)
DOCS = Operation(
    id="docs",
    tag="page",
    summary="This document as a page to read",
    description="It says nothing of the deployment.",
    answers={200: Answer(description="One page without a script.", content_type="text/html")},
    is_open=True,
)
STYLE = Operation(
    id="docsStyle",
    tag="page",
    summary="The style of that page",
    answers={200: Answer(description="A style sheet.", content_type="text/css")},
    is_open=True,
)


def openapi_api() -> Blueprint:
    api = Blueprint("openapi", __name__, template_folder=".")

    @cache
    def document() -> dict[str, Any]:
        return build(current_app)

    @cache
    def page() -> str:
        return render_template("openapi_page.html", document=document(), curl=curl)

    @api.get("/openapi.json")
    @described(OPENAPI)
    def openapi() -> Response:
        return respond(answers.compact(document()))

    @api.get("/docs")
    @described(DOCS)
    def docs() -> Response:
        return Response(page(), content_type="text/html; charset=utf-8", headers=_HEADERS)

    @api.get("/docs.css")
    @described(STYLE)
    def style() -> Response:
        return Response(_CSS, content_type="text/css; charset=utf-8", headers=_HEADERS)

    return api


def curl(document: Mapping[str, Any], path: str, method: str) -> str:
    """A command that asks for this operation."""
    item = document["paths"][path]
    operation = item[method]
    words = ["curl"] if method == "get" else ["curl", "-X", method.upper()]
    if operation.get("security", document["security"]):
        words += ["-H", "Authorization: Bearer $TOKEN"]
    for content in operation.get("requestBody", {}).get("content", {}).values():
        words += ["-d", answers.compact(content["example"])]
    wanted = [parameter["name"] for parameter in operation.get("parameters", []) if parameter["required"]]
    asked = "&".join(f"{name}=…" for name in wanted if f"{{{name}}}" not in path)
    url = item.get("servers", document["servers"])[0]["url"] + path + (f"?{asked}" if asked else "")
    return " ".join(_quoted(word) for word in [*words, url])


def _quoted(word: str) -> str:
    """The word for a shell, which is to replace the variable TOKEN."""
    return f'"{word}"' if "$TOKEN" in word else shlex.quote(word)
