"""A client that compares each answer with what the OpenAPI document promises."""

from __future__ import annotations

from functools import cache
from typing import Any

from flask.testing import FlaskClient
from jsonschema import Draft202012Validator
from werkzeug.exceptions import HTTPException
from werkzeug.test import TestResponse

from tests.unit.balancer.in_memory import openapi


class DescribedClient(FlaskClient):
    """A path or a method that does not exist is described nowhere."""

    def open(self, *arguments: Any, **named: Any) -> TestResponse:
        answer = super().open(*arguments, **named)
        where = self._operation(answer.request.path, answer.request.method)
        if where is not None:
            _compare(answer, *where)
        return answer

    def _operation(self, path: str, method: str) -> tuple[str, str] | None:
        try:
            rule, _ = self.application.url_map.bind("").match(path, method, return_rule=True)
        except HTTPException:
            return None
        return None if method in ("HEAD", "OPTIONS") else (rule.rule.replace("<", "{").replace(">", "}"), method)


def _compare(answer: TestResponse, path: str, method: str) -> None:
    promised = openapi_document()["paths"][path][method.lower()]["responses"]
    assert str(answer.status_code) in promised, f"{method} {path} promises no {answer.status_code}"
    validator = _validator(path, method, answer.status_code, answer.mimetype)
    if validator is not None:
        validator.validate(answer.json)


@cache
def openapi_document() -> dict[str, Any]:
    return openapi()


@cache
def _validator(path: str, method: str, status: int, mimetype: str) -> Draft202012Validator | None:
    """Of such an answer; None where it is no JSON. Raises KeyError where its content type is not promised."""
    document = openapi_document()
    response = document["paths"][path][method.lower()]["responses"][str(status)]
    if "$ref" in response:
        response = document["components"]["responses"][str(status)]
    if "content" not in response:
        return None
    schema = response["content"][mimetype]["schema"]
    is_json = mimetype == "application/json"
    return Draft202012Validator(schema | {"components": document["components"]}) if is_json else None
