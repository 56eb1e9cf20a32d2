"""The OpenAPI document of the API, made of the operations and documents that the control port's functions declare."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any

from flask import Flask
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, models_json_schema

from balancer.http.documents import Error
from balancer.http.openapi_texts import ERRORS, HEAD, PUBLIC_SERVERS, SECURITY, TAGS
from balancer.http.operation import Answer, Document, Operation, Parameter, of
from balancer.ports import answers

_BODY_ERRORS = (HTTPStatus.BAD_REQUEST, HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
_NO_OPERATIONS = frozenset({"HEAD", "OPTIONS"})

Described = tuple[str, str, Operation]
"""Path as OpenAPI writes it, method in lower case, operation."""
References = Mapping[tuple[Any, JsonSchemaMode], Mapping[str, Any]]
"""How a document is referred to, as what somebody sends ("validation") or gets ("serialization")."""


class _Schemas(GenerateJsonSchema):
    """Schemas without titles: they would repeat the names."""

    def field_title_should_be_set(self, schema: object) -> bool:
        return False


def described(app: Flask) -> Iterator[Described]:
    """Every operation of the application."""
    for rule in app.url_map.iter_rules():
        operation = of(app.view_functions[rule.endpoint])
        if operation is not None:
            path = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule)
            methods = sorted((rule.methods or set()) - _NO_OPERATIONS)
            yield from ((path, method.lower(), operation) for method in methods)


def build(app: Flask) -> dict[str, Any]:
    """The document of the application, whose functions have all been registered."""
    found = list(described(app))
    references, schemas = _schemas(found)
    paths: dict[str, dict[str, Any]] = {}
    for path, method, operation in found:
        item = paths.setdefault(path, {"servers": PUBLIC_SERVERS} if operation.is_public else {})
        item[method] = _operation(operation, references)
    tags = dict.fromkeys(operation.tag for _, _, operation in found)
    return {
        **HEAD,
        "tags": [_tag(tag) for tag in sorted(tags, key=_place)],
        "paths": paths,
        "components": {
            "securitySchemes": SECURITY,
            "responses": _responses(found, references),
            "schemas": schemas,
        },
    }


def _place(tag: str) -> int:
    """Where the tag stands among those of the document: at the end where it has no text."""
    return list(TAGS).index(tag) if tag in TAGS else len(TAGS)


def _tag(tag: str) -> dict[str, str]:
    return {"name": tag, "description": TAGS[tag]} if tag in TAGS else {"name": tag}


def _operation(operation: Operation, references: References) -> dict[str, Any]:
    told: dict[str, Any] = {"operationId": operation.id, "tags": [operation.tag], "summary": operation.summary}
    if operation.description:
        told["description"] = _line(operation.description)
    if operation.is_open:
        told["security"] = []
    if operation.parameters:
        told["parameters"] = [_parameter(parameter) for parameter in operation.parameters]
    if operation.body:
        content = {"schema": references[operation.body, "validation"], "example": operation.example}
        told["requestBody"] = {"required": True, "content": {answers.CONTENT_TYPE: content}}
    responses = {status: _answer(answer, references) for status, answer in operation.answers.items()}
    refused = {status: {"$ref": f"#/components/responses/{status}"} for status in _errors(operation)}
    told["responses"] = {str(status): response for status, response in sorted((refused | responses).items())}
    return told


def _errors(operation: Operation) -> Iterator[int]:
    """The statuses of all errors: also those that every guarded port and every body brings."""
    yield HTTPStatus.FORBIDDEN
    if operation.is_public or not operation.is_open:
        yield HTTPStatus.UNAUTHORIZED
    if operation.body:
        yield from _BODY_ERRORS
    yield from operation.errors


def _parameter(parameter: Parameter) -> dict[str, Any]:
    told = {"name": parameter.name, "in": parameter.place, "schema": dict(parameter.schema)}
    return {**told, "description": parameter.description, "required": parameter.is_required}


def _answer(answer: Answer, references: References) -> dict[str, Any]:
    if not answer.content_type:
        return {"description": _line(answer.description)}
    if answer.document:
        schema = references[answer.document, "serialization"]
    else:
        schema = {"type": "object" if answer.content_type == answers.CONTENT_TYPE else "string"}
    content = {answer.content_type: {"schema": schema}} | {
        kind: {"schema": {"type": "string", "description": text}} for kind, text in answer.also.items()
    }
    return {"description": _line(answer.description), "content": content}


def _responses(found: list[Described], references: References) -> dict[str, Any]:
    """The answers of errors, which all operations share."""
    content = {answers.CONTENT_TYPE: {"schema": references[Error, "serialization"]}}
    statuses = {int(status) for _, _, operation in found for status in _errors(operation)}
    return {str(status): {**_error(status), "content": content} for status in sorted(statuses)}


def _error(status: int) -> Mapping[str, Any]:
    return ERRORS.get(status) or {"description": f"{HTTPStatus(status).phrase}."}


def _schemas(found: list[Described]) -> tuple[References, dict[str, Any]]:
    """The references to all documents, and name → JSON schema of every document and of every value that has a name of
    its own."""
    wanted: dict[tuple[type[Document], JsonSchemaMode], None] = {(Error, "serialization"): None}
    for _, _, operation in found:
        if operation.body:
            wanted[operation.body, "validation"] = None
        for answer in operation.answers.values():
            if answer.document:
                wanted[answer.document, "serialization"] = None
    template = "#/components/schemas/{model}"
    references, whole = models_json_schema(list(wanted), ref_template=template, schema_generator=_Schemas)
    return references, {name: _tidy(schema) for name, schema in whole["$defs"].items()}


def _tidy(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The schema without its title, and with its docstring as one line."""
    tidy = {key: value for key, value in schema.items() if key != "title"}
    return tidy | {"description": _line(tidy["description"])} if "description" in tidy else tidy


def _line(text: str) -> str:
    return " ".join(text.split())
