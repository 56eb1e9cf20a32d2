"""The documents of the health API."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, WithJsonSchema

from balancer.http.documents import Digest, Hostname, Time
from balancer.http.operation import Document
from balancer.service.problems import Part

_BY_PART = {"type": "object", "propertyNames": {"enum": list(Part)}, "additionalProperties": {"type": "string"}}


class Certificate(Document):
    """A certificate that clients of the edge are shown."""

    file: str = Field(description="Its name in the folder tls.")
    names: list[str] = Field(description="The hosts it is for.")
    expires: Time


class Health(Document):
    """How the balancer is."""

    ready: bool = Field(description="N servers serve and the data plane obeys.")
    N: int = Field(ge=0, description="How many serve or are silent.")
    target: int = Field(ge=0, description="How many shall serve.")
    replicas: list[Hostname] = Field(description="The servers that count for N.")
    silent: list[Hostname] = Field(
        description="Those of the replicas that miss their heartbeats: they get no new requests until they answer."
    )
    ring: Digest
    ailments: Annotated[dict[str, str], WithJsonSchema(_BY_PART)] = Field(
        description="Part → what ails it; empty while all is well."
    )
    remedies: Annotated[dict[str, str], WithJsonSchema(_BY_PART)] = Field(
        description="Part → what mends it: a command, in backticks, or a sentence; empty while all is well."
    )
    certificates: list[Certificate] = Field(description="Empty without TLS.")
