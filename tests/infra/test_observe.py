"""`make observe` beside the system that `make up` made. It stays until `make down`, which has to take it away."""

from __future__ import annotations

import json

import pytest

from tests.infra.conftest import Observed
from tests.infra.make import MadeSystem

pytestmark = [pytest.mark.docker, pytest.mark.terraform, pytest.mark.ansible]


def test_it_says_where_prometheus_is(system: MadeSystem, observed: Observed) -> None:
    assert f"Prometheus watches {system.deployment}: http://127.0.0.1:{observed.port}" in observed.first.prose


def test_a_second_time_changes_nothing(observed: Observed) -> None:
    assert observed.second.code == 0, observed.second.output
    assert observed.second.recap["changed"] == 0
    assert observed.runs[0] == observed.runs[1]


@pytest.mark.usefixtures("observed")
def test_its_container_is_locked_down(system: MadeSystem) -> None:
    (container,) = system.containers.of("prometheus")
    host = container.attrs["HostConfig"]
    assert container.name == f"{system.prefix}ringmaster-prometheus"
    assert container.attrs["Config"]["User"].partition(":")[0] not in ("", "0", "root")
    assert (host["ReadonlyRootfs"], host["Privileged"], host["CapDrop"]) == (True, False, ["ALL"])
    assert host["SecurityOpt"] == ["no-new-privileges"]
    assert host["Memory"] > 0
    assert {mount["Destination"]: mount["RW"] for mount in container.attrs["Mounts"]} == {
        "/etc/ringmaster": False,
        "/data": True,
    }


@pytest.mark.long
@pytest.mark.usefixtures("observed", "guarded")
def test_the_token_of_make_up_is_in_a_file_only(system: MadeSystem, observed: Observed) -> None:
    run = system.observe(observed.port, RINGMASTER_TOKEN="")
    assert run.code == 0, run.output
    (container,) = system.containers.of("prometheus")
    assert system.token not in json.dumps(container.attrs) + run.output
    file = system.folders[0] / "prometheus" / "token"
    assert (file.read_text(), file.stat().st_mode & 0o777) == (system.token, 0o600)


@pytest.mark.usefixtures("observed")
def test_another_port_that_is_taken_is_refused(system: MadeSystem) -> None:
    run = system.observe(system.control)
    assert run.code != 0
    assert f"Port {system.control} on 127.0.0.1 is taken" in run.prose
    assert "make observe OBSERVE_PORT=9091" in run.prose


def test_without_a_deployment_it_says_so() -> None:
    nobody = MadeSystem()
    try:
        run = nobody.observe(9090)
        assert run.code != 0
        assert f"No balancer of the deployment {nobody.deployment} runs here" in run.prose
        assert nobody.traces == {}
    finally:
        nobody.close()
