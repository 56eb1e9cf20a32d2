"""Values that many documents of the API have: each is described once, under a name of its own in /openapi.json."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, InstanceOf, WithJsonSchema
from typing_extensions import TypeAliasType

from balancer.core.fleet import HEAVIEST
from balancer.core.hostnames import RULE, VALID
from balancer.http.operation import Document

Hostname = TypeAliasType(
    "Hostname",
    Annotated[
        InstanceOf[str],
        WithJsonSchema({"type": "string", "description": f"A hostname: {RULE}.", "pattern": f"^{VALID.pattern}$"}),
    ],
)
"""The core checks it, because its sentence names what is wrong."""
Node = TypeAliasType(
    "Node", Annotated[str, Field(description="A Swarm node; empty on one host, and where it is not known yet.")]
)
WeightOfServer = TypeAliasType(
    "WeightOfServer",
    Annotated[int, Field(ge=0, le=HEAVIEST, description="Its share beside the others' weights; 0 owns no slot.")],
)
Share = TypeAliasType("Share", Annotated[float, Field(ge=0, le=1, description="A part of the whole.")])
Time = TypeAliasType(
    "Time",
    Annotated[
        str, WithJsonSchema({"type": "string", "format": "date-time", "description": "A time in UTC, as ISO 8601."})
    ],
)
Version = TypeAliasType(
    "Version", Annotated[int, Field(ge=1, description="Grows with every change of profile or slot table.")]
)
Digest = TypeAliasType(
    "Digest", Annotated[str, Field(pattern="^[0-9a-f]{16}$", description="Names exactly this slot table.")]
)
ReleaseNumber = TypeAliasType(
    "ReleaseNumber",
    Annotated[
        int,
        Field(ge=1, description="The release's number: another content has another one. It is never given twice."),
    ],
)


class Error(Document):
    """What went wrong; everything is as it was."""

    message: str = Field(pattern="^<Error> ", description="Begins with <Error>.")
    status: Literal["failure"]
