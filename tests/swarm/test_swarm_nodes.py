"""Ansible's part of several hosts, on the playground's engines: a Swarm from nothing, nodes that come and go, images on
them. The tests are one story, in their order. As root."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.deployment import PROJECT
from tests.infra.inventory import Inventory, Played
from tests.playground import Playground

pytestmark = [pytest.mark.docker, pytest.mark.ansible]

IMAGE = "test-nodes-ringmaster-server:0123456789ab"
ROLE = """
- hosts: all
  gather_facts: true
  gather_subset: ["!all"]
  environment: "{{ {'DOCKER_HOST': ringmaster_docker_host} if ringmaster_docker_host | default('') else {} }}"
  tasks:
    - ansible.builtin.include_role: {name: ringmaster.infra.ringmaster_%s, tasks_from: %s}
"""


@dataclass
class Nodes:
    """The playground's nodes, all in one inventory."""

    playground: Playground
    inventory: Inventory
    folder: Path

    def play(self, playbook: str | Path, *words: str, **variables: Any) -> Played:
        return self.inventory.play(playbook, *words, **variables)

    def role(self, name: str, tasks: str = "main", **variables: Any) -> Played:
        """One role alone, on every node."""
        playbook = self.folder / "role.yml"
        playbook.write_text(ROLE % (name, tasks))
        return self.play(playbook, **{"ringmaster_checkout": str(PROJECT), **variables})

    def docker(self, node: str, *words: str, content: bytes | None = None) -> str:
        command = ["docker", "--host", self.playground.host(node), *words]
        return subprocess.run(command, input=content, check=True, stdout=subprocess.PIPE).stdout.decode().strip()

    @property
    def members(self) -> dict[str, str]:
        """Node → manager or worker, as the first one says."""
        lines = self.docker("node1", "node", "ls", "--format", "{{.Hostname}} {{.ManagerStatus}}").splitlines()
        return {line.split()[0]: "manager" if len(line.split()) > 1 else "worker" for line in lines}


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nodes]:
    folder = tmp_path_factory.mktemp("swarm")
    with Playground(3) as playground:
        yield Nodes(playground, Inventory(folder / "hosts.json", playground.folder), folder)


def test_a_closed_port_is_named_with_both_ends_before_anything_is_changed(nodes: Nodes) -> None:
    nodes.inventory.write(managers=["node1", "node2"], workers=["node3"])
    for rule in ("udp --dport 4789 --jump DROP", "tcp --dport 7946 --jump REJECT"):
        firewall(nodes, "node2", "--insert", rule)
    run = nodes.play("swarm.yml")
    for rule in ("udp --dport 4789 --jump DROP", "tcp --dport 7946 --jump REJECT"):
        firewall(nodes, "node2", "--delete", rule)
    assert run.code != 0
    assert "From node1 (10.77.0.11): " in run.prose
    assert "tcp/7946 of node2 (10.77.0.12): refused" in run.prose
    assert "udp/4789 of node2 (10.77.0.12): no answer" in run.prose
    assert "of node3" not in run.prose
    assert run.changed == {"node1": 0, "node2": 0, "node3": 0}


def test_encrypted_networks_want_a_kernel_that_can(nodes: Nodes) -> None:
    run = nodes.play("swarm.yml", ringmaster_variables={"swarm": {"encrypted": True}})
    if has_ipsec():
        assert run.code == 0, run.output
    else:
        assert run.code != 0
        assert "has no IPsec as encrypted networks need it" in run.prose
        assert run.changed == {"node1": 0, "node2": 0, "node3": 0}


def test_a_swarm_from_nothing(nodes: Nodes) -> None:
    nodes.inventory.write(managers=["node1", "node2"])
    run = nodes.play("swarm.yml", "-v")
    assert run.code == 0, run.output
    assert nodes.members == {"node1": "manager", "node2": "manager"}
    assert "SWMTKN" not in run.output


def test_a_second_run_changes_nothing(nodes: Nodes) -> None:
    run = nodes.play("swarm.yml")
    assert run.code == 0, run.output
    assert run.changed == {"node1": 0, "node2": 0}


def test_a_host_that_is_added_joins_and_one_that_changes_its_group_its_role(nodes: Nodes) -> None:
    nodes.inventory.write(managers=["node1", "node3"], workers=["node2"])
    run = nodes.play("swarm.yml")
    assert run.code == 0, run.output
    assert nodes.members == {"node1": "manager", "node2": "worker", "node3": "manager"}


def test_another_inventory_with_other_names_takes_nobody_out(nodes: Nodes) -> None:
    written = nodes.inventory.file.read_text()
    nodes.inventory.file.write_text(written.replace('"node3": {', '"box3": {').replace('"node2": {', '"box2": {'))
    run = nodes.play("swarm.yml")
    nodes.inventory.file.write_text(written)
    assert run.code != 0
    assert "node2, node3 came in by that name, and this inventory calls the same hosts otherwise." in run.prose
    assert run.changed == {"node1": 0, "box2": 0, "box3": 0}
    assert nodes.members == {"node1": "manager", "node2": "worker", "node3": "manager"}


def test_images_come_to_the_nodes_that_lack_them(nodes: Nodes) -> None:
    deployment = "test-nodes"
    label = f"label=ringmaster.deployment={deployment}"
    change = f"LABEL ringmaster.deployment={deployment}"
    nodes.docker("node1", "import", "--change", change, "-", IMAGE, content=archive(nodes.folder))
    wanted = [{"name": IMAGE, "id": nodes.docker("node1", "image", "inspect", "--format", "{{.Id}}", IMAGE)}]
    settings = {
        "ringmaster_deployment": deployment,
        "ringmaster_node_images_wanted": wanted,
        "ringmaster_node_images_kept": [],
    }
    first = nodes.role("node_images", **settings)
    assert first.code == 0, first.output
    assert {nodes.docker(node, "image", "ls", "--quiet", "--no-trunc", IMAGE) for node in nodes.playground.nodes} == {
        wanted[0]["id"]
    }
    assert first.changed == {"node1": 0, "node2": 1, "node3": 1}
    again = nodes.role("node_images", **settings)
    assert (again.code, again.changed) == (0, {"node1": 0, "node2": 0, "node3": 0}), again.output
    run_a_service(nodes, deployment, wanted[0]["id"])
    kept = nodes.role("node_images", "sweep", **settings)
    assert (kept.code, kept.changed) == (0, {"node1": 0, "node2": 0, "node3": 0}), kept.output
    nodes.docker("node1", "service", "rm", "test-nodes")
    nodes.docker("node3", "volume", "create", "--label", label.removeprefix("label="), "test-nodes")
    gone = nodes.role("node_images", "remove", **settings)
    assert gone.code == 0, gone.output
    for node in nodes.playground.nodes:
        assert nodes.docker(node, "image", "ls", "--quiet", "--filter", label) == ""
        assert nodes.docker(node, "volume", "ls", "--quiet", "--filter", label) == ""


def test_a_host_that_shall_leave_is_drained_and_leaves(nodes: Nodes) -> None:
    nodes.inventory.write(managers=["node1"], workers=["node2"], leaving=["node3"])
    run = nodes.play("swarm.yml")
    assert run.code == 0, run.output
    assert nodes.members == {"node1": "manager", "node2": "worker"}
    assert state(nodes, "node3") == "inactive"


def test_a_host_that_is_taken_out_of_the_inventory_is_removed_and_can_come_back(nodes: Nodes) -> None:
    nodes.inventory.write(managers=["node1"])
    run = nodes.play("swarm.yml")
    assert run.code == 0, run.output
    assert nodes.members == {"node1": "manager"}
    assert state(nodes, "node2") != "inactive"
    nodes.inventory.write(managers=["node1"], workers=["node2"])
    run = nodes.play("swarm.yml")
    assert run.code == 0, run.output
    assert nodes.members == {"node1": "manager", "node2": "worker"}


def test_a_node_that_somebody_else_brought_in_stays(nodes: Nodes) -> None:
    token = nodes.docker("node1", "swarm", "join-token", "--quiet", "worker")
    address = nodes.playground.address("node3")
    nodes.docker("node3", "swarm", "join", "--advertise-addr", address, "--token", token, "10.77.0.11:2377")
    run = nodes.play("swarm.yml")
    assert (run.code, run.changed) == (0, {"node1": 0, "node2": 0}), run.output
    assert nodes.members == {"node1": "manager", "node2": "worker", "node3": "worker"}


def test_the_swarm_is_not_dissolved_under_a_service_and_is_without(nodes: Nodes) -> None:
    nodes.inventory.write(managers=["node1"], workers=["node2", "node3"])
    nodes.docker(
        "node1", "service", "create", "--detach", "--quiet", "--replicas", "0", "--name", "of-others", "nothing"
    )
    refused = nodes.play("leave.yml")
    assert refused.code != 0
    assert "The Swarm has services, which would end with it: of-others." in refused.prose
    nodes.docker("node1", "service", "rm", "of-others")
    run = nodes.play("leave.yml")
    assert run.code == 0, run.output
    assert {state(nodes, node) for node in nodes.playground.nodes} == {"inactive"}


def has_ipsec() -> bool:
    """Whether this machine's kernel has ESP with AES-GCM."""
    words = "unshare --net ip xfrm state add src 127.0.0.1 dst 127.0.0.2 proto esp spi 1 mode transport aead"
    command = [*words.split(), "rfc4106(gcm(aes))", f"0x{'00' * 20}", "64"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def firewall(nodes: Nodes, node: str, what: str, rule: str) -> None:
    command = ["ip", "netns", "exec", f"rm-{node}", "iptables", what, "INPUT", "--in-interface", "eth0", "--protocol"]
    subprocess.run([*command, *rule.split()], check=True)


def state(nodes: Nodes, node: str) -> str:
    return str(json.loads(nodes.docker(node, "info", "--format", "{{json .Swarm}}"))["LocalNodeState"])


def archive(folder: Path) -> bytes:
    """A file system with one file."""
    (folder / "file").write_text("of no use")
    return subprocess.run(["tar", "--create", "file"], cwd=folder, check=True, stdout=subprocess.PIPE).stdout


def run_a_service(nodes: Nodes, deployment: str, image: str) -> None:
    """One that names the image, and runs nowhere."""
    words = ["--detach", "--quiet", "--no-resolve-image", "--replicas", "0", "--name", deployment]
    nodes.docker("node1", "service", "create", *words, "--label", f"ringmaster.deployment={deployment}", image)
