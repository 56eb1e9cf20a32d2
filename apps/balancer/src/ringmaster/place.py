"""The place of a balancer: its URL or socket, and the token. From options, the environment or a file, in this order."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ringmaster.errors import Misconfigured

DEFAULT_URL = "http://127.0.0.1:5001"
CONTROL_SOCKET = Path("/run/ringmaster/control.sock")
"""Where the balancer listens behind an edge, in its own container."""
OF_THE_SOCKET = "http://localhost"
"""The URL of requests over the socket. Nothing is resolved."""

_FIELDS = ("url", "token_file", "ca")


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What the command line says. None for what it leaves out."""

    url: str | None = None
    token_file: str | None = None
    ca: str | None = None
    as_json: bool = False

    def over(self, other: Given) -> Given:
        """This, and where it leaves something out, the other."""
        return Given(
            url=self.url or other.url,
            token_file=self.token_file or other.token_file,
            ca=self.ca or other.ca,
            as_json=self.as_json or other.as_json,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """`socket` is empty where the balancer is asked over a network. `token`, `ca`: empty for none."""

    url: str = DEFAULT_URL
    socket: str = ""
    token: str = field(default="", repr=False)
    ca: str = ""


def find(given: Given, environment: Mapping[str, str], *, socket: Path = CONTROL_SOCKET) -> Place:
    """The place that the user means. Raises Misconfigured."""
    saved = _saved(_config_file(environment))
    url = given.url or environment.get("RINGMASTER_URL") or saved.get("url")
    ca = given.ca or saved.get("ca") or ""
    token = _token(given, environment, saved)
    if url is None and socket.is_socket():
        return Place(url=OF_THE_SOCKET, socket=str(socket), token=token)
    return Place(url=_checked(url or DEFAULT_URL), token=token, ca=_readable(ca))


def _config_file(environment: Mapping[str, str]) -> Path | None:
    folder = environment.get("XDG_CONFIG_HOME")
    if folder:
        return Path(folder) / "ringmaster" / "config.toml"
    home = environment.get("HOME")
    return Path(home) / ".config" / "ringmaster" / "config.toml" if home else None


def _saved(file: Path | None) -> dict[str, str]:
    try:
        document: dict[str, Any] = tomllib.loads(file.read_text(encoding="utf-8")) if file else {}
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, ValueError) as error:
        raise Misconfigured(f"{file} cannot be read: {error}") from None
    for name, value in document.items():
        if name not in _FIELDS or not isinstance(value, str):
            raise Misconfigured(f"{file}: {name} is not one of {', '.join(_FIELDS)}, each a text in quotes")
    return document


def _token(given: Given, environment: Mapping[str, str], saved: Mapping[str, str]) -> str:
    if not given.token_file and (told := environment.get("RINGMASTER_TOKEN")):
        return _fit(told, "RINGMASTER_TOKEN")
    name = given.token_file or saved.get("token_file")
    if not name:
        return ""
    try:
        return _fit(Path(name).expanduser().read_text(encoding="utf-8").strip(), name)
    except (OSError, ValueError) as error:
        raise Misconfigured(f"the token file {name} cannot be read: {error}") from None


def _fit(token: str, where: str) -> str:
    if not token or not token.isascii() or not token.isprintable() or " " in token:
        raise Misconfigured(f"{where} holds no token: write the token alone, in one line")
    return token


def _checked(url: str) -> str:
    try:
        parts = urlsplit(url)
        is_fit = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        is_fit = False
    if not is_fit or parts.username is not None or parts.query or parts.fragment:
        raise Misconfigured(f"{url} is no URL of a control port: write one such as {DEFAULT_URL}")
    return url.rstrip("/")


def _readable(ca: str) -> str:
    if ca and not Path(ca).expanduser().is_file():
        raise Misconfigured(f"the file of certificates {ca} is not there")
    return str(Path(ca).expanduser()) if ca else ""
