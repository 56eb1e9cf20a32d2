"""The page's files: who gets them, and what a browser may do with them."""

from __future__ import annotations

import gzip
import re

import pytest
from flask.testing import FlaskClient

from balancer.http.page import CONTENT_TYPES, FOLDER, POLICY, files
from tests.unit.balancer.in_memory import InMemoryBalancer, control_app

LINK = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
"""The headers of a browser whose user follows a link on another page."""
NAMES = sorted(files())


@pytest.fixture
def guarded(balancer: InMemoryBalancer) -> FlaskClient:
    """A control port that wants a token."""
    return control_app(balancer, token_sha256="0" * 64).test_client()


@pytest.mark.parametrize("path", ["/", *(f"/page/{name}" for name in NAMES)])
def test_every_file_is_there_without_a_token(guarded: FlaskClient, path: str) -> None:
    answer = guarded.get(path)
    assert answer.status_code == 200
    name = path.rpartition("/")[2] or "index.html"
    assert answer.data == (FOLDER / name).read_bytes()
    assert answer.content_type == CONTENT_TYPES[f".{name.rpartition('.')[2]}"]
    assert answer.headers["Content-Security-Policy"] == POLICY
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-cache"


def test_a_browser_gets_a_file_packed_and_keeps_it_so(guarded: FlaskClient) -> None:
    packed = guarded.get("/page/ring.js", headers={"Accept-Encoding": "br, gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == (FOLDER / "ring.js").read_bytes()
    plain = guarded.get("/page/ring.js", headers={"Accept-Encoding": "gzip;q=0"})
    assert "Content-Encoding" not in plain.headers
    assert plain.headers["ETag"] != packed.headers["ETag"]
    assert {packed.headers["Vary"], plain.headers["Vary"]} == {"Accept-Encoding"}
    again = {"Accept-Encoding": "gzip", "If-None-Match": packed.headers["ETag"]}
    assert guarded.get("/page/ring.js", headers=again).status_code == 304


def test_the_page_is_small_on_its_way(guarded: FlaskClient) -> None:
    paths = ["/", *(f"/page/{name}" for name in NAMES)]
    assert sum(len(guarded.get(path, headers={"Accept-Encoding": "gzip"}).data) for path in paths) < 50_000


def test_the_policy_allows_nothing_inline_and_no_other_host() -> None:
    sources = re.split(r"[; ]+", POLICY)
    assert "default-src" in sources
    assert not [source for source in sources if "unsafe" in source or "*" in source or "//" in source]


def test_a_file_that_a_browser_has_is_not_sent_again(guarded: FlaskClient) -> None:
    first = guarded.get("/page/ring.js")
    again = guarded.get("/page/ring.js", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["Content-Security-Policy"] == POLICY
    other = guarded.get("/page/ring.js", headers={"If-None-Match": '"0123456789abcdef"'})
    assert other.status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/page/",
        "/page/nothing.js",
        "/page/../page.py",
        "/page/..%2fpage.py",
        "/page/%2e%2e/page.py",
        "/page/..%5cpage.py",
        "/page//etc/passwd",
        "/page/ring.js%00",
        "/page/RING.JS",
        "/page/ring.js/",
    ],
)
def test_no_other_file_is_there(control: FlaskClient, path: str) -> None:
    answer = control.get(path)
    assert answer.status_code == 404
    assert answer.json
    assert answer.json["status"] == "failure"


def test_the_icon_that_browsers_ask_for_is_nothing(guarded: FlaskClient) -> None:
    assert guarded.get("/favicon.ico").status_code == 204


def test_a_link_of_anybody_leads_to_the_page(control: FlaskClient) -> None:
    assert control.get("/", headers=LINK).status_code == 200


@pytest.mark.parametrize(
    "more",
    [
        {"Sec-Fetch-Dest": "iframe"},
        {"Sec-Fetch-Dest": "empty", "Sec-Fetch-Mode": "cors"},
        {"Sec-Fetch-Mode": "no-cors"},
        {"Origin": "http://evil.example"},
        {"Host": "evil.example"},
    ],
)
def test_another_page_can_neither_frame_nor_read_it(control: FlaskClient, more: dict[str, str]) -> None:
    assert control.get("/", headers=LINK | more).status_code == 403


@pytest.mark.parametrize("path", ["/page/ring.js", "/favicon.ico", "/ring", "/readyz", "/whoami", "/nothing"])
def test_a_link_leads_nowhere_else(control: FlaskClient, path: str) -> None:
    answer = control.get(path, headers=LINK)
    assert answer.status_code == 403
    assert answer.json
    assert "a web page of another origin" in answer.json["message"]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_the_page_takes_nothing(control: FlaskClient, method: str) -> None:
    assert control.open("/", method=method).status_code == 405
    assert control.open("/", method=method, headers=LINK).status_code == 403
