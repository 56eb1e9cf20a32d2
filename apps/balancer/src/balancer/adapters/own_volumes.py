"""The volumes of a deployment itself, which no server may have: who may deploy would read what its other parts keep."""

from __future__ import annotations

from contextlib import suppress

import docker
from docker.errors import NotFound

from balancer.adapters.container_spec import DEPLOYMENT
from balancer.core.errors import StartFailed
from balancer.core.fleet import Server
from balancer.core.release import Release


def refuse_own_volumes(api: docker.APIClient, server: Server, release: Release) -> None:
    """Raises StartFailed where a volume of the release is one of a deployment on this engine."""
    for name in (volume.partition(":")[0] for volume in release.volumes):
        with suppress(NotFound):
            if not name.startswith("/") and DEPLOYMENT in (api.inspect_volume(name)["Labels"] or {}):
                raise StartFailed(f"{server.hostname} cannot be created: the volume {name} is Ringmaster's own")
