"""The remedies: for each part that may ail, where to look and what mends it. docs/operations.md says more of each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

_OURS = "ringmaster-"
"""How the names of containers and services of ours begin, where they have no prefix."""

REMEDIES: Mapping[str, str] = MappingProxyType(
    {
        "balancer": "`make logs ROLE=balancer` has the reason with its trace; the step is tried again every second",
        "certificates": "put a renewed file into the folder `tls`; `make logs ROLE=edge` says why a file is not taken",
        "data plane": "`make logs ROLE=edge` says why, `docker restart ringmaster-edge` starts it anew",
        "edges": "`docker node ls` says whether the node is down, `docker service ps ringmaster-edge` what its edge "
        "does; all other edges go on",
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


ON_SWARM: Mapping[str, str] = MappingProxyType(
    {
        "balancer": "`make logs INVENTORY=hosts.yml` has the reason with its trace; the step is tried again every "
        "second",
        "certificates": "put a renewed file into the folder `tls`, then `make up INVENTORY=hosts.yml`: on Swarm it is "
        "a secret, which only that replaces",
        "data plane": "`make logs ROLE=edge INVENTORY=hosts.yml` says why, "
        "`docker service update --force ringmaster-edge` starts the edges anew, one node after the other",
        "engine": "the keeper beside the balancer or its engine does not answer: "
        "`docker service ps ringmaster-keeper ringmaster-balancer` says on which node; "
        "`docker service update --force ringmaster-balancer` has Swarm choose one anew",
        "fleet": "`make logs INVENTORY=hosts.yml`: the line `server not ready` says why; mend the image or its "
        "settings, `make up INVENTORY=hosts.yml`",
        "image": "one from a registry must be there for every node; one that is built here: "
        "`make up INVENTORY=hosts.yml` brings it to all",
        "ring": "the saved ring goes on: name one among the variables that has a place for these servers, "
        "`make up INVENTORY=hosts.yml`",
        "servers": "`docker node ls`, and `uptime` on the nodes: one is away or overloaded, or the servers answer too "
        "late: give them more threads or a longer `heartbeat_timeout`",
        "state": "`docker node ls`: changes want a majority of the managers; `make up INVENTORY=hosts.yml` from the "
        "newer release where the state is a newer one's; a balancer that another one has taken over from changes "
        "nothing more",
        "tokens": "mend the file with the tokens, then `make up INVENTORY=hosts.yml`: on Swarm it is a secret, which "
        "only that replaces",
    }
)
"""As REMEDIES, of the parts that are mended in another way where the deployment is on several hosts."""


def remedies(parts: Iterable[str], *, name_prefix: str, has_one_host: bool = True) -> dict[str, str]:
    """The remedies of these parts. `name_prefix`: what stands before the names of this deployment's containers; the
    edge of another deployment on this host must not be the one that is restarted."""
    known = REMEDIES if has_one_host else {**REMEDIES, **ON_SWARM}
    return {part: known[part].replace(_OURS, name_prefix + _OURS) for part in parts}
