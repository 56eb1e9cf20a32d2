"""A token that `make up` gets from the environment: asked for, and in clear nowhere but in the owner's own files."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from testinfra.host import Host

from tests.http_client import ask
from tests.infra.make import MadeSystem, Run

pytestmark = [pytest.mark.docker, pytest.mark.terraform, pytest.mark.ansible, pytest.mark.usefixtures("guarded")]


def test_changes_and_the_control_port_ask_for_it(system: MadeSystem) -> None:
    assert ask("POST", system.url, "/add", body=b'{"n":1}').status == 401
    assert ask("GET", system.control_url, "/readyz").status == 401
    assert system.rep().status == 200
    assert system.add(1).status == 200
    assert system.rm(1).status == 200


def test_a_named_token_counts_and_goes_as_far_as_its_role(system: MadeSystem, reader: str) -> None:
    named = {"Authorization": f"Bearer {reader}"}
    assert ask("GET", system.control_url, "/readyz", headers=named).status == 200
    refused = ask("POST", system.url, "/add", body=b'{"n":1}', headers=named)
    assert (refused.status, "the token eve may only read" in refused.text) == (403, True)


def test_named_tokens_lie_in_the_deployments_own_folder_and_only_as_hashes(system: MadeSystem, reader: str) -> None:
    file = system.folders[0] / "tokens" / "tokens.json"
    assert (file.stat().st_mode & 0o777, system.folders[0].stat().st_mode & 0o777) == (0o644, 0o700)
    assert reader not in file.read_text()


def test_the_user_is_shown_how_to_send_it_and_not_the_token(system: MadeSystem, guarded: Run) -> None:
    assert 'curl -H "Authorization: Bearer $RINGMASTER_TOKEN" -X POST' in guarded.output
    assert system.token not in guarded.output


def test_the_balancer_knows_only_its_hash(system: MadeSystem) -> None:
    environment = system.containers.environment(system.containers.balancer)
    assert environment["RINGMASTER_TOKEN_SHA256"] == hashlib.sha256(system.token.encode()).hexdigest()


def test_no_container_and_no_image_tells_it(system: MadeSystem, here: Host) -> None:
    containers = " ".join(str(container.id) for container in system.containers.all)
    images = " ".join({str(container.image.id) for container in system.containers.all})
    told = here.check_output(f"docker inspect {containers} {images}")
    told += "".join(here.check_output(f"docker history --no-trunc {image}") for image in images.split())
    assert system.deployment in told
    assert system.token not in told


def test_no_log_tells_it(system: MadeSystem) -> None:
    logs = system.logs(since=1)
    assert set(logs) == {"edge", "balancer", "keeper", "server"}
    assert not [role for role, text in logs.items() if system.token in text]


def test_it_is_kept_in_files_that_only_the_owner_reads_and_not_in_the_state(system: MadeSystem) -> None:
    files = [path for folder in system.folders for path in folder.rglob("*") if is_small_file(path)]
    assert [path for path in files if path.name == "terraform.tfstate"]
    holders = [path for path in files if system.token.encode() in path.read_bytes()]
    prometheus = "token"  # where `make observe` came before; its own folder is mounted, and lies in a closed one
    assert {path.name for path in holders} - {prometheus} == {"variables.tfvars.json", "wanted.tfvars.json"}
    assert {path.stat().st_mode & 0o777 for path in holders} == {0o600}
    folders = {path.parent.parent if path.name == prometheus else path.parent for path in holders}
    assert {folder.stat().st_mode & 0o777 for folder in folders} == {0o700}


def test_no_temporary_file_keeps_it(system: MadeSystem) -> None:
    """As Terraform's plans would, which hold every variable."""
    assert system.temporary_files == []


def is_small_file(path: Path) -> bool:
    """Terraform's plugins are there too, and are large."""
    return path.is_file() and not path.is_symlink() and path.stat().st_size < 1_000_000
