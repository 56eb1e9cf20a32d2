"""Secrets are planted wherever a user may put one, and then looked for wherever somebody else may look.

What must have a secret is the table ALLOWED, and nothing else may.
"""

from __future__ import annotations

import base64
import json
import secrets
import stat
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.containers import run_in
from tests.http_client import ask
from tests.infra.make import MadeSystem
from tests.polling import until
from tests.system import ON_THEIR_WAY

pytestmark = [pytest.mark.docker, pytest.mark.terraform, pytest.mark.ansible]

UNREACHABLE = "127.0.0.1:9"
"""A registry that takes no connection; there are credentials for it."""
OF_RELEASE = frozenset({"environment", "label", "log option"})
ALLOWED = {
    "inspect of the balancer": OF_RELEASE | {"hash seed"},  # its settings, out of which it makes the servers
    "inspect of the keeper": OF_RELEASE - {"environment"},  # what its policy allows
    "inspect of servers": OF_RELEASE,  # their own
    "Terraform's state": OF_RELEASE | {"hash seed"},  # what a container is made of stands there, whatever it is
    "fleet.json": OF_RELEASE,  # for the next server, mode 0600
    "files of make up": OF_RELEASE | {"hash seed", "token", "registry password"},  # mode 0600, or the engine's group
}


@dataclass(frozen=True, slots=True)
class Planted:
    """`values`: what is secret → the texts that give it away. `places`: where somebody looked → what was there."""

    system: MadeSystem
    values: dict[str, list[str]]
    places: dict[str, str] = field(default_factory=dict)


def planted_values() -> dict[str, list[str]]:
    password = secrets.token_hex(12)
    return {
        **{name: [f"planted-{secrets.token_hex(12)}"] for name in ("token", "hash seed", *sorted(OF_RELEASE))},
        "registry password": [password, base64.b64encode(f"shop:{password}".encode()).decode()],
    }


def variables(values: dict[str, list[str]], folder: Path) -> Path:
    """A file of variables, as a user writes it who keeps secrets off the command line."""
    config = folder / "registry" / "config.json"
    config.parent.mkdir()
    config.write_text(json.dumps({"auths": {UNREACHABLE: {"auth": values["registry password"][1]}}}))
    file = folder / "variables.json"
    release = {
        "server_environment": {"PASSWORD": values["environment"][0]},
        "server_labels": {"com.example.key": values["label"][0]},
        "server_log_options": {"max-size": "1m", "tag": values["log option"][0]},
    }
    others = {
        "replicas": 1,
        "registry_config": str(config),
        "hash_seed": values["hash seed"][0],
        "explain": False,
        "policy": {"images": [f"{UNREACHABLE}/shop"]},
    }
    file.write_text(json.dumps({"ringmaster_variables": {**release, **others}}))
    return file


@contextmanager
def process_list() -> Iterator[list[str]]:
    """The command lines of all processes of this machine, containers included, again and again while the block runs."""
    seen: set[str] = set()
    done = threading.Event()

    def look() -> None:
        while not done.wait(0.2):
            seen.update(
                subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout.split("\n")
            )

    thread = threading.Thread(target=look)
    thread.start()
    found: list[str] = []
    try:
        yield found
    finally:
        done.set()
        thread.join()
        found += sorted(seen)


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Planted]:
    system = MadeSystem()
    planted = Planted(system, planted_values())
    system.token = planted.values["token"][0]
    file = variables(planted.values, tmp_path_factory.mktemp("secrets"))
    try:
        with process_list() as processes:
            run = system.up(f"VARS=@{file}", ANSIBLE_VERBOSITY="1")
            assert run.code == 0, run.output
            live(system)
        planted.places["output of make up"] = run.output
        planted.places["process list"] = "\n".join(processes)
        look_around(planted)
        yield planted
    finally:
        system.down()
        system.close()


def live(system: MadeSystem) -> None:
    """A change, one without the token, and two deploys that fail: of a server that prints what it knows and dies, and
    of an image that cannot be pulled with the credentials."""
    assert system.add(1, ["other-1"]).status == 200
    assert ask("POST", system.url, "/add", body=b'{"n":1}').status == 401
    ends(system, {"command": ["sh", "-c", "env; env >&2; exit 1"]})
    ends(system, {"image": f"{UNREACHABLE}/shop:1", "pull": True})


def ends(system: MadeSystem, document: dict[str, Any]) -> None:
    answer = system.deploy(document)
    assert answer.status == 202, answer
    until(lambda: system.stage not in ("", *ON_THEIR_WAY), "the deploy has gone back", within=60)
    assert system.stage == "rolled back"


def look_around(planted: Planted) -> None:
    system, places, containers = planted.system, planted.places, planted.system.containers
    places["answers"] = "\n".join(answers(system))
    for role in ("balancer", "edge", "keeper", "server"):
        places[f"log of {role}"] = containers.logs(role, since=1)  # type: ignore[arg-type]
    for container in containers.all:
        role = container.labels["ringmaster.role"]
        place = "inspect of servers" if role == "server" else f"inspect of the {role}"
        places[place] = places.get(place, "") + json.dumps(container.attrs)
    images = {str(container.image.id) for container in containers.all}
    places["images"] = "".join(
        run("docker", "image", "history", "--no-trunc", image) + run("docker", "image", "inspect", image)
        for image in sorted(images)
    )
    balancer = containers.balancer
    places["fleet.json"] = run_in(balancer, "sh", "-c", "cat /var/lib/ringmaster/*")
    places["the edge's volume"] = run_in(balancer, "sh", "-c", "cat /run/ringmaster/*.cfg /run/ringmaster/*.map")
    deployment, state = system.folders
    places["Terraform's state"] = contents(state)
    places["files of make up"] = contents(deployment)
    places["temporary files"] = "".join(contents(Path(path)) for path in system.temporary_files)


def answers(system: MadeSystem) -> list[str]:
    """Of everything that can be asked with GET, on both sides, with and without the token."""
    described = ask("GET", system.control_url, "/openapi.json", headers=system.authorization).document
    paths = [path for path, methods in described["paths"].items() if "get" in methods]
    asked = [f"{path}?key=1" if path == "/ring/lookup" else path for path in paths]
    told = []
    for path in asked:
        for base in (system.url, system.control_url):
            for headers in (system.authorization, {}):
                answer = ask("GET", base, path, headers=headers)
                told.append(f"{path} {answer.headers} {answer.text}")
    return told


def run(*words: str) -> str:
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout


def contents(path: Path) -> str:
    """Of the file, or of all files in the folder that are none of a tool's."""
    files = (
        [path]
        if path.is_file()
        else [file for file in path.rglob("*") if file.is_file() and "providers" not in file.parts]
    )
    return "".join(file.read_text(errors="replace") for file in files)


PLACES = (
    "output of make up",
    "process list",
    "answers",
    "log of balancer",
    "log of edge",
    "log of keeper",
    "log of server",
    "inspect of the balancer",
    "inspect of the edge",
    "inspect of the keeper",
    "inspect of servers",
    "images",
    "fleet.json",
    "the edge's volume",
    "Terraform's state",
    "files of make up",
    "temporary files",
)


@pytest.mark.parametrize("place", PLACES)
def test_a_secret_is_only_where_it_has_to_be(planted: Planted, place: str) -> None:
    text = planted.places[place]
    found = {name for name, values in planted.values.items() if any(value in text for value in values)}
    assert found == ALLOWED.get(place, set()), f"in {place}: {shown(planted, place)}"


def shown(planted: Planted, place: str) -> str:
    """Where a secret stands, and what is around it."""
    text = planted.places[place]
    values = [value for texts in planted.values.values() for value in texts if value in text]
    return "; ".join(text[max(0, text.index(value) - 200) : text.index(value) + 60] for value in values)


def test_somebody_looked_everywhere(planted: Planted) -> None:
    assert set(planted.places) == set(PLACES)
    assert {place for place, text in planted.places.items() if not text} <= {"temporary files", "log of server"}
    assert "terraform" in planted.places["process list"]
    assert "server not ready" in planted.places["log of balancer"]
    assert UNREACHABLE in planted.places["answers"]


def test_files_with_secrets_are_for_nobody_else(planted: Planted) -> None:
    listed = run_in(
        planted.system.containers.balancer, "find", "/var/lib/ringmaster", "-type", "f", "-printf", "%m %f\n"
    )
    assert set(listed.split("\n")) - {""} == {"600 fleet.json", "600 fleet.json.last"}
    deployment, state = planted.system.folders
    for folder in (deployment, state):
        assert is_closed(folder), folder


def is_closed(folder: Path) -> bool:
    """Whether nobody but its owner gets into the folder, or reads what lies in it."""
    if not stat.S_IMODE(folder.stat().st_mode) & 0o077:
        return True
    return all(not stat.S_IMODE(file.stat().st_mode) & 0o007 for file in folder.rglob("*") if file.is_file())
