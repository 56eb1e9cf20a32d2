"""`make sbom` and `make scan`: what the images of the running system are made of, and what Debian has mended since."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from tests.containers import run_in
from tests.deployment import PROJECT
from tests.infra.make import MadeSystem, make

pytestmark = [pytest.mark.docker, pytest.mark.terraform, pytest.mark.ansible]

FOLDER = PROJECT / "sbom"
_VERSIONS = """
from importlib.metadata import distributions
for found in distributions(path=["/opt/packages"]):
    print(found.name, found.version)
"""


@pytest.fixture(scope="module")
def bills(made: tuple[MadeSystem, object]) -> dict[str, Path]:
    """Role → file."""
    for old in FOLDER.glob("*.json"):
        old.unlink()
    run = make("sbom", f"DEPLOYMENT={made[0].deployment}")
    assert run.code == 0, run.output
    return {path.name.removesuffix(".cdx.json"): path for path in FOLDER.iterdir()}


@pytest.fixture(params=["balancer", "edge", "server"])
def role(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def parts(document: dict[str, Any], kind: str) -> dict[str, str]:
    """name → version, of the packages whose addresses begin so."""
    found = (part for part in document["components"] if part.get("purl", "").startswith(f"pkg:{kind}/"))
    return {part["name"].lower(): part["version"] for part in found if "arch=source" not in part["purl"]}


def test_each_image_has_one_bill(bills: dict[str, Path]) -> None:
    assert set(bills) == {"balancer", "edge", "server"}


def test_a_bill_is_valid_and_names_the_image(bills: dict[str, Path], role: str, system: MadeSystem) -> None:
    text = bills[role].read_text()
    error = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    assert error is None, str(error)[:500]
    part = json.loads(text)["metadata"]["component"]
    (image,) = {container.attrs["Image"] for container in system.containers.of(role)}  # type: ignore[arg-type]
    assert (part["type"], part["name"], part["version"]) == ("container", f"ringmaster-{role}", image)


def test_it_has_exactly_the_packages_that_are_installed(bills: dict[str, Path], role: str, system: MadeSystem) -> None:
    document = json.loads(bills[role].read_text())
    container = system.containers.of(role)[0]  # type: ignore[arg-type]
    debian = run_in(container, "dpkg-query", "--show", "--showformat=${Package} ${Version}\n")
    assert parts(document, "deb") == dict(line.split() for line in debian.splitlines())
    if role == "edge":
        assert {"haproxy", "libc6"} <= set(parts(document, "deb"))
        assert parts(document, "pypi") == {}
    else:
        python = run_in(container, "python3", "-c", _VERSIONS).lower()
        assert parts(document, "pypi") == dict(line.split() for line in python.splitlines())
        assert {"flask", "gunicorn"} <= set(parts(document, "pypi"))


@pytest.mark.long
def test_the_same_image_has_the_same_bill(bills: dict[str, Path], system: MadeSystem) -> None:
    before = {role: path.read_bytes() for role, path in bills.items()}
    assert make("sbom", f"DEPLOYMENT={system.deployment}").code == 0
    assert {role: path.read_bytes() for role, path in bills.items()} == before


def test_no_security_update_of_debian_is_missing(system: MadeSystem) -> None:
    """Where its archive cannot be reached, that is all that is said."""
    run = make("scan", f"DEPLOYMENT={system.deployment}")
    assert run.code == 0, run.output
    told = [line for line in run.output.splitlines() if "no security update of Debian is missing" in line]
    assert len(told) == 3 or "Debian's archive cannot be reached" in run.output


def test_of_a_deployment_that_is_not_there_nothing_is_told() -> None:
    for target in ("sbom", "scan"):
        run = make(target, "DEPLOYMENT=nobodys")
        assert run.code != 0
        assert "There is no deployment nobodys on this engine" in run.output
