"""The runtime and the images of the keeper: each call is a connection to its unix socket, with one JSON line."""

from __future__ import annotations

import json
import socket
from base64 import b64decode, b64encode
from collections.abc import Collection, Generator, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from balancer.adapters.shared_look import SharedLook
from balancer.core import errors
from balancer.core.errors import EngineUnavailable, RingmasterError, StateUnavailable
from balancer.core.fleet import Server
from balancer.core.heartbeat import Heartbeat
from balancer.core.image import Image, Progress
from balancer.core.observed import Observed
from balancer.core.release import Release

_ACCEPT_TIMEOUT = 3.0
"""Seconds that the keeper may take to accept a call."""
_SILENCE = 120.0
"""Seconds that it may then be silent."""
_OTHER_SILENCES: Mapping[str, float | None] = {
    "observe": 40.0,  # One call to the engine, which has 30 s. The failover waits for it.
    "stop": 3600.0 + _SILENCE,  # The longest stop_timeout, and the calls around it.
    "engine_events": None,  # There may be none for any time.
}
_KINDS: dict[str, type[RingmasterError]] = {
    kind.__name__: kind
    for kind in (
        errors.NameTaken,
        errors.StartFailed,
        errors.ImageMissing,
        errors.PullFailed,
        errors.StateUnavailable,
        errors.Superseded,
    )
}
"""The errors of the ports. Whatever else the keeper answers is EngineUnavailable."""


class KeeperClient:
    """A ContainerRuntime, an Images, and beside them a LocalEngine on one host and Revisions on several. `path`: of the
    socket. `name`: the keeper's, for advice; `is_service`: it is that of a Swarm's service, else of a container.

    The keeper does not begin a call whose caller has gone, so that a call that was given up happens never."""

    def __init__(self, path: Path, *, name: str, is_service: bool = False) -> None:
        self._path = path
        of_a_container = f"docker start {name}; docker unpause {name}; docker logs {name}"
        of_a_service = f"docker service ps {name}; docker service update --force {name}"
        self._advice = of_a_service if is_service else of_a_container
        self._observed = SharedLook(self._observe)
        self._seen: dict[str, tuple[dict[str, Any], Observed]] = {}
        """instance → what the keeper told of its container at the last look, and what that means."""

    def start(self, server: Server, release: Release, *, avoid: Collection[str] = ()) -> None:
        who = {name: getattr(server, name) for name in ("hostname", "ring_id", "rolled", "generation")}
        what = {"number": release.number, "content": release.content, **release.document()}
        self._call("start", server=who, release=what, avoid=sorted(avoid))

    def observe(self) -> dict[str, Observed]:
        return self._observed()

    def _observe(self) -> dict[str, Observed]:
        """Of most containers the keeper tells the same as before: what it means is made once."""
        seen, self._seen = self._seen, {}
        for instance, told in self._call("observe").items():
            known = seen.get(instance)
            self._seen[instance] = known if known and known[0] == told else (told, _observed(told))
        return {instance: observed for instance, (_, observed) in self._seen.items()}

    def rename(self, instance: str, name: str) -> None:
        self._call("rename", instance=instance, name=name)

    def stop(self, instance: str) -> None:
        self._call("stop", instance=instance)

    def kill(self, instance: str, container: str = "") -> None:
        self._call("kill", instance=instance, container=container)

    def is_stopped(self, instance: str) -> bool:
        return bool(self._call("is_stopped", instance=instance))

    def engine_events(self) -> Iterator[str]:
        yield from map(str, self._results("engine_events"))

    def last_output(self, instance: str) -> str:
        return str(self._call("last_output", instance=instance))

    def find(self, name: str) -> Image | None:
        found = self._call("find", name=name)
        return found and Image(**found)

    def pull(self, name: str) -> Generator[Progress]:
        for progress in self._results("pull", name=name):
            yield Progress(**progress)

    def newest(self) -> tuple[int, bytes] | None:
        with _state_errors():
            found = self._call("newest")
        return found and (found["revision"], b64decode(found["content"]))

    def replace(self, expected: int, content: bytes) -> int:
        with _state_errors():
            return int(self._call("replace", expected=expected, content=b64encode(content).decode()))

    def _call(self, verb: str, **fields: object) -> Any:
        (result,) = self._results(verb, **fields)
        return result

    def _results(self, verb: str, **fields: object) -> Generator[Any]:
        """The results of a call as they come. Raises the keeper's error."""
        with socket.socket(socket.AF_UNIX) as connection:
            try:
                connection.settimeout(_ACCEPT_TIMEOUT)
                connection.connect(str(self._path))
                connection.sendall(json.dumps({"verb": verb, **fields}).encode() + b"\n")
                with connection.makefile("rb") as answer:
                    _next(answer)
                    connection.settimeout(_OTHER_SILENCES.get(verb, _SILENCE))
                    while not (line := _next(answer)).get("end"):
                        yield line["result"]
            except (OSError, ValueError, KeyError) as error:
                raise EngineUnavailable(f"the keeper does not answer ({error}); try: {self._advice}") from error


@contextmanager
def _state_errors() -> Iterator[None]:
    """A keeper that does not answer keeps no state either."""
    try:
        yield
    except EngineUnavailable as error:
        raise StateUnavailable(str(error)) from error


def _next(answer: BinaryIO) -> dict[str, Any]:
    """The next line of an answer. Raises the error that it tells of; OSError or ValueError where it breaks off."""
    line = answer.readline()
    if not line:
        raise ConnectionError("it hung up")
    told: dict[str, Any] = json.loads(line)
    if "error" in told:
        raise _KINDS.get(told["error"], EngineUnavailable)(told["text"])
    return told


def _observed(told: dict[str, Any]) -> Observed:
    heartbeat = told["heartbeat"]
    return Observed(**{**told, "heartbeat": heartbeat and Heartbeat(**heartbeat)})
