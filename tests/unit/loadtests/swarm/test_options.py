"""What the command line takes, and how it says no."""

from __future__ import annotations

from argparse import ArgumentTypeError
from pathlib import Path

import pytest

from loadtests.swarm.options import READERS as READ
from loadtests.swarm.options import number, paths, url, writable


@pytest.mark.parametrize("text", ["", "ten", "1e3", "2.5", "0", "-1", "1000001"])
def test_a_number_of_keys_is_whole_and_in_range(text: str) -> None:
    with pytest.raises(ArgumentTypeError, match="write a whole number, from 1 to 1000000"):
        READ["keys"](text)


@pytest.mark.parametrize("text", ["nan", "inf", "-0.1", "1.01", "half"])
def test_a_ratio_is_a_number_in_range(text: str) -> None:
    with pytest.raises(ArgumentTypeError, match="write a number, from 0 to 1"):
        number(float, 0, 1)(text)


def test_a_number_without_an_upper_limit_is_finite_all_the_same() -> None:
    assert READ["requests"]("123456789") == 123_456_789
    with pytest.raises(ArgumentTypeError, match="write a number, 1 or more"):
        number(float, 1)("inf")


def test_what_is_right_is_read() -> None:
    assert [number(int, 1)("10"), number(float, 0)("0"), READ["zipf"]("1.1")] == [10, 0.0, 1.1]


@pytest.mark.parametrize("text", ["127.0.0.1:5001", "localhost", "ftp://127.0.0.1", "http://", ""])
def test_a_url_has_a_scheme_and_a_host(text: str) -> None:
    with pytest.raises(ArgumentTypeError, match=r"write it as http://127\.0\.0\.1:5001"):
        url(text)


def test_a_urls_last_slash_is_none() -> None:
    assert url("http://127.0.0.1:5001/") == "http://127.0.0.1:5001"


def test_a_file_is_in_a_folder_that_exists(tmp_path: Path) -> None:
    assert writable(str(tmp_path / "servers.json")) == str(tmp_path / "servers.json")
    for wrong in (tmp_path, tmp_path / "missing" / "servers.json"):
        with pytest.raises(ArgumentTypeError, match="in a folder that exists"):
            writable(str(wrong))


def test_neither_the_token_nor_where_it_is_sent_is_on_the_page() -> None:
    assert list(READ) == ["path", "keys", "zipf", "rate", "requests"]


def test_paths_begin_with_a_slash() -> None:
    assert [paths("/"), paths("/home,/echo?a=1")] == ["/", "/home,/echo?a=1"]
    for wrong in ("", "home", "/a,b", "/a b", "http://127.0.0.1/"):
        with pytest.raises(ArgumentTypeError, match="is no path: write it as /home"):
            paths(wrong)
