"""Which release a tag names, and what CHANGELOG.md says of it. Images and registries: tests/e2e/test_release.py."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
import yaml

from balancer import VERSION
from infra.images import release

PROJECT = Path(__file__).parents[3]
CHANGELOG = """# Changelog

## Unreleased

## 1.2.3 - 2026-12-01

### Added
- All of it.

## [1.2.2] - 2026-11-30

### Fixed
- Nothing.

## 1.2.1 - 2026-11-29
"""


@pytest.fixture(autouse=True)
def released(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Sources of version 1.2.3."""
    monkeypatch.setattr(release, "PROJECT", tmp_path)
    monkeypatch.setattr(release, "VERSION_FILE", tmp_path / "__init__.py")
    monkeypatch.setattr(release, "CHANGELOG", tmp_path / "CHANGELOG.md")
    (tmp_path / "CHANGELOG.md").write_text(CHANGELOG)
    return said(tmp_path / "__init__.py", "1.2.3")


def said(file: Path, version: str) -> Path:
    file.write_text(f'"""The balancer."""\n\nVERSION = "{version}"\n"""Its version."""\n')
    return file


def test_its_notes_are_the_section_of_the_tagged_version(capsys: pytest.CaptureFixture[str]) -> None:
    release.notes("v1.2.3")
    assert capsys.readouterr().out == "### Added\n- All of it.\n"


def test_a_version_may_stand_in_brackets(released: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said(released, "1.2.2")
    release.notes("v1.2.2")
    assert capsys.readouterr().out == "### Fixed\n- Nothing.\n"


@pytest.mark.parametrize(
    ("version", "tag", "why"),
    [
        ("1.2.3", "1.2.3", "is no tag of a release"),
        ("1.2.3", "v1.2.3-dev", "is no tag of a release"),
        ("1.2.3-dev", "v1.2.3", 'write VERSION = "1.2.3" into __init__.py'),
        ("1.2.3", "v1.2.4", 'write VERSION = "1.2.4" into __init__.py'),
        ("1.2.1", "v1.2.1", "CHANGELOG.md has no section 1.2.1"),
        ("1.3.0", "v1.3.0", "CHANGELOG.md has no section 1.3.0"),
    ],
)
def test_what_is_no_release_is_refused_with_what_to_do(released: Path, version: str, tag: str, why: str) -> None:
    said(released, version)
    with pytest.raises(SystemExit, match=why):
        release.notes(tag)


def test_the_version_of_the_sources_is_read_without_running_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    assert release._version() == VERSION


def test_every_dockerfile_of_ours_is_built(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    named = {PROJECT / image.context / image.dockerfile for image in release.IMAGES}
    found = {path for folder in ("apps", "infra/terraform") for path in (PROJECT / folder).rglob("*Dockerfile")}
    assert named == {path for path in found if ".deployments" not in path.parts}


OFFICE = "http://someone:a-secret@proxy.office.example:3128"


@pytest.mark.parametrize(
    ("said", "handed"),
    [
        ({}, []),
        ({"no_proxy": "localhost"}, []),
        ({"http_proxy": OFFICE, "NO_PROXY": "localhost,127.0.0.1"}, ["http_proxy", "NO_PROXY"]),
        ({"HTTP_PROXY": OFFICE, "https_proxy": OFFICE}, ["HTTP_PROXY", "https_proxy"]),
        ({"http_proxy": "", "HTTPS_PROXY": OFFICE}, ["HTTPS_PROXY"]),
        ({"http_proxy": "http://localhost:3128", "https_proxy": OFFICE}, ["https_proxy"]),
        ({"http_proxy": "http://someone@127.0.0.1:3128", "https_proxy": "[::1]:3128", "no_proxy": "example"}, []),
    ],
)
def test_builds_get_the_proxies_that_they_reach_and_no_command_line_their_values(
    monkeypatch: pytest.MonkeyPatch, said: dict[str, str], handed: list[str]
) -> None:
    for name in ("http_proxy", "https_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    for name, value in said.items():
        monkeypatch.setenv(name, value)
    calls: list[tuple[str, ...]] = []

    def docker(*words: str) -> str:
        calls.append(words)
        return "amd64\n"

    monkeypatch.setattr(release, "_docker", docker)
    monkeypatch.setattr(release, "_asked", lambda *_: True)
    release.build()
    builds = [words for words in calls if words[0] == "build"]
    assert len(builds) == len(release.IMAGES)
    for words in builds:
        names = [word.removeprefix("--build-arg=") for word in words if word.startswith("--build-arg=")]
        assert sorted(name for name in names if "=" not in name) == sorted(handed)
        assert not [word for word in words if "a-secret" in word]


def test_images_are_built_on_the_base_that_the_role_takes() -> None:
    roles = Path(release.__file__).parents[1] / "ansible/collections/ansible_collections/ringmaster/infra/roles"
    defaults = yaml.safe_load((roles / "ringmaster_base_image/defaults/main.yml").read_text())
    variables = yaml.safe_load((roles / "ringmaster_base_image/vars/main.yml").read_text())
    names = re.findall(r"'name': (\w+_(?:built|pulled))\b", variables["ringmaster_base_image_candidates"])
    assert [defaults[name] for name in names] == list(release.BASES)


def test_the_ansible_collection_has_the_same_version() -> None:
    """Galaxy reads its file alone."""
    file = Path(release.__file__).parents[1] / "ansible/collections/ansible_collections/ringmaster/infra/galaxy.yml"
    assert re.findall(r"^version: (.*)$", file.read_text(), re.MULTILINE) == [VERSION]


@pytest.fixture
def docker(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """What the docker command is asked. The registry has images for amd64, and of the server alone for arm64."""
    asked: list[tuple[str, ...]] = []

    def run(words: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
        asked.append(words)
        is_missing = words[1] == "inspect" and words[-1].endswith("arm64") and "/ringmaster-server:" not in words[-1]
        return subprocess.CompletedProcess(words, int(is_missing), stdout=f"sha256:{'0' * 64}", stderr="")

    monkeypatch.setattr(release, "_run", run)
    return asked


def test_a_processor_whose_image_is_missing_is_named_and_nothing_is_joined(docker: list[tuple[str, ...]]) -> None:
    with pytest.raises(
        SystemExit, match=r"example/ringmaster-balancer has no image of 1\.2\.3 for arm64: run make images"
    ):
        release.join("example", "v1.2.3")
    assert {words[1] for words in docker} == {"inspect"}


def test_a_release_is_for_the_processors_that_are_named(docker: list[tuple[str, ...]]) -> None:
    release.join("example", "v1.2.3", "amd64")
    made = [words[2:] for words in docker if words[1] == "create"]
    assert len(made) == len(release.IMAGES)
    assert made[0] == ("example/ringmaster-server:1.2.3", "example/ringmaster-server:1.2.3-amd64")
