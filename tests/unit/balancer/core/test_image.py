"""What a name of an image may look like, and how a pull tells how far it is."""

from __future__ import annotations

import pytest

from balancer.core.image import Progress, is_id, is_name

ID = "0a" * 32


@pytest.mark.parametrize(
    "name",
    [
        "app",
        "app:1.2",
        "app:latest_RC-1",
        "team/app_one/two--three:1",
        "registry.example/app",
        "registry.example:5000/team/app:1@sha256:" + ID,
        "127.0.0.1:5000/app:1",
        "[::1]:5000/app",
        "localhost/app",
        "HOST/app",
        "sha256:" + ID,
        ID,
    ],
)
def test_a_name(name: str) -> None:
    assert is_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        " app",
        "app ",
        "app\n",
        "App",
        "app:",
        "app:.1",
        "app:" + "1" * 129,
        "app@sha256:0a",
        "a//b",
        "/app",
        "app/",
        "-app",
        "a..b",
        "https://registry.example/app",
        "user:password@registry.example/app",
        "app?tag=1",
        "app&fromSrc=-",
        "a" * 513,
    ],
)
def test_no_name(name: str) -> None:
    assert not is_name(name)


@pytest.mark.parametrize(
    ("text", "expected"), [("sha256:" + ID, True), (ID, True), ("0a" * 6, False), ("app@sha256:" + ID, False)]
)
def test_an_id_is_whole(text: str, expected: bool) -> None:
    assert is_id(text) is expected


def test_progress_in_words() -> None:
    assert str(Progress()) == "the registry has not begun to answer"
    assert str(Progress(5, 2, 31_000_000, 12_340_000)) == "2 of 5 layers, 12.3 of 31.0 MB"
