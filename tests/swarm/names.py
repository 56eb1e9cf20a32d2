"""The names, addresses, commands and documents that the system tests of several hosts take for granted, all of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

DEPLOYMENT = "playground"
"""The deployment's label; its name prefix is empty."""
SERVERS = 6
"""N after the deployment: two servers on each of three nodes."""
PUBLIC = "http://{address}:5000"
CONTROL = "https://{address}:5001"
TOKEN_VARIABLE = "RINGMASTER_TOKEN"  # noqa: S105 (the name of a variable)
TOKEN_FILE = "token"  # noqa: S105 (the name of a file)
"""In the playground's folder, written by UP."""

VARIABLES: Mapping[str, Any] = MappingProxyType({"replicas": SERVERS})
"""Terraform's."""


def up(variables: Mapping[str, Any], **settings: Any) -> tuple[str, ...]:
    """Engines, Swarm and deployment; what is up already is changed. `settings`: the roles' own variables."""
    return ("make", "swarm-up", f"VARS={json.dumps({**settings, 'ringmaster_variables': dict(variables)})}")


_PLAYBOOKS = ("ansible-playbook", "--inventory", "infra/ansible/inventory/playground.yml")
_SETTINGS = ("-e", f"ringmaster_deployment={DEPLOYMENT}", "-e", "ringmaster_tls=self-signed")
VERIFY = (*_PLAYBOOKS, "infra/ansible/verify.yml", *_SETTINGS)
"""Checks that all is as it was deployed, and that Terraform has nothing to do."""
DESTROY = (*_PLAYBOOKS, "infra/ansible/destroy.yml", *_SETTINGS)
"""Takes the deployment away; engines and Swarm stay."""
DOWN = ("make", "swarm-down")
"""Takes everything away, the engines included. It has no effect where nothing is up."""

BALANCER_SERVICE = "ringmaster-balancer"
EDGE_SERVICE = "ringmaster-edge"
OURS = "ringmaster"
"""How the names of all services, networks, volumes, configs and secrets of the deployment begin."""
EDGES = "/edges"
"""On the control port: {"edges": [{"node", LEASED, SERVING, "in_step", …}]}."""
LEASED = "leased"
SERVING = "serving"
NO_QUORUM = r"(?i)quorum|leader|manager|swarm|state"
"""What the answer of a refused change says while the managers have no majority."""
