"""A server's container as the engine lists it, and as the balancer knows it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from balancer.adapters import container_spec
from balancer.adapters.announced_ends import AnnouncedEnds
from balancer.adapters.container_spec import FINGERPRINT, GENERATION, INSTANCE, PORT, RELEASE, RING_ID, ServerSpec
from balancer.core.observed import Observed


def observed(container: Mapping[str, Any], spec: ServerSpec, announced: AnnouncedEnds) -> Observed:
    """What the engine's JSON of a container says, and what the engine's events say of its end."""
    network = container["NetworkSettings"]["Networks"].get(spec.network) or {}
    address = network.get("IPAddress", "")
    labels = container["Labels"]
    name = container["Names"][0].removeprefix("/").removeprefix(spec.name_prefix)
    death = announced.death(container["Id"])
    return Observed(
        id=container["Id"],
        instance=labels.get(INSTANCE, name),
        container_name=name,
        ending=announced.is_ending(container["Id"], container["State"]),
        ring_id=int(labels[RING_ID]),
        release=int(labels.get(RELEASE, 1)),
        running=container["State"] in ("running", "paused") and not death,
        address=f"{address}:{labels.get(PORT, spec.port)}" if address else "",
        paused=container["State"] == "paused",
        status=death or container["Status"],
        image=container["ImageID"],
        generation=int(labels.get(GENERATION, labels.get(RELEASE, 1))),
        heartbeat=container_spec.heartbeat(labels),
        fingerprint=labels.get(FINGERPRINT, ""),
        starved=announced.starved(container["Id"]),
    )
