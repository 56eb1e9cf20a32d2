"""The collection as others get it: built, installed in a folder of their own, and used by a playbook there."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.deployment import PROJECT
from tests.infra.filters import COLLECTION
from tests.infra.make import environment

pytestmark = [pytest.mark.ansible]

ROLES = sorted(folder.name for folder in (COLLECTION / "roles").iterdir())


def called(folder: Path, *words: str) -> str:
    done = subprocess.run(
        [str(Path(sys.executable).with_name(words[0])), *words[1:]],
        cwd=folder,
        env=environment(ANSIBLE_COLLECTIONS_PATH=str(folder / "installed"), LC_ALL="C.UTF-8") | {"ANSIBLE_CONFIG": ""},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def test_it_is_built_installed_and_used_elsewhere(tmp_path: Path) -> None:
    called(tmp_path, "ansible-galaxy", "collection", "build", str(COLLECTION), "--output-path", str(tmp_path))
    (archive,) = tmp_path.glob("ringmaster-infra-*.tar.gz")
    called(tmp_path, "ansible-galaxy", "collection", "install", "--no-deps", "--offline", str(archive))
    installed = tmp_path / "installed" / "ansible_collections" / "ringmaster" / "infra"
    assert sorted(folder.name for folder in (installed / "roles").iterdir()) == ROLES
    play = {
        "hosts": "{{ groups | ringmaster.infra.hosts }}",
        "gather_facts": True,
        "gather_subset": ["!all"],
        "vars": {"ringmaster_checkout": str(PROJECT)},
        "roles": [f"ringmaster.infra.{role}" for role in ("ringmaster", "ringmaster_project")],
    }
    (tmp_path / "play.yml").write_text(json.dumps([play]))
    host = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
    (tmp_path / "hosts.json").write_text(json.dumps({"ringmaster": {"hosts": {"box": host}}}))
    output = called(tmp_path, "ansible-playbook", "--check", "--inventory", "hosts.json", "play.yml")
    assert "ringmaster.infra.ringmaster_project" in output
    assert "changed=0" in output
