"""Writes a bill of materials of each image of a running deployment, as CycloneDX JSON: its Debian and Python packages.

The same images have the same bills, whenever they are written. An image that was not built here is left out.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
import tempfile
import uuid
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Any

_VERSION = "1.6"
"""Of CycloneDX."""
_PACKAGES = "opt/packages/"
"""Where an image of ours has its Python packages."""

Document = dict[str, Any]


def main(deployment: str, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for role, image in sorted(images(deployment).items()):
        path = folder / f"{role}.cdx.json"
        document = bill(f"ringmaster-{role}", image)
        path.write_text(json.dumps(document, indent=1, sort_keys=True) + "\n")
        print(f"{path}: {len(document['components'])} components")


def images(deployment: str) -> dict[str, Document]:
    """Role → what the engine says of its image, for each image once. The keeper's is the balancer's."""
    # What has no name any more is gone, though the engine may still list it.
    filters = (f"label=ringmaster.deployment={deployment}", "label=ringmaster.role", "name=.")
    ids = _run("docker", "container", "ls", "--all", "--quiet", *(f"--filter={each}" for each in filters)).split()
    if not ids:
        raise SystemExit(f"There is no deployment {deployment} on this engine: run make up first.")
    containers = sorted(
        json.loads(_run("docker", "container", "inspect", *ids)),
        key=lambda container: container["Config"]["Labels"]["ringmaster.role"],
    )
    found: dict[str, Document] = {}
    for container in containers:
        role, image = container["Config"]["Labels"]["ringmaster.role"], container["Image"]
        if any(image == known["Id"] for known in found.values()):
            continue
        (told,) = json.loads(_run("docker", "image", "inspect", image))
        if (told["Config"]["Labels"] or {}).get("ringmaster.deployment") == deployment:
            found[role] = told
        else:
            print(f"The image of role {role} was not built here; whoever built it has its bill.")
    return found


def bill(name: str, image: Document) -> Document:
    """The bill of one image: debsbom's of its Debian packages, with the Python packages of cyclonedx-py."""
    with tempfile.TemporaryDirectory() as temporary:
        root = _exported(image["Id"], Path(temporary))
        document = _debian(name, image, root)
        python = _python(root, Path(temporary) / "python")
    main_part = document["metadata"]["component"]
    main_part |= {"type": "container", "version": image["Id"]}
    parts = python.get("components", [])
    document["components"] += parts
    document["dependencies"] += [row for row in python.get("dependencies", []) if row["ref"] != "root-component"]
    for row in document["dependencies"]:
        if row["ref"] == main_part["bom-ref"]:
            row["dependsOn"] += [part["bom-ref"] for part in parts]
    document["metadata"]["tools"]["components"] += python["metadata"]["tools"]["components"]
    return document


def _exported(image: str, folder: Path) -> Path:
    """The image's file system as a tar file. A container is made for it, and never started."""
    container = _run("docker", "container", "create", image, "true").strip()
    try:
        tar = folder / "root.tar"
        _run("docker", "container", "export", "--output", str(tar), container)
    finally:
        _run("docker", "container", "rm", container)
    return tar


def _debian(name: str, image: Document, root: Path) -> Document:
    serial = uuid.uuid5(uuid.NAMESPACE_URL, image["Id"])
    made = image["Created"][:19] + "+00:00"
    told = (
        "--distro-name",
        name,
        "--timestamp",
        made,
        "--cdx-serialnumber",
        str(serial),
        "--cdx-schema-version",
        _VERSION,
    )
    document: Document = json.loads(
        _run(_tool("debsbom"), "generate", "-t", "cdx", "--root", str(root), *told, "-o", "-")
    )
    return document


def _python(root: Path, folder: Path) -> Document:
    """Only what the packages say of themselves is unpacked: nothing of the image is run here."""
    with tarfile.open(root) as archive:
        for member in archive:
            path = PurePosixPath(member.name)
            is_wanted = member.name.startswith(_PACKAGES) and ".dist-info/" in member.name and ".." not in path.parts
            if is_wanted and (content := archive.extractfile(member)):  # of a file, not of a folder
                (folder / path.parent).mkdir(parents=True, exist_ok=True)
                (folder / path).write_bytes(content.read())
    environment = os.environ | {"PYTHONPATH": str(folder / _PACKAGES)}
    # The tool would look at its own part of the bill for ten seconds. tests/infra/test_bills.py validates whole ones.
    words = (
        _tool("cyclonedx-py"),
        "environment",
        "-S",
        "--no-validate",
        "--output-reproducible",
        "--spec-version",
        _VERSION,
        sys.executable,
    )
    document: Document = json.loads(_run(*words, environment=environment))
    return document


def _tool(name: str) -> str:
    """The tool beside this interpreter."""
    return str(Path(sys.executable).parent / name)


def _run(*words: str, environment: dict[str, str] | None = None) -> str:
    """What the command prints. Where it fails, its own words are the reason."""
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(words[:3])} failed:\n{done.stderr}")
    return done.stdout


def _arguments(words: Sequence[str]) -> tuple[str, Path]:
    if len(words) != 2:
        raise SystemExit("usage: sbom.py DEPLOYMENT FOLDER")
    return words[0], Path(words[1])


if __name__ == "__main__":
    main(*_arguments(sys.argv[1:]))
