"""The page that shows the OpenAPI document: everything is on it, and nothing is loaded from elsewhere."""

from __future__ import annotations

import re
from hashlib import sha256
from html import unescape
from html.parser import HTMLParser
from typing import Any, Literal

import pytest
from flask.testing import FlaskClient
from pydantic import Field

from balancer.http.openapi_page import curl
from balancer.http.operation import Answer, Document, Operation, described
from tests.unit.balancer.in_memory import InMemoryBalancer, control_app, openapi

DOCUMENT = openapi()
VOID = {"meta", "link"}


class Page(HTMLParser):
    """The elements, ids, links and headings of a page, whose tags are balanced."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, self.getpos()

    def values(self, attribute: str) -> list[str]:
        return [value for _, attributes in self.elements if (value := attributes.get(attribute)) is not None]

    def count(self, *tags: str) -> int:
        return sum(tag in tags for tag, _ in self.elements)


@pytest.fixture
def text(control: FlaskClient) -> str:
    return control.get("/docs").text


@pytest.fixture
def page(text: str) -> Page:
    return Page(text)


def plain(text: str) -> str:
    """A text of the document as the page shows it: without the marks of code."""
    return text.replace("`", "")


def test_every_operation_is_on_it_with_its_texts(text: str) -> None:
    shown = unescape(re.sub("<[^>]+>", "", text))
    for path, item in DOCUMENT["paths"].items():
        for method, operation in item.items():
            if method != "servers":
                assert f"{method.upper()} {path}\n" in shown
                assert operation["summary"] in shown
                assert plain(operation.get("description", "")) in shown
                assert curl(DOCUMENT, path, method) in shown
                assert all(plain(parameter["description"]) in shown for parameter in operation.get("parameters", []))


def test_every_field_of_every_document_is_on_it(page: Page, text: str) -> None:
    shown = unescape(re.sub("<[^>]+>", "", text))
    ids = page.values("id")
    for name, schema in DOCUMENT["components"]["schemas"].items():
        assert name in ids
        assert plain(schema.get("description", "")) in shown
        for field, told in schema.get("properties", {}).items():
            assert f"<code>{field}</code>" in text
            assert plain(told.get("description", "")) in shown


def test_code_in_a_text_is_shown_as_code(text: str) -> None:
    assert "too; <code>in_step</code> is false then." in text
    assert "`" not in text


def test_its_elements_are_balanced_and_its_links_lead_somewhere(page: Page) -> None:
    assert page.open == []
    ids = page.values("id")
    assert len(ids) == len(set(ids))
    assert {link[1:] for link in page.values("href") if link.startswith("#")} <= set(ids)
    assert {name for names in page.values("aria-labelledby") for name in names.split()} <= set(ids)


def test_it_has_landmarks_one_first_heading_and_a_language(page: Page) -> None:
    assert [page.count(tag) for tag in ("header", "nav", "main", "footer", "h1")] == [1] * 5
    assert ("html", {"lang": "en"}) in page.elements
    assert page.count("table") == page.count("caption")


def test_it_loads_nothing_but_its_style_and_runs_nothing(control: FlaskClient, page: Page) -> None:
    assert page.count("script", "img", "iframe", "style", "form") == 0
    assert not [value for tag, attributes in page.elements for value in attributes if value.startswith(("on", "style"))]
    assert {link for link in page.values("href") if not link.startswith("#")} == {"docs.css", "openapi.json"}
    assert control.get("/docs.css").mimetype == "text/css"
    policy = control.get("/docs").headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'self'; ")
    assert "unsafe" not in policy


def test_everybody_may_read_it_and_nothing_else(balancer: InMemoryBalancer) -> None:
    guarded = control_app(balancer, token_sha256=sha256(b"a long enough token").hexdigest()).test_client()
    status = {path: guarded.get(path).status_code for path in ("/docs", "/docs.css", "/openapi.json", "/rep")}
    assert status == {"/docs": 200, "/docs.css": 200, "/openapi.json": 401, "/rep": 401}


def test_what_the_document_says_is_text_and_never_markup(control: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def evil(_: object) -> dict[str, Any]:
        return {**DOCUMENT, "info": DOCUMENT["info"] | {"summary": "<script>alert(1)</script>"}}

    monkeypatch.setattr("balancer.http.openapi_page.build", evil)
    assert "&lt;script&gt;" in control.get("/docs").text


class Many(Document):
    """A value of each type."""

    pairs: list[tuple[int, str]]
    either: int | list[str] | None
    one_of: Literal["a", "b"]
    numbers: dict[str, list[float]]
    anything: Any
    things: list[Any]
    number: float = Field(gt=1, le=2)


def test_values_of_every_type_are_shown(balancer: InMemoryBalancer) -> None:
    operation = Operation(id="many", tag="others", summary="Much", answers={200: Answer(description="", document=Many)})
    app = control_app(balancer)
    app.add_url_rule("/many", view_func=described(operation)(lambda: ""), endpoint="many")
    text = app.test_client().get("/docs").text
    shown = re.sub("<[^>]+>", "", text[text.index('<h3 id="Many">') :])
    values = [
        "list of list of integer and string",
        "integer or list of string or null",
        "one of a, b",
        "object of list of number",
        "any",
        "list of any",
        "number above 1 to 2",
    ]
    found = [shown.index(f"{name}{value}") for name, value in zip(Many.model_fields, values, strict=True)]
    assert found == sorted(found)


@pytest.mark.parametrize(
    ("path", "method", "command"),
    [
        ("/rep", "get", "curl http://127.0.0.1:5000/rep"),
        ("/healthz", "get", 'curl -H "Authorization: Bearer $TOKEN" http://127.0.0.1:5001/healthz'),
        (
            "/servers/{hostname}",
            "patch",
            """curl -X PATCH -H "Authorization: Bearer $TOKEN" -d '{"weight":2}' 'http://127.0.0.1:5001/servers/{hostname}'""",
        ),
        (
            "/ring/lookup",
            "get",
            """curl -H "Authorization: Bearer $TOKEN" 'http://127.0.0.1:5001/ring/lookup?key=…'""",
        ),
    ],
)
def test_a_command_asks_for_each_operation(path: str, method: str, command: str) -> None:
    assert curl(DOCUMENT, path, method) == command
