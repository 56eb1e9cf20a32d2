"""The refusal of a document that is not as declared, in one sentence that names the field and what it must be."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import ValidationError

from balancer.core.document import known_fields
from balancer.core.errors import InvalidRequest
from balancer.http.operation import Document
from balancer.ports import answers

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

Kind = TypeVar("Kind", bound=Document)

_NAMES = {
    "array": "a list of strings",
    "boolean": "true or false",
    "number": "a number",
    "object": "a JSON object",
    "string": "a string",
}


def checked(kind: type[Kind], document: Mapping[str, Any]) -> Kind:
    """The document, where it is of this kind: no value is converted. Raises InvalidRequest."""
    if kind.model_config.get("extra") == "forbid":
        known_fields(document, *kind.model_fields)
    try:
        return kind.model_validate(document, strict=True)
    except ValidationError as error:
        raise InvalidRequest(_sentence(kind, error.errors()[0])) from None


def _sentence(kind: type[Document], error: ErrorDetails) -> str:
    name = str(error["loc"][0])
    schema = _fields(kind)[name]
    if error["type"] == "missing":
        return f"{name} is missing: {_expected(schema)}"
    is_open_ended = schema.get("type") == "integer" and "maximum" not in schema
    if is_open_ended and error["type"] == "greater_than_equal":
        return f"{name} must be at least {schema['minimum']}"
    return f"{name} must be {'an integer' if is_open_ended else _expected(schema)}"


def _expected(schema: Mapping[str, Any]) -> str:
    """What completes "… must be", from the JSON schema of a field."""
    match schema:
        case {"type": "integer", "minimum": low, "maximum": high}:
            return f"an integer from {low} to {high}"
        case {"type": "integer", "minimum": low}:
            return f"an integer of at least {low}"
        case {"enum": choices}:
            return f"one of {', '.join(choices)}"
        case {"type": kind, "example": example}:
            return f"{_NAMES[kind]}, for example {answers.compact(example)}"
    return _NAMES.get(schema.get("type", ""), "as GET /docs describes it")


@cache
def _fields(kind: type[Document]) -> Mapping[str, Mapping[str, Any]]:
    """name → JSON schema of every field, without references."""
    whole = kind.model_json_schema()
    shared = {f"#/$defs/{name}": schema for name, schema in whole.get("$defs", {}).items()}
    return {name: shared.get(schema.get("$ref", ""), {}) | schema for name, schema in whole["properties"].items()}
