"""The options of the services, as the settings have them."""

from __future__ import annotations

import math

from balancer.core.fleet_settings import FleetSettings
from balancer.core.hostnames import RESERVED
from balancer.service.services import Options
from balancer.settings import Settings


def service_options(settings: Settings) -> Options:
    catalogue = settings.catalogue()
    return Options(
        fleet=FleetSettings(
            initial=settings.initial_servers,
            profile=catalogue.profile(settings.ring),
            release=settings.release(),
            surge=settings.roll_surge,
            batch=settings.roll_batch,
        ),
        catalogue=catalogue,
        max_servers=settings.max_servers,
        spares=settings.spares,
        reserved=RESERVED,
        heartbeat_interval=settings.heartbeat_interval,
        heartbeat_strikes=settings.heartbeat_strikes,
        hang_timeout=settings.hang_timeout,
        start_grace=settings.start_grace,
        pull_timeout=settings.pull_timeout,
        drain_timeout=settings.drain_timeout,
        change_timeout=_longest_change(settings),
        slow_start=settings.slow_start,
        policy=settings.release_policy(),
        autoscaling=settings.autoscaling(),
        token_sha256=settings.token_sha256,
        protocols=settings.protocols,
        name_prefix=settings.name_prefix,
        edge_lease=settings.edge_lease,
    )


def _longest_change(settings: Settings) -> float:
    """The longest time of one change, in seconds. The longest change is a surge of a deploy."""
    batches = math.ceil(settings.roll_surge / settings.roll_batch)
    return settings.start_grace + batches * (settings.drain_timeout + settings.stop_timeout)
