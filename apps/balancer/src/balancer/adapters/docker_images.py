"""The images on a Docker engine. Every pull has its own connection, so that no other call waits for it."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import closing
from typing import Any

import docker
import requests
from docker.errors import APIError, NotFound
from docker.utils import kwargs_from_env

from balancer.adapters.engine_errors import engine_errors
from balancer.adapters.image_pull import ImagePull, Layers
from balancer.adapters.registry_config import RegistryConfig
from balancer.core.errors import InvalidRequest, PullFailed
from balancer.core.image import Image, Progress
from balancer.core.registry_credentials import hidden

_CALL_TIMEOUT = 30
"""Seconds that a call other than a pull may take."""
_SILENCE = 1.0
"""Seconds without news after which the present progress is told again."""


class DockerImages:
    """The Images of the engine at DOCKER_HOST. `config`: the credentials for registries."""

    def __init__(self, config: RegistryConfig) -> None:
        self._config = config

    def find(self, name: str) -> Image | None:
        return self.look(name)[0]

    def look(self, name: str) -> tuple[Image | None, tuple[str, ...]]:
        """The image, as `find` finds it, and all names and digests that the engine has for it."""
        with engine_errors():
            try:
                with closing(_connection()) as api:
                    found = api.inspect_image(name)  # type: ignore[no-untyped-call]
                names = [*(found.get("RepoTags") or ()), *(found.get("RepoDigests") or ())]
                return _image(name, found), tuple(name for name in names if not name.startswith("<none>"))
            except NotFound:
                return None, ()
            except APIError as error:
                if error.status_code != requests.codes.bad_request:
                    raise
                raise PullFailed(f"{name} cannot be found: {error.explanation}") from error

    def pull(self, name: str) -> Generator[Progress]:
        try:
            credentials = self._config.credentials(name)
        except InvalidRequest as error:
            raise PullFailed(f"registry_config: {error}") from error
        layers = Layers()
        with engine_errors(), closing(_connection()) as api, closing(ImagePull(api, name, credentials)) as pull:
            yield layers.progress
            while (news := pull.news(within=_SILENCE)) is not None:
                for message in news:
                    _raise_failure(name, message, credentials)
                    layers.note(message)
                yield layers.progress


def _connection() -> docker.APIClient:
    return docker.APIClient(**kwargs_from_env(), version="auto", timeout=_CALL_TIMEOUT)


def _raise_failure(name: str, message: Mapping[str, Any], credentials: Mapping[str, str]) -> None:
    """Raises PullFailed where the engine's message tells of a failure. It is the stream's own, or that of an answer
    without a stream."""
    detail = message.get("errorDetail") or {}
    reason = detail.get("message") or message.get("error") or message.get("message")
    if reason:
        raise PullFailed(f"{name} cannot be pulled: {hidden(str(reason), credentials)}")


def _image(name: str, found: Mapping[str, Any]) -> Image:
    """The digest is the one of the name's repository where there are several."""
    digests = [digest for digest in found.get("RepoDigests") or () if not digest.startswith("<none>")]
    repository = docker.utils.parse_repository_tag(name.partition("@")[0])[0]
    digests.sort(key=lambda digest: digest.partition("@")[0] != repository)
    return Image(found["Id"], digests[0] if digests else "")
