"""The documents of POST /ring/preview: what is asked for, and the ring now and then."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, PlainValidator

from balancer.core import preview
from balancer.core.preview import PreviewRequest, parse_servers
from balancer.http.documents import Hostname, Share, WeightOfServer
from balancer.http.operation import Document
from balancer.http.ring_documents import owners
from balancer.http.ring_profile_document import RingProfile
from balancer.http.traffic import PreviewTraffic, traffic_document

_Members = dict[str, int | None]
_MEMBERS = PlainValidator(parse_servers, json_schema_input_type=dict[Hostname, WeightOfServer] | list[Hostname])


class Wish(Document):
    """What is left out stays as it is."""

    profile: RingProfile = Field(default_factory=RingProfile)
    servers: Annotated[_Members, _MEMBERS] = Field(
        default_factory=dict,
        description="All servers of the other ring: hostname → weight, or a list of hostnames with their present "
        "weights. Unknown ones are newcomers, of weight 1 and with the next ring ids; servers that are left out leave.",
    )
    slots: bool = Field(False, description="Whether both sides tell every slot's owner.")

    def request(self) -> PreviewRequest:
        given = self.model_fields_set
        return PreviewRequest(
            self.profile.model_dump() if "profile" in given else None, self.servers if "servers" in given else None
        )


class PreviewedServer(Document):
    """A server on one of the two rings."""

    hostname: Hostname
    ring_id: int = Field(ge=1, description="A newcomer's is the next one.")
    weight: WeightOfServer
    slots: int = Field(ge=0, description="How many slots it owns.")
    share: Share = Field(description="Of all requests.")


class PreviewedRing(Document):
    """A ring as if every server on it served."""

    profile: RingProfile
    servers: list[PreviewedServer]
    owners: list[str] = Field(
        default_factory=list, description="Each slot's owner, only where it was asked for; empty on an empty ring."
    )


class Move(Document):
    """What would move."""

    slots: Annotated[int, Field(ge=0)] | None = Field(description="Slots with another owner; null where M changes.")
    of: int = Field(ge=2, description="M then.")
    share: Share = Field(
        description="Of all keys, that would change their server: exact while M and the request hash, which is none of "
        "a plug-in, stay, otherwise counted over 100 000 request ids."
    )
    minimum: Share = Field(
        description="Of all keys, that every ring which follows the weights exactly has to move for this change of "
        "servers and weights."
    )


class Preview(Document):
    """Now, then, and the difference."""

    now: PreviewedRing
    then: PreviewedRing
    moved: Move
    traffic: PreviewTraffic | None = Field(
        description="Of the traffic that was seen; null where nothing can be said of it."
    )


def document(seen: preview.Preview, *, has_slots: bool) -> Preview:
    """`has_slots`: both sides tell every slot's owner."""
    moved = seen.moved
    return Preview(
        now=_side(seen.now, has_slots=has_slots),
        then=_side(seen.then, has_slots=has_slots),
        moved=Move(slots=moved.slots, of=moved.of, share=moved.share, minimum=moved.minimum),
        traffic=traffic_document(seen.traffic) if seen.traffic else None,
    )


def _side(side: preview.Side, *, has_slots: bool) -> PreviewedRing:
    """It has no state and no warmth, which only a real ring has."""
    previewed = PreviewedRing(
        profile=RingProfile(**side.profile.document()),
        servers=[
            PreviewedServer(
                hostname=expected.server.hostname,
                ring_id=expected.server.ring_id,
                weight=expected.server.weight,
                slots=expected.slots,
                share=expected.share,
            )
            for expected in side.servers
        ],
    )
    if not has_slots:
        return previewed
    return previewed.model_copy(update={"owners": owners((item.server for item in side.servers), side.table)})
