"""The answers that are fixed in HAProxy's program, replaced in a file that has such texts."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.deployment import PROJECT

SCRIPT = PROJECT / "infra" / "terraform" / "modules" / "ringmaster" / "modules" / "edge" / "image" / "own-answers"
HEADERS = "Content-length: 90\r\nCache-Control: no-cache\r\nConnection: close\r\nContent-Type: text/html\r\n\r\n"
HTML = "<html><body><h1>400 Bad request</h1>\nYour browser sent an invalid request.\n</body></html>\n"


def fixed(status: str, headers: str = HEADERS, html: str = HTML) -> bytes:
    return f"before\0HTTP/1.1 {status} Bad request\r\n{headers}{html}\0after".encode()


def replaced(path: Path, program: bytes) -> subprocess.CompletedProcess[str]:
    path.write_bytes(program)
    path.chmod(0o755)
    return subprocess.run([SCRIPT, path], capture_output=True, text=True, check=False)


def test_a_text_becomes_json_of_the_same_length(tmp_path: Path) -> None:
    program = tmp_path / "haproxy"
    assert replaced(program, fixed("400")).returncode == 0
    text = program.read_bytes()
    assert len(text) == len(fixed("400"))
    assert (text[:7], text[-6:]) == (b"before\0", b"\0after")
    head, _, body = text[7:-6].rstrip(b"\0").partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 Bad request\r\n")
    assert b"Content-Length: %d\r\n" % len(body) in head
    assert json.loads(body)["status"] == "failure"
    assert program.stat().st_mode & 0o777 == 0o755


def test_other_texts_stay_as_they_are(tmp_path: Path) -> None:
    program = tmp_path / "haproxy"
    for text in (fixed("404"), fixed("400", html="bad\n"), b"HTTP/1.1 400 Bad request"):
        assert replaced(program, text).returncode == 0
        assert program.read_bytes() == text


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (fixed("400", headers="Connection: close\r\n\r\n"), "bytes too few"),
        (fixed("400", html=f"<!doctype html>{HTML}"), "in another form"),
        (fixed("408", headers="\r\n"), "in another form"),
    ],
)
def test_a_text_that_cannot_be_replaced_ends_the_build(tmp_path: Path, text: bytes, why: str) -> None:
    program = tmp_path / "haproxy"
    done = replaced(program, text)
    assert done.returncode != 0
    assert why in done.stderr
    assert program.read_bytes() == text
