"""A host that is not this machine, reached by SSH as a plain user with a password for sudo."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deployment import PROJECT
from tests.infra.make import MadeSystem
from tests.infra.second_host import ADDRESS, USER, SecondHost

pytestmark = [pytest.mark.docker, pytest.mark.terraform, pytest.mark.ansible]

ROLES = """
- hosts: "{{ groups | ringmaster.infra.hosts }}"
  gather_facts: true
  gather_subset: ["!all"]
  roles: [ringmaster.infra.ringmaster, ringmaster.infra.ringmaster_preflight, ringmaster.infra.ringmaster_project]
  tasks:
    - ansible.builtin.assert: {that: "ringmaster_preflight_root"}
"""


@pytest.fixture(scope="module")
def host() -> Iterator[SecondHost]:
    with SecondHost() as host:
        yield host


@pytest.fixture
def roles(tmp_path: Path) -> Path:
    """A playbook of the roles that differ on another host, without those that make images."""
    file = tmp_path / "roles.yml"
    file.write_text(ROLES)
    return file


def test_the_sources_come_by_ssh_with_a_password_for_sudo_and_no_other_host_is_touched(
    host: SecondHost, roles: Path
) -> None:
    first = host.play(roles, ringmaster_checkout=str(PROJECT), ringmaster_preflight_free_megabytes=1)
    assert first.code == 0, first.output
    assert list(first.changed) == [host.name]
    assert first.changed[host.name] > 0
    assert host.password not in first.output
    again = host.play(roles, ringmaster_checkout=str(PROJECT), ringmaster_preflight_free_megabytes=1)
    assert again.code == 0, again.output
    assert again.changed == {host.name: 0}, again.output


def test_without_the_password_it_says_what_is_missing(host: SecondHost, roles: Path) -> None:
    run = host.play(
        roles, become_password=False, ringmaster_checkout=str(PROJECT), ringmaster_preflight_free_megabytes=1
    )
    assert run.code != 0
    assert "Missing sudo password" in run.prose


@pytest.mark.long
def test_a_deployment_on_it_says_where_it_is_and_goes_without_a_trace(host: SecondHost) -> None:
    system = MadeSystem()
    variables = {
        "ringmaster_deployment": system.deployment,
        "ringmaster_name_prefix": system.prefix,
        "ringmaster_publish_port": system.public,
        "ringmaster_control_port": system.control,
    }
    try:
        up = host.play("deploy.yml", **variables)
        assert up.code == 0, up.output
        assert list(up.changed) == [host.name]
        inner = f"127.0.0.1:{system.public} and 127.0.0.1:{system.control} are addresses of {host.name} alone."
        assert inner in up.prose
        tunnel = f"-L {system.public}:127.0.0.1:{system.public} -L {system.control}:127.0.0.1:{system.control}"
        assert f"Bring them here with: ssh {tunnel} -p {host.port} {USER}@{ADDRESS}" in up.prose
        assert f"make down DEPLOYMENT={system.deployment} INVENTORY={host.home}/hosts.json" in up.prose
        assert not any(folder.exists() for folder in system.folders)
        system.wait_until_ready()
        again = host.play("deploy.yml", **variables)
        assert again.changed == {host.name: 0}, again.output
        verified = host.play("verify.yml", **variables)
        assert verified.code == 0, verified.output
    finally:
        down = host.play("destroy.yml", **variables)
    assert down.code == 0, down.output
    assert not system.traces
    system.close()
