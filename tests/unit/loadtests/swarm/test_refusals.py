"""What is refused before anything runs."""

from __future__ import annotations

import socket
from argparse import Namespace

import pytest

from loadtests.swarm import refusals
from loadtests.swarm.target import Target

HERE = "http://127.0.0.1:5000"
TARGET = Target(HERE, "http://127.0.0.1:5001")
ONE, ALL = ["Steps"], ["Spike", "Steps", "Wave"]


def given(**others: object) -> Namespace:
    return Namespace(**{"requests": 0, "headless": False, "class_picker": False} | others)


@pytest.mark.parametrize(
    ("options", "alone", "shapes"),
    [
        ({}, True, []),
        ({}, False, ONE),
        ({"requests": 5}, True, ONE),
        ({"class_picker": True}, True, ALL),
    ],
)
def test_what_goes_together(options: dict[str, object], alone: bool, shapes: list[str]) -> None:
    assert refusals.command_line(given(**options), alone=alone, shapes=shapes) == ""


def test_a_countdown_is_for_one_process() -> None:
    assert refusals.command_line(given(requests=5), alone=False, shapes=[]).startswith("--requests is counted in one")


@pytest.mark.parametrize("options", [{}, {"headless": True}, {"headless": True, "class_picker": True}])
def test_several_shapes_are_for_picking_on_the_page(options: dict[str, object]) -> None:
    said = refusals.command_line(given(**options), alone=True, shapes=ALL)
    assert said.startswith("one load shape at a time, not Spike, Steps, Wave: name one")


def test_a_port_that_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert refusals.port("127.0.0.1", port) == (
            f"the web page cannot have port {port}, address already in use: say another one, --web-port"
        )
    assert refusals.port("127.0.0.1", port) == ""


def test_a_form_as_the_page_sends_it() -> None:
    fields = {"host": HERE, "user_count": "5", "keys": "100", "zipf": "1.2", "requests": "0"}
    assert refusals.form(fields, target=TARGET, given_for=HERE, alone=True) == ""
    assert refusals.form({}, target=TARGET, given_for=HERE, alone=True) == ""


@pytest.mark.parametrize(("field", "value"), [("keys", "0"), ("zipf", "-1"), ("requests", "many"), ("requests", "")])
def test_a_form_with_a_wrong_number_names_the_field(field: str, value: str) -> None:
    assert refusals.form({field: value}, target=TARGET, given_for=HERE, alone=True).startswith(f"{field}: ")


def test_requests_are_not_counted_where_there_are_workers() -> None:
    said = refusals.form({"requests": "100"}, target=TARGET, given_for=HERE, alone=False)
    assert said.startswith("requests: counted in one process only")
    assert refusals.form({"requests": "0"}, target=TARGET, given_for=HERE, alone=False) == ""


def test_a_token_goes_nowhere_but_where_the_command_line_says() -> None:
    """Any page in the same browser can send the form."""
    elsewhere = Target("http://192.0.2.1", TARGET.control_url, "secret")
    assert refusals.form({}, target=elsewhere, given_for=HERE, alone=True) == (
        f"the token was given for {HERE}: start locust anew with --host http://192.0.2.1"
    )
    assert refusals.form({}, target=Target(HERE, TARGET.control_url, "secret"), given_for=HERE, alone=True) == ""
