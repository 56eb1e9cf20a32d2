"""Builds the images that others run without the sources, publishes them, and says which ones a release has.

    release.py build [REGISTRY]      builds them for this engine's processor, tagged VERSION-PROCESSOR; pushes them
    release.py join REGISTRY TAG [PROCESSOR…]
                                     makes of those in the registry one image for all processors (amd64 and arm64, or
                                     those that are named), tagged VERSION
    release.py notes TAG             prints the section of CHANGELOG.md

A REGISTRY is what stands before an image's name, such as registry.example/owner. The version is the one of the sources.
"""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).parents[2]
VERSION_FILE = PROJECT / "apps/balancer/src/balancer/__init__.py"
CHANGELOG = PROJECT / "CHANGELOG.md"
BASES = ("ringmaster-base:trixie", "debian:trixie-slim")
"""What images are built on: the first of these that the engine has, in the order that `make host` has."""
PROXIES = ("http_proxy", "https_proxy")
LOOPBACK = re.compile(r"(\w+://)?([^@/]*@)?(localhost|127\.|\[::1\]|::1)", re.IGNORECASE)
PROCESSORS = ("amd64", "arm64")


@dataclass(frozen=True, slots=True)
class Image:
    """`key`: its field of Terraform's input images. `on`: the argument of its build that names another, and which."""

    key: str
    context: str
    description: str
    dockerfile: str = "Dockerfile"
    on: tuple[str, str] | None = None

    @property
    def repository(self) -> str:
        return f"ringmaster-{self.key.replace('_', '-')}"


IMAGES = (
    Image("server", "apps/server", "The sample server: one of the fleet"),
    Image("balancer", "apps/balancer", "Balancer and keeper"),
    Image("edge", "infra/terraform/modules/ringmaster/modules/edge/image", "The edge: HAProxy, which obeys the ring"),
    Image("swarm_edge", "apps/balancer", "The edge on Docker Swarm", "edge.Dockerfile", ("EDGE_IMAGE", "edge")),
)
"""In the order in which they are built."""


def build(registry: str = "") -> None:
    version, processor, base = _version(), _docker("version", "--format", "{{.Server.Arch}}").strip(), _base()
    names = {image.key: f"{_prefix(registry)}{image.repository}:{version}-{processor}" for image in IMAGES}
    for image in IMAGES:
        arguments = {"BASE_IMAGE": base} | ({image.on[0]: names[image.on[1]]} if image.on else {})
        folder = PROJECT / image.context
        words = [f"--tag={names[image.key]}", f"--file={folder / image.dockerfile}"]
        words += [f"--label={name}={text}" for name, text in _labels(image, version).items()]
        words += [f"--build-arg={name}={text}" for name, text in arguments.items()]
        words += [f"--build-arg={name}" for name in _proxies()]
        print(f"Building {names[image.key]}, about a minute where nothing is cached", flush=True)
        _docker("build", "--quiet", *words, str(folder))
    if registry:
        for name in names.values():
            print(f"Pushing {name}", flush=True)
            _docker("push", "--quiet", name)
        _tell({key: _pushed(name) for key, name in names.items()})


def join(registry: str, tag: str, *processors: str) -> None:
    version = _released(tag)
    _notes(version)  # a release that nobody described is none
    repositories = {image.key: f"{_prefix(registry)}{image.repository}" for image in IMAGES}
    for repository in repositories.values():
        _demand(repository, version, processors or PROCESSORS)
    _tell({key: _joined(repository, version, processors or PROCESSORS) for key, repository in repositories.items()})


def notes(tag: str) -> None:
    print(_notes(_released(tag)))


def _demand(repository: str, version: str, processors: Sequence[str]) -> None:
    """Before anything is joined: a part that is left out would be noticed by those who have that processor."""
    missing = [
        processor
        for processor in processors
        if not _asked("manifest", "inspect", *_insecure(repository), f"{repository}:{version}-{processor}")
    ]
    if missing:
        raise SystemExit(
            f"{repository} has no image of {version} for {' and '.join(missing)}: run make images REGISTRY=… "
            "on such a machine first, or say the processors that the release is for: make release PROCESSORS=amd64 …"
        )


def _joined(repository: str, version: str, processors: Sequence[str]) -> str:
    """Makes one image of those of each processor; gives its reference by digest."""
    insecure, whole = _insecure(repository), f"{repository}:{version}"
    _asked("manifest", "rm", whole)  # what an earlier try left
    _docker("manifest", "create", *insecure, whole, *(f"{whole}-{processor}" for processor in processors))
    told = _docker("manifest", "push", "--purge", *insecure, whole)
    print(f"{whole}: {', '.join(processors)}", flush=True)
    return f"{repository}@{_digest(told)}"


def _insecure(repository: str) -> list[str]:
    return ["--insecure"] if re.match(r"(localhost|127\.)", repository) else []


def _pushed(name: str) -> str:
    """The reference by digest of what was pushed under this name."""
    repository = name.rpartition(":")[0]
    told: list[str] = json.loads(_docker("image", "inspect", "--format", "{{json .RepoDigests}}", name))
    return next(reference for reference in told if reference.startswith(f"{repository}@"))


def _digest(told: str) -> str:
    found = re.findall(r"sha256:[0-9a-f]{64}", told)
    if not found:
        raise SystemExit(f"The registry told no digest:\n{told}")
    return str(found[-1])


def _tell(references: dict[str, str]) -> None:
    width = max(map(len, references))
    print("\nFor Terraform, or as ringmaster_variables for make up:\n\nimages = {")
    for key, reference in references.items():
        print(f'  {key:{width}} = "{reference}"')
    print("}")


def _labels(image: Image, version: str) -> dict[str, str]:
    """Only what they say themselves: a label of the project's own would mark what others build on them."""
    asked = subprocess.run(["git", "rev-parse", "HEAD"], cwd=PROJECT, capture_output=True, text=True, check=False)
    labels = {
        "title": image.repository,
        "description": image.description,
        "version": version,
        "revision": asked.stdout.strip(),
        "source": os.environ.get("SOURCE", ""),
        "licenses": "MIT",
    }
    return {f"org.opencontainers.image.{name}": text for name, text in labels.items() if text}


def _proxies() -> list[str]:
    """The environment's names of those that a build can use: in its container, this machine's loopback is another.
    Docker reads their values itself, since a command line can be read by everybody."""
    said = {form: os.environ.get(form, "") for name in PROXIES for form in (name, name.upper())}
    reached = [form for form, value in said.items() if value and not LOOPBACK.match(value)]
    return reached + [form for form in ("no_proxy", "NO_PROXY") if reached and os.environ.get(form)]


def _version() -> str:
    for line in ast.parse(VERSION_FILE.read_text()).body:
        if isinstance(line, ast.Assign) and ast.unparse(line.targets[0]) == "VERSION":
            return str(ast.literal_eval(line.value))
    raise SystemExit(f"{VERSION_FILE} says no VERSION.")


def _released(tag: str) -> str:
    """The version, where it is the one that the tag names."""
    version = _version()
    if not re.fullmatch(r"v\d+\.\d+\.\d+", tag):
        raise SystemExit(f"{tag!r} is no tag of a release: write TAG=v1.2.3.")
    if tag != f"v{version}":
        raise SystemExit(
            f"The tag is {tag}, and the sources are version {version}: "
            f'write VERSION = "{tag[1:]}" into {VERSION_FILE.relative_to(PROJECT)}, and tag that commit.'
        )
    return version


def _notes(version: str) -> str:
    sections = re.split(r"^## ", CHANGELOG.read_text(), flags=re.MULTILINE)[1:]
    for heading, _, text in (section.partition("\n") for section in sections):
        if heading.split()[0].strip("[]") == version and text.strip():
            return text.strip()
    raise SystemExit(f"CHANGELOG.md has no section {version}: give what is under Unreleased that heading and the date.")


def _prefix(registry: str) -> str:
    return f"{registry.rstrip('/')}/" if registry else "released/"


def _base() -> str:
    for name in BASES:
        if _asked("image", "inspect", name):
            return name
    raise SystemExit(f"The engine has none of {', '.join(BASES)}: run make host.")


def _docker(*words: str) -> str:
    done = _run(words)
    if done.returncode:
        raise SystemExit(f"docker {words[0]} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


def _asked(*words: str) -> bool:
    return _run(words).returncode == 0


def _run(words: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
    # An image with attestations beside it cannot be joined with others.
    environment = os.environ | {"BUILDX_NO_DEFAULT_ATTESTATIONS": "1"}
    return subprocess.run(["docker", *words], env=environment, capture_output=True, text=True, check=False)


def _commands() -> Iterator[tuple[str, range, Callable[..., None]]]:
    yield "build", range(2), build
    yield "join", range(2, 3 + len(PROCESSORS)), join
    yield "notes", range(1, 2), notes


if __name__ == "__main__":
    given, *words = sys.argv[1:] or [""]
    for name, allowed, command in _commands():
        if given == name and len(words) in allowed:
            command(*words)
            break
    else:
        raise SystemExit(__doc__)
