from __future__ import annotations

import socket
from pathlib import Path

import pytest

from ringmaster.errors import Misconfigured
from ringmaster.place import DEFAULT_URL, Given, Place, find

NOWHERE = Path("/nonexistent/control.sock")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / ".config" / "ringmaster").mkdir(parents=True)
    return tmp_path


def configured(home: Path, text: str) -> dict[str, str]:
    (home / ".config" / "ringmaster" / "config.toml").write_text(text)
    return {"HOME": str(home)}


def test_without_anything_it_is_the_usual_port() -> None:
    assert find(Given(), {}, socket=NOWHERE) == Place(url=DEFAULT_URL)


def test_an_option_goes_before_the_environment_and_that_before_the_file(home: Path) -> None:
    environment = configured(home, 'url = "http://file:1"')
    assert find(Given(), environment, socket=NOWHERE).url == "http://file:1"
    environment["RINGMASTER_URL"] = "http://environment:1/"
    assert find(Given(), environment, socket=NOWHERE).url == "http://environment:1"
    assert find(Given(url="https://option:1"), environment, socket=NOWHERE).url == "https://option:1"


def test_a_token_comes_from_a_file_or_the_environment(home: Path) -> None:
    (home / "option").write_text("of-the-option\n")
    (home / "file").write_text("of-the-file")
    environment = configured(home, f'token_file = "{home}/file"')
    assert find(Given(), environment, socket=NOWHERE).token == "of-the-file"
    environment["RINGMASTER_TOKEN"] = "of-the-environment"
    assert find(Given(), environment, socket=NOWHERE).token == "of-the-environment"
    assert find(Given(token_file=str(home / "option")), environment, socket=NOWHERE).token == "of-the-option"


def test_what_a_place_looks_like_shows_no_token() -> None:
    assert "secret" not in repr(Place(token="secret"))


def test_the_socket_is_taken_where_it_is_there_and_nothing_else_is_said(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        assert find(Given(), {}, socket=path).socket == str(path)
        assert find(Given(url="http://127.0.0.1:1"), {}, socket=path).socket == ""
        assert find(Given(), {"RINGMASTER_URL": "http://127.0.0.1:1"}, socket=path).socket == ""


def test_another_folder_for_the_file(home: Path) -> None:
    configured(home, 'url = "http://file:1"')
    assert find(Given(), {"XDG_CONFIG_HOME": str(home / ".config")}, socket=NOWHERE).url == "http://file:1"


@pytest.mark.parametrize(
    "url",
    ["ring.example", "ftp://ring.example", "http://", "http://a:b@ring.example", "http://ring:99999", "http://a/?b"],
)
def test_what_is_no_url_of_a_control_port(url: str) -> None:
    with pytest.raises(Misconfigured, match="is no URL of a control port: write one such as"):
        find(Given(url=url), {}, socket=NOWHERE)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("url = 1", "url is not one of url, token_file, ca"),
        ('token = "secret"', "token is not one of url, token_file, ca"),
        ("url", "cannot be read"),
    ],
)
def test_a_broken_file_is_told_with_its_name(home: Path, text: str, reason: str) -> None:
    with pytest.raises(Misconfigured, match=reason) as error:
        find(Given(), configured(home, text), socket=NOWHERE)
    assert "config.toml" in str(error.value)
    assert "secret" not in str(error.value)


@pytest.mark.parametrize("text", ["", "two words", "two\nlines", "ümlaut"])
def test_what_is_no_token_is_told_without_it(home: Path, text: str) -> None:
    (home / "token").write_text(text)
    with pytest.raises(Misconfigured, match="holds no token") as error:
        find(Given(token_file=str(home / "token")), {}, socket=NOWHERE)
    assert not text or text not in str(error.value)


def test_a_file_that_is_missing_is_told() -> None:
    with pytest.raises(Misconfigured, match="the token file /nonexistent/token cannot be read"):
        find(Given(token_file="/nonexistent/token"), {}, socket=NOWHERE)
    with pytest.raises(Misconfigured, match="the file of certificates /nonexistent/ca is not there"):
        find(Given(ca="/nonexistent/ca"), {}, socket=NOWHERE)
