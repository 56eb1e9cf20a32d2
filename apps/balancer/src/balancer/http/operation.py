"""An operation of the API: what /openapi.json says of a function that answers. The function itself is Flask's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict

View = TypeVar("View", bound=Callable[..., Any])


class Document(BaseModel):
    """A JSON object that the API takes or gives. The docstring of a subclass and the descriptions of its fields are
    what /openapi.json says."""

    model_config = ConfigDict(extra="forbid", frozen=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A parameter of an operation. `place`: query, path or header. `schema`: its JSON schema."""

    name: str
    place: str
    schema: Mapping[str, Any]
    description: str
    is_required: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An answer other than an error: a document, or text of another content type, which is empty where there is no
    body. `also`: further content types that a client may ask for, with a text for each."""

    description: str
    document: type[Document] | None = None
    content_type: str = "application/json"
    also: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """`answers`: status → answer. `errors`: the statuses of the errors, whose texts are the same for all operations.
    Those that a guarded port or a body brings need not be given: 400, 401, 403, 408, 413.
    `body`: the document that the request has. `example`: such a document as JSON. `is_open`: no token is needed.
    `is_public`: the public port answers it, too; where it is open, only there."""

    id: str
    tag: str
    summary: str
    answers: Mapping[int, Answer]
    description: str = ""
    errors: tuple[int, ...] = ()
    body: type[Document] | None = None
    example: Any = None
    parameters: tuple[Parameter, ...] = field(default=())
    is_open: bool = False
    is_public: bool = False


def described(operation: Operation) -> Callable[[View], View]:
    """Marks a function that answers with its operation. `of` finds it again."""

    def mark(view: View) -> View:
        view.__operation__ = operation  # type: ignore[attr-defined]
        return view

    return mark


def is_open(view: Callable[..., Any] | None) -> bool:
    """Whether a function of the control port answers without a token. One without an operation does not."""
    operation = None if view is None else of(view)
    return operation is not None and operation.is_open and not operation.is_public


def of(view: Callable[..., Any]) -> Operation | None:
    """The operation of a function; None where it has none."""
    found: Operation | None = getattr(view, "__operation__", None)
    return found
