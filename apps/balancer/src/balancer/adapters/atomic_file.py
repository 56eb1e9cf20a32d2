"""Replaces a file as a whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path


def replace_file(path: Path, content: bytes, *, mode: int = 0o644, synced: bool = True) -> None:
    """Writes a temporary file, syncs it, renames it to `path`, and syncs the folder. Raises OSError: then the old file
    or the new file is there, never a part of one. `mode`: the permissions of the new file, whatever the umask.

    Without `synced` that holds for all but a power cut. It is for what can be made again: a sync waits for the disk,
    and a disk may take seconds."""
    temporary = path.with_name(path.name + ".new")
    with temporary.open("wb") as file:
        os.fchmod(file.fileno(), mode)
        file.write(content)
        if synced:
            file.flush()
            os.fsync(file.fileno())
    temporary.replace(path)
    if synced:
        _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    directory = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
