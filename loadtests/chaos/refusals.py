"""Which refusals of a call are documented, and when: whoever does not wait may be refused, but only so. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus

from loadtests.chaos.actions import ApiCall, Begun
from loadtests.chaos.expected import CARRIED_OUT
from loadtests.faults.watcher import Views


@dataclass(frozen=True, slots=True)
class Refusal:
    """`says`: part of its text. It may come beside other calls (`calls`), where the balancer or the edge went away, or
    where the server that it names has gone."""

    status: int
    says: str
    calls: bool = False
    balancer: bool = False
    edge: bool = False
    gone: bool = False


DOCUMENTED = (
    Refusal(HTTPStatus.CONFLICT, "another change of the fleet is running", calls=True),
    Refusal(HTTPStatus.TOO_MANY_REQUESTS, "changes of the fleet wait for their turn already", calls=True),
    Refusal(HTTPStatus.CONFLICT, "a deploy is running", calls=True),
    Refusal(HTTPStatus.CONFLICT, "no deploy is on its way", calls=True),
    Refusal(HTTPStatus.CONFLICT, "still taking up its fleet", balancer=True),
    Refusal(HTTPStatus.NOT_FOUND, "no server named", gone=True),
    Refusal(HTTPStatus.BAD_GATEWAY, "The balancer went away while it worked on this", balancer=True),
    Refusal(HTTPStatus.SERVICE_UNAVAILABLE, "The balancer is away", balancer=True),
    Refusal(HTTPStatus.SERVICE_UNAVAILABLE, "", edge=True),
    Refusal(0, "", balancer=True, edge=True),
)


def undocumented(actions: Sequence[Begun], views: Views) -> list[str]:
    """A line for each call among `actions`, which came close together, that was refused as no document says. One that
    has the fleet to itself is never refused."""
    calls = [call for begun in actions for call in begun.calls]
    return [f"refused: {call}" for call in calls if call.status not in CARRIED_OUT and not _may(call, actions, views)]


def _may(call: ApiCall, actions: Sequence[Begun], views: Views) -> bool:
    text = call.answer.text if call.answer else ""
    others = sum(len(begun.calls) for begun in actions) > 1
    balancer = any(begun.takes_balancer for begun in actions)
    edge = any(begun.takes_edge for begun in actions)
    gone = bool(call.server) and views.left_at(call.server, since=actions[0].at) is not None
    return any(
        call.status == refusal.status
        and refusal.says in text
        and (
            (refusal.calls and others)
            or (refusal.balancer and balancer)
            or (refusal.edge and edge)
            or (refusal.gone and gone)
        )
        for refusal in DOCUMENTED
    )
