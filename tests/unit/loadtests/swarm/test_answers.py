"""What an answer has to say, and the names under which locust counts requests."""

from __future__ import annotations

import pytest

from loadtests.swarm.answers import expected_text, name_of, server_of


@pytest.mark.parametrize(
    ("given", "path", "server", "text"),
    [
        (None, "/home", "S1", "Hello from Server: S1"),
        (None, "/home", "", "Hello from Server: "),
        (None, "/", "S1", ""),
        ("", "/home", "S1", ""),
        ("I am {server}", "/who", "S1", "I am S1"),
    ],
)
def test_the_sample_server_says_who_it_is_and_other_images_what_they_are_said_to(
    given: str | None, path: str, server: str, text: str
) -> None:
    assert expected_text(given, path=path, server=server) == text


@pytest.mark.parametrize("server", ["S1", "by", ""])
def test_the_server_is_found_again_in_the_name(server: str) -> None:
    assert server_of(name_of("/a by-way?x=by", server)) == server
