"""The traffic API of the control port: the keys that were seen, by slot and as hashes, and what another ring would make
of them."""

from __future__ import annotations

from flask import Blueprint, Response
from pydantic import Field

from balancer.core.traffic import KeyCounts
from balancer.core.traffic_preview import TrafficPreview
from balancer.http.answer import respond
from balancer.http.documents import Share
from balancer.http.operation import Answer, Document, Operation, described
from balancer.ports import answers
from balancer.service.ring_service import RingService


class HeavyKey(Document):
    """A key that many requests have."""

    key: str = Field(pattern="^[0-9a-f]{8}$", description="A hash of the key, never the key itself.")
    slot: int = Field(ge=0)
    share: Share = Field(description="Its part of the counted requests.")


class Traffic(Document):
    """The keys of a sample of the requests. Keys that did not come for ten minutes are forgotten; so are those that
    were away longest, where there are more than 8192."""

    sampled: Share = Field(description="The part of the keyed requests that is counted; 0 where requests have no key.")
    counted: int = Field(ge=0, description="Counted requests.")
    keys: int = Field(ge=0, description="Different keys among them.")
    is_random: bool = Field(description="The ring profile has no key, so nothing is counted.")
    slots: list[tuple[int, int]] = Field(description="Slot and counted requests, of each slot that has any, ascending.")
    heavy: list[HeavyKey] = Field(description="The keys with the most requests, at most 20, each with 1 % or more.")


class PreviewTraffic(Document):
    """The shares that the servers have of the traffic that was seen, now and under the other ring, as if all servers
    served. Bounded load is not counted in."""

    counted: int = Field(ge=0, description="The counted requests that this is made of.")
    is_exact: bool = Field(
        description="The slots of the keys are known; false where another request hash or M makes new ones. Then each "
        "key has a slot by chance, the same at every call."
    )
    now: dict[str, Share]
    then: dict[str, Share]
    moved: Share = Field(description="The part of the counted requests that would get another server.")


_TRAFFIC = Operation(
    id="traffic",
    tag="ring",
    summary="Which keys were seen, by slot and as hashes",
    description="The data plane counts one of 16 requests that have a key, since it got the present ring profile.",
    answers={200: Answer(description="The counts.", document=Traffic)},
    errors=(503,),
)


def traffic_api(service: RingService) -> Blueprint:
    api = Blueprint("traffic", __name__)

    @api.get("/traffic")
    @described(_TRAFFIC)
    def traffic() -> Response:
        counts, is_random = service.traffic(), service.fleet.profile.key.is_random
        return respond(answers.compact(_document(counts, is_random=is_random).model_dump()))

    return api


def traffic_document(seen: TrafficPreview) -> PreviewTraffic:
    """The part of a preview's answer that the traffic is."""
    return PreviewTraffic(
        counted=seen.counted,
        is_exact=seen.is_exact,
        now={name: round(share, 6) for name, share in seen.now.items()},
        then={name: round(share, 6) for name, share in seen.then.items()},
        moved=round(seen.moved, 6),
    )


def _document(counts: KeyCounts, *, is_random: bool) -> Traffic:
    return Traffic(
        sampled=counts.sampled,
        counted=counts.counted,
        keys=len(counts.keys),
        is_random=is_random,
        slots=list(counts.by_slot().items()),
        heavy=[
            HeavyKey(key=key.key, slot=key.slot, share=round(key.count / counts.counted, 6)) for key in counts.heavy()
        ],
    )
