"""Where Terraform gets its provider from. The role runs with a terraform that answers as the registry does, or not at
all, and with a home and a cache of its own."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.deployment import PROJECT
from tests.infra.make import environment

pytestmark = [pytest.mark.ansible]

ROLES = PROJECT / "infra/ansible/collections/ansible_collections/ringmaster/infra/roles"
TERRAFORM = """#!/bin/sh
case "$1 $2" in
version*) echo '{"terraform_version": "1.11.4"}' ;;
*providers) echo 'provider[registry.example/kreuzwerker/docker] 4.5.0' ;;
*init)
    echo "init by ${TF_CLI_CONFIG_FILE:-nothing}" >>"$SAID"
    [ "$REGISTRY" = answers ] || { echo 'no such host' >&2; exit 1; }
    touch "${1#-chdir=}/.terraform.lock.hcl" ;;
esac
"""


@dataclass
class Host:
    folder: Path
    registry: str = "answers"
    named: str = ""

    def __post_init__(self) -> None:
        (self.folder / "bin").mkdir()
        (self.folder / "bin" / "terraform").write_text(TERRAFORM)
        (self.folder / "bin" / "terraform").chmod(0o755)

    @property
    def cache(self) -> Path:
        return self.folder / "cache"

    @property
    def written(self) -> Path:
        """The configuration that the role writes."""
        return self.cache / "terraform.rc"

    @property
    def said(self) -> str:
        return (self.folder / "said").read_text() if (self.folder / "said").exists() else ""

    def build_provider(self) -> Path:
        """As an earlier run of the role left it."""
        content = hashlib.sha256((PROJECT / "infra/provider/go.sum").read_bytes()).hexdigest()
        built = self.cache / f"provider-{content[:12]}"
        built.mkdir(parents=True)
        (built / "provider").write_text("built here")
        return built

    def run(self) -> str:
        """The configuration that Terraform is called with afterwards."""
        told = self.folder / "told.json"
        settings = {
            "ansible_python_interpreter": sys.executable,
            "ringmaster_terraform_cache": str(self.cache),
            "ringmaster_terraform_home": str(self.folder / ".terraformrc"),
            "ringmaster_checkout": str(PROJECT),
            "ringmaster_project_dir": str(PROJECT),
            "ringmaster_terraform_root": str(self.folder / "root"),
        }
        (self.folder / "root").mkdir(exist_ok=True)
        (self.folder / "root" / "versions.tf").touch()
        tell = {"copy": {"content": "{{ ringmaster_terraform_environment | to_json }}", "dest": str(told)}}
        host = {"hosts": "localhost", "connection": "local", "gather_subset": ["!all"]}
        play = host | {"roles": ["ringmaster.infra.ringmaster_terraform"], "post_tasks": [tell]}
        (self.folder / "play.yml").write_text(json.dumps([play]))
        done = subprocess.run(
            ["ansible-playbook", "--inventory", "localhost,", "-e", json.dumps(settings), self.folder / "play.yml"],
            env=environment(
                PATH=f"{self.folder / 'bin'}:{os.environ['PATH']}",
                ANSIBLE_ROLES_PATH=str(ROLES),
                TF_CLI_CONFIG_FILE=self.named,
                REGISTRY=self.registry,
                SAID=str(self.folder / "said"),
            ),
            cwd=PROJECT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout
        return str(json.loads(told.read_text())["TF_CLI_CONFIG_FILE"])


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path)


def test_what_the_registry_gave_is_fetched_once_and_linked_from_a_mirror(host: Host) -> None:
    host.named = str(host.folder / "nowhere.rc")
    assert host.run() == str(host.written)
    (scratch,) = host.cache.glob("registry-*")
    assert f'path    = "{scratch}/.terraform/providers"' in host.written.read_text()
    assert host.run() == str(host.written)
    assert host.said == "init by nothing\n"


def test_a_built_provider_is_in_a_mirror_of_the_cache_and_in_no_folder_of_the_user(host: Host) -> None:
    host.registry = "is silent"
    built = host.build_provider()
    assert host.run() == str(host.written)
    place = f"{built}/mirror/registry.example/kreuzwerker/docker/4.5.0"
    (plugin,) = Path(place).glob("linux_*/terraform-provider-docker_v4.5.0")
    assert plugin.read_text() == "built here"
    assert f'path    = "{built}/mirror"' in host.written.read_text()
    assert host.said == ""


@pytest.mark.parametrize("named", [True, False], ids=["TF_CLI_CONFIG_FILE", "~/.terraformrc"])
def test_a_configuration_of_the_users_own_stays_in_force(host: Host, named: bool) -> None:
    host.cache.mkdir()
    host.written.write_text("# from before there was one\n")
    theirs = host.folder / ("company.rc" if named else ".terraformrc")
    theirs.write_text('plugin_cache_dir = "/srv/terraform"\n')
    host.named = str(theirs) if named else ""
    assert host.run() == host.named
    assert not host.written.exists()
    assert host.said == f"init by {host.named or 'nothing'}\n"
