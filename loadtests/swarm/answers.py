"""What an answer has to say, and under which name locust counts it. Pure."""

from __future__ import annotations

GREETING = "Hello from Server: {server}"
"""What the sample server answers at /home."""
_BY = " by "


def expected_text(given: str | None, *, path: str, server: str) -> str:
    """`given`: --text, or None; `server`: who signed the answer, put where it says {server}. Empty: all are right."""
    if given is None:
        given = GREETING if path == "/home" else ""
    return given.replace("{server}", server)


def name_of(path: str, server: str) -> str:
    """locust's name of a request that this server answered: its statistics tell servers apart."""
    return f"{path}{_BY}{server}" if server else path


def server_of(name: str) -> str:
    """Empty where no server answered."""
    return name.partition(_BY)[2]
