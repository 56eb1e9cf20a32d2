"""What a host or a company may ask of containers, network and volumes: all of it at once, on one deployment."""

from __future__ import annotations

import json
import random
import secrets
from pathlib import Path

import pytest

from tests.deployment import Deployment

pytestmark = [pytest.mark.docker, pytest.mark.terraform]

TEAM = {"com.example.team": "shop"}


@pytest.mark.long
def test_labels_a_profile_a_network_and_volumes_of_ones_own(tmp_path: Path) -> None:
    profile = tmp_path / "profile.json"
    profile.write_text(json.dumps({"defaultAction": "SCMP_ACT_ALLOW"}))
    subnet = f"10.213.{random.SystemRandom().randrange(256)}.0/24"
    state = f"test-fleet-{secrets.token_hex(3)}"
    with Deployment(
        replicas=1,
        labels=TEAM,
        security_options={"edge": [f"seccomp={profile}"]},
        network={"subnet": subnet, "mtu": 1400},
        volume_names={"state": state},
    ) as system:
        assert system.plan() == ""
        outputs = system.outputs()

        ours = {container.labels["ringmaster.role"]: container for container in system.containers.all}
        server = ours.pop("server")
        assert TEAM.items().isdisjoint(server.labels.items())
        assert all(TEAM.items() <= container.labels.items() for container in ours.values())
        assert outputs["container_ids"] == {role: container.id for role, container in ours.items()}
        assert set(ours["edge"].attrs["HostConfig"]["SecurityOpt"]) == {
            "no-new-privileges",
            f"seccomp={profile.read_text()}",
        }

        network = system.containers.engine.networks.get(outputs["network_id"])
        assert network.attrs["IPAM"]["Config"][0]["Subnet"] == subnet
        assert network.attrs["Options"]["com.docker.network.driver.mtu"] == "1400"
        assert TEAM.items() <= network.attrs["Labels"].items()

        assert outputs["volumes"]["state"] == state
        assert TEAM.items() <= system.containers.engine.volumes.get(state).attrs["Labels"].items()
        assert system.get("/home").status == 200

        assert system.add(1).status == 200
        system.apply(labels={"com.example.team": "stock"})
        assert system.plan() == ""
        assert len(system.replicas) == 2
        assert TEAM.items() <= system.containers.engine.volumes.get(state).attrs["Labels"].items()
