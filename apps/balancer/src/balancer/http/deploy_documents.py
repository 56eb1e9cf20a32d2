"""The documents of the deploy API. The fields of a release are those of the core's table, which checks them, too."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import ConfigDict, Field, WithJsonSchema

from balancer.core import release, roll
from balancer.core.deploy import Stage
from balancer.core.fleet import COUNTED, Fleet
from balancer.core.image import CONTENT, Progress
from balancer.core.release import FIELDS, Declared
from balancer.http.documents import Hostname, ReleaseNumber
from balancer.http.operation import Document
from balancer.service.rollout import PULL


def _wanted(declared: Declared) -> dict[str, Any]:
    """The JSON schema of a field that somebody asks for."""
    return {**declared.kind.schema, "description": f"{declared.text} Must be {declared.kind.expects}."}


def _told(declared: Declared) -> dict[str, Any]:
    """The JSON schema of a field that is told."""
    schema = declared.kind.schema
    if not declared.secret:
        return {**schema, "description": declared.text}
    types = ["array", "null"] if "null" in schema["type"] else "array"
    return {"type": types, "items": {"type": "string"}, "description": "The names only; a value may be a secret."}


_PULL = {
    "type": "boolean",
    "description": "Ask the registry what the image's name means now, also where the engine has one of that name. "
    "Where nothing is new, nothing is rolled.",
    "default": False,
}
_WISH: dict[str, Any] = {**{name: _wanted(declared) for name, declared in FIELDS.items()}, PULL: _PULL}
_RELEASE: dict[str, Any] = {
    "number": {"$ref": "#/components/schemas/ReleaseNumber"},
    **{name: _told(declared) for name, declared in FIELDS.items()},
    "content": {
        "type": "string",
        "description": "The id of the image that its name meant when the release was made; containers are created from "
        "it. Empty while it is unknown.",
        "pattern": f"^{CONTENT}$",
    },
    "digest": {
        "type": "string",
        "description": "By which a registry gives that image again; empty for one that was built here.",
    },
}


class ReleaseWish(Document):
    """What servers shall be made of and judged by; what is missing stays as it is. An image's name stands for what it
    means now: on the engine, else in its registry."""

    model_config = ConfigDict(json_schema_extra={"properties": _WISH})


class Release(Document):
    """What servers are made of and judged by."""

    model_config = ConfigDict(
        extra="allow",
        json_schema_extra={"properties": _RELEASE, "required": list(_RELEASE), "additionalProperties": False},
    )


class Pull(Document):
    """The pull that the deploy waits for."""

    layers: int = Field(ge=0, description="Layers that the registry has told of.")
    layers_done: int = Field(ge=0, description="Layers that the engine has.")
    bytes: int = Field(ge=0, description="Of the layers whose download has begun.")
    bytes_done: int = Field(ge=0, description="Of those, what is loaded.")
    seconds: float = Field(ge=0, description="Since the pull began.")


class Deploy(Document):
    """The latest deploy."""

    stage: Annotated[str, WithJsonSchema({"type": "string", "enum": list(Stage)})] = Field(
        description="The first three are on their way; stuck: the old release did not start again either, and servers "
        "of both serve on."
    )
    reason: str = Field(description="Why it did not go through; empty otherwise.")
    pulling: Pull | None = Field(description="Null where it waits for no pull.")
    wish: Release
    configured: bool = Field(description="Whether the settings name just this release.")
    surge: int = Field(ge=1, description="New containers that are started at once.")
    batch: int = Field(ge=1, description="How many of them take over at once.")
    left: int = Field(ge=0, description="Servers that it has not come to yet.")


class ServerOfRelease(Document):
    """Who serves, and what it is made of."""

    hostname: Hostname
    release: ReleaseNumber


class Deployed(Document):
    """The release of new servers, the latest deploy, and what the servers are made of."""

    release: Release
    deploy: Deploy | None = Field(description="Null where there never was one.")
    servers: list[ServerOfRelease] = Field(description="Those who serve, in the order of joining.")


def deployed(fleet: Fleet, pull: tuple[Progress, float] | None = None) -> Deployed:
    """`pull`: how far the pull is that the deploy waits for, and its seconds."""
    return Deployed(
        release=_release(fleet.release),
        deploy=_deploy(fleet, pull),
        servers=[ServerOfRelease(hostname=server.hostname, release=server.release) for server in fleet.of(*COUNTED)],
    )


def _deploy(fleet: Fleet, pull: tuple[Progress, float] | None) -> Deploy | None:
    deploy = fleet.deploy
    if deploy is None:
        return None
    return Deploy(
        stage=deploy.stage,
        reason=deploy.reason,
        pulling=pull and _pull(*pull),
        wish=_release(deploy.release),
        configured=deploy.release.is_like(fleet.configured_release),
        surge=deploy.surge,
        batch=deploy.batch,
        left=roll.left(fleet),
    )


def _release(told: release.Release) -> Release:
    return Release(**{"number": told.number, **told.told(), "content": told.content, "digest": told.digest})


def _pull(progress: Progress, seconds: float) -> Pull:
    return Pull(
        layers=progress.layers,
        layers_done=progress.layers_done,
        bytes=progress.size,
        bytes_done=progress.loaded,
        seconds=round(seconds, 1),
    )
