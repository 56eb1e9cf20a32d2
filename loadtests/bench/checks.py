"""Whether contestants do what all have promised: keyed answers, kept connections, requests repeated elsewhere."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus

import urllib3

from loadtests.bench.arena import Entrant, address
from loadtests.bench.contestants import PORT
from tests.containers import run_in
from tests.http_client import ask
from tests.polling import until
from tests.system import System

_CHECKED_KEYS = [f"user-{number}" for number in range(1, 101)]
_NGINX = ("nginx", "-e", "stderr", "-c", "/tmp/server.conf")  # noqa: S108 (a path in the container)
_BACK_WITHIN = 20.0
"""Seconds until all use a server again that was away."""

Homes = Mapping[str, str]
"""Key → the server that answers it."""


class WrongAnswer(Exception):
    """A contestant does not do what it shall: its figures would mean nothing."""


def check(entrants: Sequence[Entrant]) -> Mapping[str, Homes]:
    """Keys stay with a server, and all servers have some. Where a server closes the connection instead of answering, or
    is not there, a GET is answered by another one; a POST that a server has got is not repeated. Raises WrongAnswer;
    else returns name → its homes."""
    found = {entrant.name: _homes(entrant) for entrant in entrants}
    for servers in {entrant.servers.deployment: entrant.servers for entrant in entrants}.values():
        those = [entrant for entrant in entrants if entrant.servers is servers and entrant.name != "direct"]
        for promise in (_check_empty_answers, _check_refused_connections):
            promise(those, servers, found)
            for entrant in those:
                _wait_until_back(entrant, found[entrant.name])
    return found


def check_again(entrant: Entrant, before: Homes) -> None:
    """Raises WrongAnswer where a key has another server than before."""
    now = _answers(entrant)
    moved = [key for key in now if now[key] != before[key]]
    if moved:
        raise WrongAnswer(f"{entrant.name}: {len(moved)} of {len(now)} keys changed their server, such as {moved[0]}")


def connections(servers: System) -> int:
    """How many connections the servers were asked to open so far."""
    told = [
        ask("GET", f"http://{address(container)}:{PORT}", "/connections").text
        for container in servers.containers.servers.values()
    ]
    return sum(int(re.findall(r"\d+", text)[1]) for text in told)


def _homes(entrant: Entrant) -> Homes:
    """Health checks let a server in only after it has passed one."""
    expected = set(entrant.servers.replicas[:1] if entrant.name == "direct" else entrant.servers.replicas)
    within = _BACK_WITHIN
    until(lambda: set(_answers(entrant).values()) == expected, f"{entrant.name} uses {sorted(expected)}", within=within)
    found = _answers(entrant)
    check_again(entrant, found)
    return found


def _answers(entrant: Entrant) -> Homes:
    with urllib3.HTTPConnectionPool(entrant.host, PORT, maxsize=1, retries=False, timeout=10) as pool:
        return {key: _server(entrant, pool.request("GET", "/home", headers={"X-User": key})) for key in _CHECKED_KEYS}


def _server(entrant: Entrant, answer: urllib3.BaseHTTPResponse) -> str:
    if answer.status != HTTPStatus.OK:
        raise WrongAnswer(f"{entrant.name} answers {answer.status}: {answer.data[:200]!r}")
    try:
        return str(json.loads(answer.data)["message"]).removeprefix("Hello from Server: ")
    except (ValueError, KeyError, TypeError) as error:
        raise WrongAnswer(f"{entrant.name} answers what no server says: {answer.data[:200]!r}") from error


def _check_empty_answers(entrants: Sequence[Entrant], servers: System, before: Mapping[str, Homes]) -> None:
    """With two different servers: after one failure a contestant may know better than to ask the same one again."""
    broken, other = servers.replicas[:2]
    for entrant in entrants:
        homes = before[entrant.name]
        post = _ask(entrant, "POST", "/empty", _key_of(homes, other), broken=other)
        if post.status < HTTPStatus.INTERNAL_SERVER_ERROR:
            raise WrongAnswer(f"{entrant.name} repeats a POST that a server has got: {post.status}")
        server = _server(entrant, _ask(entrant, "GET", "/empty", _key_of(homes, broken), broken=broken))
        if server == broken:
            raise WrongAnswer(f"{entrant.name}: {server} has answered what it should have broken off")


def _check_refused_connections(entrants: Sequence[Entrant], servers: System, before: Mapping[str, Homes]) -> None:
    """Each is asked once, at once: before health checks can have told it."""
    gone = servers.replicas[-1]
    container = servers.containers.server(gone)
    run_in(container, *_NGINX, "-s", "stop")
    try:
        for entrant in entrants:
            server = _server(entrant, _ask(entrant, "GET", "/home", _key_of(before[entrant.name], gone)))
            if server == gone:
                raise WrongAnswer(f"{entrant.name}: {gone} answers though it was stopped")
    finally:
        container.exec_run(list(_NGINX), detach=True)


def _wait_until_back(entrant: Entrant, before: Homes) -> None:
    def is_back() -> bool:
        return _answers(entrant) == before

    until(is_back, f"{entrant.name} uses all its servers again", within=_BACK_WITHIN)


def _ask(entrant: Entrant, method: str, path: str, key: str, broken: str = "") -> urllib3.BaseHTTPResponse:
    headers = {"X-User": key, "X-Break": broken}
    with urllib3.HTTPConnectionPool(entrant.host, PORT, retries=False, timeout=10) as pool:
        return pool.request(method, path, headers=headers)


def _key_of(homes: Homes, server: str) -> str:
    return next(key for key, home in homes.items() if home == server)
