"""`make verify` on a system as it should be, and on one that somebody changed behind Terraform's back."""

from __future__ import annotations

import subprocess

import pytest
from docker.models.containers import Container

from tests.forward_proxy import ForwardProxy
from tests.infra.make import MadeSystem

pytestmark = [pytest.mark.docker, pytest.mark.terraform, pytest.mark.ansible]


@pytest.mark.usefixtures("changed_fleet", "observed")
def test_it_passes_whatever_the_fleet_did_and_with_prometheus_beside_it(system: MadeSystem) -> None:
    with ForwardProxy() as proxy:
        run = system.verify(**proxy.environment)
    assert run.code == 0, run.output
    assert run.recap["changed"] == 0
    assert proxy.asked == [], "a proxy is asked for what is on this machine"
    for check in (
        "Check that it would change nothing",
        "Check that they are the fleet",
        "Check that each runs without root on a read-only file system",
    ):
        assert f"TASK [ringmaster.infra.ringmaster_deployment : {check}]" in run.output


def test_it_names_what_somebody_changed(system: MadeSystem) -> None:
    edge = system.containers.edge
    edge.update(restart_policy={"Name": "no"})
    try:
        run = system.verify()
    finally:
        edge.update(restart_policy={"Name": "always"})
    assert run.code != 0, run.output
    assert "Terraform would change the deployment. Run make up to let it" in run.prose
    assert '~ restart = "no" -> "always"' in run.prose


def test_it_names_a_server_that_is_not_what_its_release_says(system: MadeSystem) -> None:
    server = system.containers.of("server")[0]
    limit = server.attrs["HostConfig"]["PidsLimit"]
    limited(server, limit - 12)
    try:
        run = system.verify()
    finally:
        limited(server, limit)
    assert run.code != 0, run.output
    assert f"{server.name}: pids is {limit - 12}, not {limit}" in run.prose


def limited(server: Container, pids: int) -> None:
    subprocess.run(["docker", "update", "--pids-limit", str(pids), str(server.id)], check=True)
