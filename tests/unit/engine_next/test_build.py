"""`infra/engine-next/build` around the compiler, which is none here: what it prints, what it leaves, how it ends."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.terraform_root import PROJECT

COMPILER = """#!/bin/sh
while [ "$1" != -o ]; do shift; done
mkdir -p "$2" && : >"$2/a-program-${CGO_ENABLED}"
"""
FAILING = "#!/bin/sh\necho 'no space left on device' >&2\nexit 1\n"


def build(home: Path, go: str) -> subprocess.CompletedProcess[str]:
    programs = home / "programs"
    programs.mkdir(exist_ok=True)
    for name, text in {"go": go, "gcc": "#!/bin/sh\n", "pkg-config": "#!/bin/sh\n"}.items():
        (programs / name).write_text(text)
        (programs / name).chmod(0o755)
    return subprocess.run(
        [PROJECT / "infra/engine-next/build"],
        env={"HOME": str(home), "PATH": f"{programs}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )


def left(home: Path) -> list[Path]:
    return sorted(path for path in (home / ".cache/ringmaster").iterdir() if path.is_dir())


@pytest.mark.parametrize("time", ["the first time", "again"])
def test_it_prints_the_folder_of_the_programs(tmp_path: Path, time: str) -> None:
    if time == "again":
        build(tmp_path, COMPILER)
    done = build(tmp_path, COMPILER)
    assert (done.returncode, "unbound" in done.stderr) == (0, False), done.stderr
    (folder,) = left(tmp_path)
    assert done.stdout == f"{folder}\n"
    assert {path.name for path in folder.iterdir()} == {"a-program-0", "a-program-1"}


def test_a_build_that_fails_is_a_failure_and_leaves_no_programs(tmp_path: Path) -> None:
    failed = build(tmp_path, FAILING)
    assert (failed.returncode, failed.stdout) == (1, "")
    assert "no space left on device" in failed.stderr
    assert left(tmp_path) == []
