"""Which hosts of an inventory a play runs on, and how people reach what is published there.

Other hosts that the inventory has are none of its business.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleFilterError  # type: ignore[import-untyped]

EVERY = ("0.0.0.0", "::")  # noqa: S104 (compared, not bound)
SWARM = ("swarm_managers", "swarm_workers", "swarm_leaving")


def hosts(groups: Mapping[str, Sequence[str]]) -> list[str]:
    """Those of the group ringmaster and of the groups that make a Swarm."""
    found = [host for group in ("ringmaster", *SWARM) for host in groups.get(group, ())]
    if not found:
        raise AnsibleFilterError(
            "The inventory has no host in the group ringmaster, nor in swarm_managers. Write the hosts that Ringmaster "
            "shall run on into it, such as: ringmaster: {hosts: {box: {ansible_host: box.example.net}}}"
        )
    return list(dict.fromkeys(found))


def builders(groups: Mapping[str, Sequence[str]]) -> list[str]:
    """Those that build, run Terraform and keep its state: the first manager of a Swarm, without one every host."""
    return list(groups.get("swarm_managers", ()))[:1] or hosts(groups)


def reached(url: str, published: str, host: str) -> str:
    """A URL that is right on its host, as another machine reaches it: by the name `host`, where it is published on
    every address."""
    if not host or published not in EVERY:
        return url
    return re.sub(r"//(\[[^]]*\]|[^/:]*)", f"//[{host}]" if ":" in host else f"//{host}", url, count=1)


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"hosts": hosts, "builders": builders, "reached": reached}
