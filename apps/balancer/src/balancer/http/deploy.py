"""The deploy API of the control port: it gives all servers another release."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from flask import Blueprint, Response, request

from balancer.core import document, roll
from balancer.core.fleet import COUNTED, Fleet
from balancer.core.image import Progress
from balancer.core.release import Release
from balancer.http import body
from balancer.http.answer import respond
from balancer.ports import answers
from balancer.service.rollout import Rollout

_EXAMPLE = '{"image":"registry/app:1.2"}'


def deploy_api(rollout: Rollout) -> Blueprint:
    api = Blueprint("deploy", __name__)

    @api.get("/deploy")
    def show() -> Response:
        return respond(answers.compact(_deploy(rollout.fleet, rollout.pull)))

    @api.post("/deploy")
    def begin() -> Response:
        wanted = document.json_object(body.read(request), example=_EXAMPLE)
        return respond(answers.compact(_deploy(rollout.begin(wanted), None)), HTTPStatus.ACCEPTED)

    @api.delete("/deploy")
    def cancel() -> Response:
        return respond(answers.compact(_deploy(rollout.cancel(), None)), HTTPStatus.ACCEPTED)

    return api


def _deploy(fleet: Fleet, pull: tuple[Progress, float] | None) -> dict[str, Any]:
    deploy = fleet.deploy
    return {
        "release": _release(fleet.release),
        "deploy": deploy
        and {
            "stage": deploy.stage,
            "reason": deploy.reason,
            "pulling": pull and _pull(*pull),
            "wish": _release(deploy.release),
            "configured": deploy.release.is_like(fleet.configured_release),
            "surge": deploy.surge,
            "batch": deploy.batch,
            "left": len(fleet.of(*COUNTED) if deploy.is_pulling else roll.outdated(fleet)),
        },
        "servers": [{"hostname": server.hostname, "release": server.release} for server in fleet.of(*COUNTED)],
    }


def _release(release: Release) -> dict[str, Any]:
    return {"number": release.number, **release.told(), "content": release.content, "digest": release.digest}


def _pull(progress: Progress, seconds: float) -> dict[str, Any]:
    return {
        "layers": progress.layers,
        "layers_done": progress.layers_done,
        "bytes": progress.size,
        "bytes_done": progress.loaded,
        "seconds": round(seconds, 1),
    }
