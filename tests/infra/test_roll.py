"""`make up` with something else for the servers: the balancer rolls, and make waits for how that ends."""

from __future__ import annotations

import io
import json

import pytest

from tests.containers import started
from tests.infra.make import MadeSystem, Run
from tests.polling import until

pytestmark = [pytest.mark.docker, pytest.mark.terraform, pytest.mark.ansible]


@pytest.mark.usefixtures("changed_fleet", "guarded")
def test_when_it_returns_every_server_has_what_was_asked_for(system: MadeSystem) -> None:
    servers = system.containers.servers
    assert set(servers) == set(system.replicas)
    assert {system.containers.environment(server)["COLOUR"] for server in servers.values()} == {"green"}
    assert {server.attrs["HostConfig"]["PidsLimit"] for server in servers.values()} == {300}
    assert {tuple(server.attrs["HostConfig"]["Tmpfs"].values()) for server in servers.values()} == {
        ("size=32m,mode=1777",)
    }
    assert {server.labels["com.example.team"] for server in servers.values()} == {"shop"}
    assert system.operate("GET", "/deploy").document["deploy"]["stage"] == "done"


@pytest.mark.long
@pytest.mark.usefixtures("changed_fleet", "guarded")
def test_verify_finds_every_server_as_it_was_asked_for(system: MadeSystem) -> None:
    run = system.verify()
    assert run.code == 0, run.output


@pytest.mark.long
@pytest.mark.usefixtures("changed_fleet", "guarded")
def test_what_somebody_else_deploys_is_told_and_no_fault(system: MadeSystem) -> None:
    before = system.operate("GET", "/deploy").document["release"]["pids"]
    assert system.deploy({"pids": before + 1}).status == 202
    until(lambda: system.stage == "done", "somebody's deploy is done", within=60)
    run = system.verify()
    assert run.code == 0, run.output
    assert "By POST /deploy the servers have another release than Terraform asks for: pids is 301, not 300" in run.prose


def test_a_release_that_does_not_start_is_rolled_back_and_the_reason_is_said(
    system: MadeSystem, rolled_back: Run
) -> None:
    assert rolled_back.code != 0
    assert "The deployment serves, but not on what Terraform asked for." in rolled_back.prose
    assert "is rolled back: " in rolled_back.prose
    assert "ended before it was ready" in rolled_back.prose
    assert {system.containers.environment(server)["COLOUR"] for server in system.containers.of("server")} == {"green"}


@pytest.mark.long
@pytest.mark.usefixtures("rolled_back")
def test_verify_says_it_too_and_changes_nothing(system: MadeSystem) -> None:
    before = {started(container) for container in system.containers.all}
    run = system.verify()
    assert run.code != 0
    assert "is rolled back: " in run.prose
    assert {started(container) for container in system.containers.all} == before


@pytest.mark.usefixtures("rolled_back")
def test_images_that_cannot_be_built_leave_what_runs_as_it_is(system: MadeSystem) -> None:
    """Images are made before a container goes: the edge is away for a moment, not for as long as they take."""
    before = {started(container) for container in system.containers.all}
    engine, nothing = system.containers.engine, f"{system.prefix}nothing:1"
    engine.images.build(fileobj=io.BytesIO(b"FROM scratch\nENV NOTHING=1\n"), tag=nothing, forcerm=True)
    try:
        run = system.up(f"VARS={json.dumps({'ringmaster_variables': {'base_image': nothing}})}")
    finally:
        engine.images.remove(nothing, force=True)
    assert run.code != 0
    assert "Terraform could not make the deployment" in run.prose
    assert {started(container) for container in system.containers.all} == before
    assert system.get("/home").status == 200
