"""The page: files without a build step, for everybody whom the guard lets in. It asks the API for all it shows."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from http import HTTPStatus
from pathlib import Path

from flask import Blueprint, Response, request
from werkzeug.exceptions import NotFound

from balancer.http.operation import Answer, Operation, Parameter, described

FOLDER = Path(__file__).with_name("page")
INDEX = "index.html"
PAGE = "page.index"
"""The endpoint of the page itself, the only one that other pages may link to."""

CONTENT_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-cache",
}
"""Of every file. "no-cache": the browser keeps it and asks each time whether it is still the same."""


@dataclass(frozen=True, slots=True)
class PageFile:
    content: bytes
    content_type: str

    @property
    def tag(self) -> str:
        return sha256(self.content).hexdigest()[:16]


def files(folder: Path = FOLDER) -> dict[str, PageFile]:
    """name → file, of all files of the page. They are read once: no request's path is ever opened."""
    return {
        path.name: PageFile(path.read_bytes(), CONTENT_TYPES[path.suffix])
        for path in sorted(folder.iterdir())
        if path.is_file() and path.suffix in CONTENT_TYPES
    }


_SAME = Answer(description="The browser has it already.", content_type="")

INDEX_OPERATION = Operation(
    id="page",
    tag="page",
    summary="The page, for a browser",
    answers={200: Answer(description="The page.", content_type="text/html"), 304: _SAME},
    is_open=True,
)
FILE_OPERATION = Operation(
    id="pageFile",
    tag="page",
    summary="A file of the page",
    answers={
        200: Answer(description="Its content.", content_type="text/javascript", also={"text/css": "A style sheet."}),
        304: _SAME,
    },
    errors=(404,),
    parameters=(
        Parameter(name="file", place="path", schema={"type": "string"}, description="Its name.", is_required=True),
    ),
    is_open=True,
)
ICON_OPERATION = Operation(
    id="icon",
    tag="page",
    summary="Nothing: browsers ask for it",
    answers={204: Answer(description="Nothing.", content_type="")},
    is_open=True,
)


def page_api(known: Mapping[str, PageFile] | None = None) -> Blueprint:
    api = Blueprint("page", __name__)
    known = files() if known is None else known

    @api.get("/")
    @described(INDEX_OPERATION)
    def index() -> Response:
        return _respond(known.get(INDEX))

    @api.get("/page/<file>")
    @described(FILE_OPERATION)
    def file(file: str) -> Response:
        return _respond(known.get(file))

    @api.get("/favicon.ico")
    @described(ICON_OPERATION)
    def icon() -> Response:
        return Response(status=HTTPStatus.NO_CONTENT)

    return api


@lru_cache(maxsize=64)
def _packed(content: bytes) -> bytes:
    return gzip.compress(content)


def _respond(found: PageFile | None) -> Response:
    if found is None:
        raise NotFound
    is_packed = request.accept_encodings.quality("gzip") > 0
    response = Response(_packed(found.content) if is_packed else found.content, content_type=found.content_type)
    response.headers.update(HEADERS)
    response.headers["Vary"] = "Accept-Encoding"
    if is_packed:
        response.headers["Content-Encoding"] = "gzip"
    response.set_etag(found.tag + ("-gzip" if is_packed else ""))
    response.make_conditional(request)
    return response
