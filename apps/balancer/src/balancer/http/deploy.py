"""The deploy API of the control port: it gives all servers another release."""

from __future__ import annotations

from http import HTTPStatus

from flask import Blueprint, Response, request

from balancer.http import body
from balancer.http.answer import give
from balancer.http.deploy_documents import Deployed, ReleaseWish, deployed
from balancer.http.operation import Answer, Operation, described
from balancer.service.rollout import Rollout

_EXAMPLE = '{"image":"registry/app:1.2"}'

SHOW = Operation(
    id="deployed",
    tag="deploy",
    summary="What servers are made of, and how the latest deploy goes",
    answers={200: Answer(description="The release, the latest deploy and the servers.", document=Deployed)},
)
BEGIN = Operation(
    id="deploy",
    tag="deploy",
    summary="Give every server a container of another release",
    description="Answers as soon as the wish is saved. First the image is found or pulled; nothing waits for that, "
    "and nothing has changed where it fails. Then the servers get new containers a few at a time, which take over "
    "names and slots when they are ready. When one does not become ready, or fails within 10 s, all go back to the old "
    "release. Other changes take their turn between two steps; another deploy is refused until this one has ended.",
    body=ReleaseWish,
    example={"image": "registry/app:1.2", "environment": {"MODE": "fast"}, "memory": "256m", "cpus": 0.5},
    answers={
        202: Answer(
            description="The wish is saved, and is carried out even when the balancer restarts.", document=Deployed
        )
    },
    errors=(409, 429, 503),
)
CANCEL = Operation(
    id="rollBack",
    tag="deploy",
    summary="Have the old release again",
    description="The running deploy goes back; one that still waits for its image ends at once. With 409 there is none "
    "to go back from.",
    answers={202: Answer(description="The wish is saved.", document=Deployed)},
    errors=(409, 429, 503),
)


def deploy_api(rollout: Rollout) -> Blueprint:
    api = Blueprint("deploy", __name__)

    @api.get("/deploy")
    @described(SHOW)
    def show() -> Response:
        return give(deployed(rollout.fleet, rollout.pull))

    @api.post("/deploy")
    @described(BEGIN)
    def begin() -> Response:
        wanted = body.read_object(request, example=_EXAMPLE)
        return give(deployed(rollout.begin(wanted)), HTTPStatus.ACCEPTED)

    @api.delete("/deploy")
    @described(CANCEL)
    def cancel() -> Response:
        return give(deployed(rollout.cancel()), HTTPStatus.ACCEPTED)

    return api
