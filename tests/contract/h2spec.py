"""h2spec, a client that tries a server's HTTP/2 against the RFCs. It is built from its sources where it is missing."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path
from xml.etree import ElementTree

from tests.deployment import PROJECT


def h2spec(host: str, port: int, *options: str) -> set[str]:
    """The cases that failed, each with its section before it. The counts are printed."""
    built = subprocess.run([PROJECT / "tests/h2spec/build.sh"], capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        address = ["--host", host, "--port", str(port), "--path", "/home"]
        command = [built.stdout.strip(), *address, "--timeout", "2", "--junit-report", str(report), *options]
        ran = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert report.exists(), ran.stdout + ran.stderr
        cases = ElementTree.parse(report).iter("testcase")  # noqa: S314 (it comes from h2spec)
    print(ran.stdout.partition("Failures:")[2] or ran.stdout.strip().splitlines()[-1])  # noqa: T201 (for the log)
    return {
        f"{case.get('package')} {case.get('classname')}"
        for case in cases
        if case.find("failure") is not None or case.find("error") is not None
    }
