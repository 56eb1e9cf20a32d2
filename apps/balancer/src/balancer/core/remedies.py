"""The remedies: for each part that may ail, where to look and what mends it. docs/operations.md says more of each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

_EDGE = "ringmaster-edge"
"""The edge's container, where names have no prefix."""

REMEDIES: Mapping[str, str] = MappingProxyType(
    {
        "balancer": "`make logs ROLE=balancer` has the reason with its trace; the step is tried again every second",
        "certificates": "put a renewed file into the folder `tls`; `make logs ROLE=edge` says why a file is not taken",
        "data plane": f"`make logs ROLE=edge` says why, `docker restart {_EDGE}` starts it anew",
        "edges": f"`docker node ls` says whether the node is down, `docker service ps {_EDGE}` what its edge does; "
        "all other edges go on",
        "engine": (
            "`docker info`: start the engine where it is away; "
            "`docker ps -a --filter label=ringmaster.role=keeper`: start or unpause the keeper"
        ),
        "fleet": "`make logs ROLE=balancer`: the line `server not ready` says why; mend the image or its settings, "
        "`make up`",
        "image": "one from a registry is pulled again by itself; build a local one again, then deploy it: "
        "`ringmaster deploy my-app:1`",
        "ring": "the saved ring goes on: name one among the variables that has a place for these servers, `make up`",
        "servers": "`uptime`: the host is overloaded, or the servers answer too late: give them more threads or a "
        "longer `heartbeat_timeout`",
        "state": "`df -h`: make room on the disk where it is full; `make up` from the newer release where the file is "
        "a newer one's; where another balancer has taken over, stop this one or the other one",
        "tokens": "mend the file with the tokens or write it again; it is read within a second",
    }
)
"""part → a command or a sentence; commands are in backticks."""


def remedies(parts: Iterable[str], *, name_prefix: str) -> dict[str, str]:
    """The remedies of these parts. `name_prefix`: what stands before the names of this deployment's containers; the
    edge of another deployment on this host must not be the one that is restarted."""
    return {part: REMEDIES[part].replace(_EDGE, name_prefix + _EDGE) for part in parts}
