"""Targets of every form, as paths."""

from __future__ import annotations

import pytest

from balancer.core.request_target import origin_form


@pytest.mark.parametrize(
    ("target", "path"),
    [
        ("/", "/"),
        ("/%61dd?x=http://y/rep", "/%61dd?x=http://y/rep"),
        ("//add", "//add"),
        ("http://x/add?y", "/add?y"),
        ("https://user@x:81//add", "//add"),
        ("http:///add", "/add"),
        ("http://x", "/"),
        ("http://x?y=/add", "/?y=/add"),
        ("http://x#/add", "/#/add"),
        ("*", "/"),
        ("x:/add?://y/rep", "/"),
        ("add?://y/rep", "/"),
        ("x:/add", "/"),
        ("", "/"),
    ],
)
def test_a_target_as_a_path(target: str, path: str) -> None:
    assert origin_form(target) == path
