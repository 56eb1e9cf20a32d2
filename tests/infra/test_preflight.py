"""What preflight says of engines and of an environment, on machines whose docker command only tells what it is."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping

import pytest

from tests.deployment import PROJECT
from tests.infra.make import environment

pytestmark = [pytest.mark.ansible]

MACHINES: dict[str, dict[str, str]] = {
    "dev": {"ServerVersion": "dev"},
    "old": {"ServerVersion": "dev", "APIVersion": "1.40"},
    "rootless": {"context": "unix:///run/user/1000/docker.sock", "SecurityOptions": '/data ["name=rootless"]'},
    "tcp": {"context": "tcp://10.0.0.7:2376"},
    "stray": {"TF_VAR_replicas": "5", "TF_VAR_region": "eu"},
}
"""Name of a machine → what docker answers there, by a word of the question, and what its environment has."""
DOCKER = {
    "context": "unix:///var/run/docker.sock",
    "ServerVersion": "28.1.0",
    "APIVersion": "1.51",
    "SecurityOptions": "/var/lib []",
}


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, tuple[bool, str]]:
    """Name of a machine → whether preflight let it pass, and its last words there. One run of Ansible has them all."""
    folder = tmp_path_factory.mktemp("preflight")
    hosts = {}
    for name, machine in MACHINES.items():
        (folder / name).mkdir()
        docker = folder / name / "docker"
        answers = {word: machine.get(word, usual) for word, usual in DOCKER.items()}
        cases = "\n".join(f"*{word}*) echo '{answer}' ;;" for word, answer in answers.items())
        docker.write_text(f'#!/bin/sh\ncase "$*" in\n{cases}\nesac\n')
        docker.chmod(0o755)
        exported = {word: value for word, value in machine.items() if word not in DOCKER}
        hosts[name] = {"exported": exported | {"PATH": f"{folder / name}:{os.environ['PATH']}"}}
    variables = {
        "ansible_connection": "local",
        "ansible_python_interpreter": sys.executable,
        "ringmaster_checkout": str(PROJECT),
        "ringmaster_preflight_free_megabytes": 0,
    }
    (folder / "hosts.json").write_text(json.dumps({"all": {"hosts": hosts, "vars": variables}}))
    role = "ringmaster.infra.ringmaster_preflight"
    play = {"hosts": "all", "gather_subset": ["!all"], "environment": "{{ exported }}", "roles": [role]}
    (folder / "play.yml").write_text(json.dumps([play]))
    done = subprocess.run(
        ["ansible-playbook", "--inventory", folder / "hosts.json", folder / "play.yml"],
        cwd=PROJECT,
        env=environment(ANSIBLE_STDOUT_CALLBACK="ansible.posix.json"),
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    report = json.loads(done.stdout[done.stdout.index("{\n") :])
    words: dict[str, list[str]] = {name: [] for name in MACHINES}
    for task in report["plays"][0]["tasks"]:
        for name, result in task["hosts"].items():
            words[name].append(str(result.get("msg", "")))
    return {name: (report["stats"][name]["failures"] == 0, " ".join(words[name])) for name in MACHINES}


def test_the_api_decides_where_an_engines_version_is_no_number(said: Mapping[str, tuple[bool, str]]) -> None:
    passed, words = said["dev"]
    assert passed, words
    assert "The Docker engine calls its version dev, which is no number. Its API is 1.51" in words


@pytest.mark.parametrize(
    ("machine", "reason", "remedy"),
    [
        ("old", "The Docker engine is version dev with API 1.40, and API 1.41 or newer is needed", "Upgrade it."),
        (
            "rootless",
            "The Docker engine at unix:///run/user/1000/docker.sock is rootless.",
            "docker context use default",
        ),
        ("tcp", "Docker uses the engine at tcp://10.0.0.7:2376, which is another machine", "INVENTORY=hosts.yml"),
        ("stray", "The environment has TF_VAR_replicas, which Terraform would take", "Run: unset TF_VAR_replicas."),
    ],
)
def test_what_does_not_work_is_refused_with_the_reason(
    said: Mapping[str, tuple[bool, str]], machine: str, reason: str, remedy: str
) -> None:
    passed, words = said[machine]
    assert not passed
    assert reason in words
    assert remedy in words
