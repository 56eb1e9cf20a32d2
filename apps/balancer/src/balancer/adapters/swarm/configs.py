"""The revisions of the fleet as Swarm configs, which the managers keep in their raft log. A config never changes, and
no two have one name: the name of the next revision can be had once."""

from __future__ import annotations

import base64
import logging
import re
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from typing import Any

import docker
import requests
from docker.errors import APIError, DockerException, NotFound
from docker.utils import kwargs_from_env

from balancer.adapters.container_spec import DEPLOYMENT, ROLE
from balancer.core.errors import StateUnavailable, Superseded

_log = logging.getLogger(__name__)

_MOST = 1000 * 1024
"""Bytes: a config has less."""
_LONGEST_NAME = 64
"""Characters that the name of a config may have."""
_DIGITS = 12
"""Digits of a revision that fit into a name: one revision a second for thirty thousand years."""
_KEPT = 2
"""How many revisions are kept: the newest, and one in case that one is damaged."""
_CALL_TIMEOUT = 10
"""Seconds that one call to the engine may take. Managers without a majority let a call wait."""


class SwarmConfigs:
    """Revisions. The configs carry the label of the deployment and are named name_prefix + `ringmaster-state-` +
    deployment + `-` + number. The engine, a manager's, is the environment's."""

    def __init__(self, deployment: str, name_prefix: str) -> None:
        self._labels = {DEPLOYMENT: deployment, ROLE: "state"}
        self._base = shortened(f"{name_prefix}ringmaster-state-{deployment}", _LONGEST_NAME - len("-") - _DIGITS)
        self._connection: docker.APIClient | None = None

    def newest(self) -> tuple[int, bytes] | None:
        """The newest revision. Where its content is damaged, that of the one before stands for it. Where that one is
        damaged as well, the content is empty."""
        with _state_errors():
            present = self._present()
        for revision in sorted(present, reverse=True):
            try:
                return max(present), zlib.decompress(base64.b64decode(present[revision]["Spec"].get("Data") or ""))
            except (ValueError, zlib.error) as error:
                _log.error("state damaged", extra={"config": self._name(revision), "reason": str(error)})
        return (max(present), b"") if present else None

    def replace(self, expected: int, content: bytes) -> int:
        packed = zlib.compress(content)
        if len(packed) >= _MOST:
            raise StateUnavailable(
                f"the fleet cannot be saved: it has {len(packed)} bytes, packed, and a Swarm config less than {_MOST}"
            )
        revision = expected + 1
        with _state_errors():
            own = self._create(revision, packed)
            present = self._present()
            other = max(present.keys() - {revision}, default=0)
            # The configs between may have been swept, so that the name was free again. A number far beyond the newest
            # belongs to a fleet that somebody has replaced since, or to nobody: numbers would come to an end.
            if other > revision or 0 < other < expected - 1:
                self._remove(own)
                raise Superseded(f"another balancer has saved revision {other} of the fleet")
        for old in sorted(present.keys() - {revision}, reverse=True)[_KEPT - 1 :]:
            self._sweep(present[old]["ID"])
        return revision

    def close(self) -> None:
        """Ends the connection to the engine. The next call makes another one."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _create(self, revision: int, packed: bytes) -> str:
        """The id of the new config."""
        try:
            return str(self._api.create_config(self._name(revision), packed, labels=self._labels)["ID"])
        except APIError as error:
            if error.status_code != requests.codes.conflict:
                raise
            newest = max(self._present(), default=0)
            if newest < revision:
                raise StateUnavailable(
                    f"the fleet cannot be saved: there is a config named {self._name(revision)} without the labels of "
                    "this deployment"
                ) from error
            raise Superseded(f"another balancer has saved revision {newest} of the fleet") from error

    def _present(self) -> dict[int, Mapping[str, Any]]:
        """revision → config, for all of this deployment."""
        labels = [f"{label}={value}" for label, value in self._labels.items()]
        pattern = re.compile(re.escape(self._base) + r"-([1-9][0-9]*)")
        found: dict[int, Mapping[str, Any]] = {}
        for config in self._api.configs(filters={"label": labels}):
            if matched := pattern.fullmatch(config["Spec"]["Name"]):
                found[int(matched[1])] = config
        return found

    def _sweep(self, config: str) -> None:
        """Removes an old revision. Where that cannot be done now, a later save does it."""
        try:
            self._remove(config)
        except (DockerException, requests.RequestException, OSError) as error:
            _log.warning("old state not removed yet", extra={"config": config, "reason": str(error)})

    def _remove(self, config: str) -> None:
        try:
            self._api.remove_config(config)
        except NotFound:
            return

    def _name(self, revision: int) -> str:
        return f"{self._base}-{revision}"

    @property
    def _api(self) -> Any:
        """The connection to the engine: a docker.APIClient, whose calls for configs have no types. It is made at the
        first call, so that the balancer starts without an engine."""
        if self._connection is None:
            self._connection = docker.APIClient(**kwargs_from_env(), version="auto", timeout=_CALL_TIMEOUT)
        return self._connection


def shortened(name: str, most: int) -> str:
    """The name, with at most so many characters. A long one ends with a digest of its whole, so that no two are
    alike."""
    if len(name) <= most:
        return name
    digest = sha256(name.encode()).hexdigest()[:12]
    return f"{name[: most - len(digest) - 1]}-{digest}"


@contextmanager
def _state_errors() -> Iterator[None]:
    """Raises every error of the Docker library, the connection and the engine as StateUnavailable."""
    try:
        yield
    except APIError as error:
        raise StateUnavailable(f"Docker Swarm does not keep the fleet now: {error.explanation or error}") from error
    except (DockerException, requests.RequestException, OSError) as error:
        raise StateUnavailable(f"Docker Swarm does not keep the fleet now: {error}") from error
